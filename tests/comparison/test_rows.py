"""The comparison's rows: their contents, and what is read off the course of training."""

from pathlib import Path

from genmodels.comparison import Run, rows
from genmodels.runs import Point
from tests.support import tiny


def courses() -> dict[str, dict]:
    """As in a report.json, where a point is a list."""
    return {
        "real": {"title": "real images"},
        "vae": {"training": {"history": [[10, 1.0, 40.0], [20, 2.0, 30.0], [30, 3.0, 31.0]]}},
        "wae_mmd": {"training": {"history": [[10, 5.0, 29.0], [20, 9.0, 25.0]]}},
        "improved_wae_mmd": {"title": "improved WAE-MMD"},
        "introvae": {"training": {"history": []}},  # stopped before it first measured the test RMSE
    }


def test_time_to_the_error_that_all_reached():
    found = courses()
    assert rows.add_time_to_target(found) == 30.0
    assert found["vae"]["training"]["to_target"] == 2.0
    assert found["wae_mmd"]["training"]["to_target"] == 5.0
    assert "to_target" not in found["introvae"]["training"]
    assert rows.add_time_to_target({"real": {"title": "real images"}}) is None


def test_the_error_that_all_reached_is_what_a_table_shows_with_one_decimal():
    found = courses()
    found["vae"]["training"]["history"] = [[10, 1.0, 30.06], [20, 2.0, 30.01]]  # to 30.0 it never came
    assert rows.add_time_to_target(found) == 30.1
    assert found["vae"]["training"]["to_target"] == 1.0


def test_several_seeds_are_told_from_one():
    assert not rows.repeated({"real": {}, "vae": {"runs": 1}})
    assert rows.repeated({"real": {}, "vae": {"runs": 1}, "wae_mmd": {"runs": 2}})


def test_histories_are_of_those_that_have_one():
    found = rows.histories(courses())
    assert list(found) == ["vae", "wae_mmd"]
    assert found["wae_mmd"] == [Point(10, 5.0, 29.0), Point(20, 9.0, 25.0)]


def test_a_latent_size_that_pca_could_not_reach_has_no_row():
    found = {"real": {}, "mean": {"dimensions": 0}, "vae": {"samples": {}}}
    report = {"rows": found, "training_images_per_s": 1.0}
    run = Run(Path("/nowhere"), tiny.config("vae"), step=6, report=report)
    assert list(rows.assemble([run])) == ["real", "mean", "vae"]
    found[f"pca_{tiny.LATENT}"] = {"dimensions": tiny.LATENT}
    assert list(rows.assemble([run])) == ["real", "mean", f"pca_{tiny.LATENT}", "vae"]
