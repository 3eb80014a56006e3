"""How a run went, from the lines of logs that are made here."""

import json

import ml_collections
import numpy as np
import pytest

from genmodels import runs
from genmodels.errors import UsageError
from genmodels.runs import history, machine

EVERY, BATCH, RMSE = 10, 4, 30.0  # steps between lines of the log


def config(method: str = "introvae", batch_size: int = BATCH) -> ml_collections.ConfigDict:
    return ml_collections.ConfigDict({"method": method, "train": {"batch_size": batch_size}})


def test_how_a_game_went():
    terms = {"images/s": 9.0, "KL(x)": 50.0, "KL(x_r)": 55.0, "margin": 60.0}
    lines = [
        {"step": 1, "images/s": 9.0, "KL(x)": 40.0},
        {"step": 2} | terms | {"KL(x_p)": 49.0},
        {"step": 2, "test/rmse": 30.0},
        {"step": 3} | terms | {"KL(x_p)": 50.0},
        {"step": 4} | terms | {"KL(x_p)": 58.0},
    ]
    assert history.of(lines[:1], config()).game is None
    last = {"KL(x)": 50.0, "KL(x_r)": 55.0, "KL(x_p)": 58.0, "margin": 60.0}
    assert history.of(lines, config()).game == runs.Course(3 / 4, 1 / 3, last)
    assert history.of(lines, config("vae")).game is None  # it has none


def test_a_game_without_a_margin_has_a_course_too():
    line = {"step": 1, "images/s": 9.0, "KL(x)": 50.0, "KL(x_p)": 58.0}
    assert history.of([line], config("soft_introvae")).game.last == {"KL(x)": 50.0, "KL(x_p)": 58.0}


def seconds(rates: list[float]) -> float:
    """The seconds of a run whose log has a line with each of these rates, in images/s, and an error at its end."""
    lines = [{"step": (i + 1) * EVERY, "images/s": rate} for i, rate in enumerate(rates)]
    lines.append({"step": len(rates) * EVERY, "test/rmse": RMSE})
    found = history.of(lines, config())
    (point,) = found.errors
    assert (point.step, point.rmse) == (len(rates) * EVERY, RMSE)
    assert found.images_per_s == np.median(rates)
    return point.seconds


@pytest.mark.parametrize("count", [1, 2, 3, 4, 30])
def test_seconds_at_a_constant_rate_are_images_over_the_rate(count):
    assert seconds([80.0] * count) == pytest.approx(count * EVERY * BATCH / 80.0, rel=1e-12)


@pytest.mark.parametrize("stalled", [[0], [1], [7], [7, 8], [7, 12], [14], [0, 7, 14]])
def test_lines_in_which_the_process_was_suspended_change_nothing(stalled):
    rates = np.full(15, 80.0)
    rates[stalled] = 0.01
    assert seconds(list(rates)) == pytest.approx(15 * EVERY * BATCH / 80.0, rel=1e-12)


@pytest.mark.parametrize(("warmup", "game"), [(2, 3), (3, 20), (12, 48)])
def test_each_phase_keeps_its_rate(warmup, game):
    expected = warmup * EVERY * BATCH / 180.0 + game * EVERY * BATCH / 60.0
    assert seconds([180.0] * warmup + [60.0] * game) == pytest.approx(expected, rel=1e-12)


def test_a_program_compiled_at_the_start_of_each_phase_does_not_count():
    rates = [9.0, *[180.0] * 11, 7.0, *[60.0] * 47]
    line = EVERY * BATCH / 60.0  # to which phase a line at the border counts, its rate does not tell
    expected = 12 * EVERY * BATCH / 180.0 + 48 * EVERY * BATCH / 60.0
    assert seconds(rates) == pytest.approx(expected, abs=line)


def test_a_machine_that_is_slow_for_a_while_is_no_pause():
    rates = [80.0] * 10 + [20.0] * 4 + [80.0] * 10
    assert seconds(rates) == pytest.approx(EVERY * BATCH * (20 / 80.0 + 4 / 20.0), rel=1e-12)


def test_two_lines_are_as_they_are():
    assert seconds([20.0, 80.0]) == pytest.approx(EVERY * BATCH * (1 / 20.0 + 1 / 80.0), rel=1e-12)


def test_an_error_measured_between_two_lines_has_the_seconds_until_then():
    lines = [
        {"step": 3, "test/rmse": 50.0},
        {"step": 10, "images/s": 2.0},
        {"step": 15, "test/rmse": 40.0},
        {"step": 20, "images/s": 4.0},  # of two lines, each keeps its rate
        {"step": 25, "test/rmse": 30.0},  # the run was killed before the next line
    ]
    assert history.of(lines, config(batch_size=1)).errors == [
        pytest.approx((3, 1.5, 50.0)),
        pytest.approx((15, 6.25, 40.0)),
        pytest.approx((25, 7.5, 30.0)),
    ]


def test_seconds_of_a_run_that_began_at_another_count_from_there(tmp_path):
    lines = [{"step": step, "images/s": 160.0, "test/rmse": 30.0} for step in range(2100, 2501, 100)]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "origin.json").write_text('{"run": "other", "step": 2000, "same_data": true}')
    errors = history.read(tmp_path, config(batch_size=16), 2500).errors
    assert [point.seconds for point in errors] == pytest.approx([10.0, 20.0, 30.0, 40.0, 50.0])


def test_an_error_before_the_first_line():
    assert history.of([], config()) == history.History(None, [], None)  # nothing has been trained
    assert history.of([{"step": 3, "test/rmse": 50.0}], config()).errors == [(3, 0.0, 50.0)]


@pytest.fixture
def kept(tmp_path) -> history.History:
    """The history of a run in `tmp_path` until step 2, after which it was killed."""
    terms = {"KL(x)": 50.0, "KL(x_r)": 55.0, "KL(x_p)": 58.0}
    lines = [
        {"step": 2, "images/s": 4.0} | terms,
        {"step": 2, "test/rmse": 30.0},
        {"step": 4, "images/s": 9.0} | terms,
        {"step": 4, "test/rmse": 20.0},
    ]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = history.read(tmp_path, config(), 2)
    assert found == (4.0, [(2, 2 * BATCH / 4.0, 30.0)], runs.Course(1.0, 1.0, terms))
    return found


def test_a_summary_takes_the_place_of_the_log(kept, tmp_path):
    for name, each in (("all", kept), ("none", history.History(None, [], None))):
        (tmp_path / name).mkdir()
        history.write(tmp_path / name, each)
        assert history.read(tmp_path / name, config(), 2) == each
    assert history.read(tmp_path / "nowhere", config(), 2) == history.History(None, [], None)


def test_seconds_of_another_machine_are_left_out(kept, tmp_path, monkeypatch):
    history.write(tmp_path, kept)
    monkeypatch.setattr(machine, "processor", lambda: "another")
    assert history.read(tmp_path, config(), 2) == history.History(None, [], kept.game)


@pytest.mark.parametrize(
    "text", ["[", "{}", "3", '{"machine": "", "images_per_s": 1, "errors": [[1, 2]], "game": null}']
)
def test_what_is_damaged_is_refused(tmp_path, text):
    (tmp_path / "metrics.jsonl").write_text('{"step": 1}\n{"st\n')
    with pytest.raises(UsageError, match=r"metrics\.jsonl cannot be read .*: restore it, or remove its damaged lines"):
        history.read(tmp_path, config(), 2)
    (tmp_path / "history.json").write_text(text)
    with pytest.raises(UsageError, match=r"history\.json cannot be read .*: restore it from a copy, or delete it"):
        history.read(tmp_path, config(), 2)
