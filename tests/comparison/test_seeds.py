"""Several seeds as one row."""

import math

import pytest

from genmodels.comparison import seeds


def row(mean: float) -> dict:
    estimate = {"mean": mean, "low": mean - 0.3, "high": mean + 0.4, "n": 100}
    return {"reconstruction": {"rmse": estimate}, "seconds": mean, "latent_size": 64, "device": "cpu", "codes": [1, 2]}


def test_interval_adds_the_error_of_images_and_of_seeds():
    found = seeds.combine([row(10.0), row(11.0), row(13.0)])
    rmse = found["reconstruction"]["rmse"]
    assert rmse["mean"] == pytest.approx(34 / 3)
    spread = math.sqrt(((4 / 3) ** 2 + (1 / 3) ** 2 + (5 / 3) ** 2) / 2)
    of_seeds = 4.302653 * spread / math.sqrt(3)  # Student's t, 2 degrees of freedom, 97.5 %: any table
    assert rmse["low"] == pytest.approx(rmse["mean"] - math.hypot(0.3, of_seeds))
    assert rmse["high"] == pytest.approx(rmse["mean"] + math.hypot(0.4, of_seeds))
    assert (rmse["n"], rmse["seeds"]) == (100, 3)
    assert found["seconds"] == pytest.approx(34 / 3)
    assert found["device"] == "cpu"
    assert f"pca_{found['latent_size']}" == "pca_64"


def test_an_estimate_without_an_interval_gets_that_of_the_seeds():
    rows = [{"distance": {"mean": mean, "n": 100, "sets": 1}} for mean in (10.0, 11.0, 13.0)]
    found = seeds.combine(rows)["distance"]
    of_seeds = 4.302653 * math.sqrt(7 / 3) / math.sqrt(3)
    assert found["low"] == pytest.approx(34 / 3 - of_seeds)
    assert found["high"] == pytest.approx(34 / 3 + of_seeds)
    assert (found["n"], found["seeds"]) == (100, 3)


def test_moments_of_codes_are_no_estimate():
    latent = {"mean": [0.1, 0.2], "std": [1.0, 0.9], "n": 100}
    assert seeds.combine([{"latent": latent}, {"latent": latent}]) == {"latent": latent}


def test_lists_are_those_of_the_first_seed():
    rows = [{"history": [[10, seconds, rmse]], "seconds": seconds} for seconds, rmse in ((1.0, 40.0), (3.0, 30.0))]
    assert seeds.combine(rows) == {"history": [[10, 1.0, 40.0]], "seconds": 2.0}


def test_one_seed_stays_as_it_is():
    assert seeds.combine([row(10.0)]) == row(10.0)


def test_what_one_run_does_not_know_is_that_of_the_others():
    unknown = {"rate": None, "history": [], "seconds": None}
    assert seeds.combine([unknown, {"rate": 2.0, "history": [1], "seconds": None}, {**unknown, "rate": 4.0}]) == {
        "rate": 3.0,
        "history": [1],
        "seconds": None,
    }
