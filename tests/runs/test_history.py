"""How a run went, from logs written here line by line."""

import json

import numpy as np
import pytest

from genmodels import runs
from genmodels.errors import UsageError
from genmodels.methods import Game
from genmodels.runs import history
from tests.support import tiny

TERMS = Game(real="KL(x)", fake="KL(x_p)", shown=("KL(x)", "KL(x_r)", "KL(x_p)", "margin"), remedy="")


def test_how_a_game_went(tmp_path):
    terms = {"images/s": 9.0, "KL(x)": 50.0, "KL(x_r)": 55.0, "margin": 60.0}
    lines = [
        {"step": 1, "images/s": 9.0, "KL(x)": 40.0},
        {"step": 2} | terms | {"KL(x_p)": 49.0},
        {"step": 2, "test/rmse": 30.0},
        {"step": 3} | terms | {"KL(x_p)": 50.0},
        {"step": 4} | terms | {"KL(x_p)": 58.0},
    ]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines[:1]))
    assert runs.game(tmp_path, TERMS) is None
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    last = {"KL(x)": 50.0, "KL(x_r)": 55.0, "KL(x_p)": 58.0, "margin": 60.0}
    assert runs.game(tmp_path, TERMS) == runs.Course(3 / 4, 1 / 3, last)
    assert runs.game(tmp_path, None) is None  # the method has no game


def test_a_game_without_a_margin_has_a_course_too(tmp_path):
    line = {"step": 1, "images/s": 9.0, "KL(x)": 50.0, "KL(x_p)": 58.0}
    (tmp_path / "metrics.jsonl").write_text(json.dumps(line) + "\n")
    assert runs.game(tmp_path, TERMS).last == {"KL(x)": 50.0, "KL(x_p)": 58.0}


EVERY, BATCH, RMSE = 10, 4, 30.0  # steps between lines of the log


def seconds(workdir, rates: list[float]) -> float:
    """The seconds of a run whose log has a line with each of these rates, in images/s, and an error at its end."""
    lines = [{"step": (i + 1) * EVERY, "images/s": rate} for i, rate in enumerate(rates)]
    lines.append({"step": len(rates) * EVERY, "test/rmse": RMSE})
    (workdir / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (point,) = runs.rmse_history(workdir, BATCH)
    assert (point.step, point.rmse) == (len(rates) * EVERY, RMSE)
    return point.seconds


@pytest.mark.parametrize("count", [1, 2, 3, 4, 30])
def test_seconds_at_a_constant_rate_are_images_over_the_rate(tmp_path, count):
    assert seconds(tmp_path, [80.0] * count) == pytest.approx(count * EVERY * BATCH / 80.0, rel=1e-12)


@pytest.mark.parametrize("stalled", [[0], [1], [7], [7, 8], [7, 12], [14], [0, 7, 14]])
def test_lines_in_which_the_process_was_suspended_change_nothing(tmp_path, stalled):
    rates = np.full(15, 80.0)
    rates[stalled] = 0.01
    assert seconds(tmp_path, list(rates)) == pytest.approx(15 * EVERY * BATCH / 80.0, rel=1e-12)


@pytest.mark.parametrize(("warmup", "game"), [(2, 3), (3, 20), (12, 48)])
def test_each_phase_keeps_its_rate(tmp_path, warmup, game):
    expected = warmup * EVERY * BATCH / 180.0 + game * EVERY * BATCH / 60.0
    assert seconds(tmp_path, [180.0] * warmup + [60.0] * game) == pytest.approx(expected, rel=1e-12)


def test_a_program_compiled_at_the_start_of_each_phase_does_not_count(tmp_path):
    rates = [9.0, *[180.0] * 11, 7.0, *[60.0] * 47]
    line = EVERY * BATCH / 60.0  # to which phase a line at the border counts, its rate does not tell
    expected = 12 * EVERY * BATCH / 180.0 + 48 * EVERY * BATCH / 60.0
    assert seconds(tmp_path, rates) == pytest.approx(expected, abs=line)


def test_a_machine_that_is_slow_for_a_while_is_no_pause(tmp_path):
    rates = [80.0] * 10 + [20.0] * 4 + [80.0] * 10
    assert seconds(tmp_path, rates) == pytest.approx(EVERY * BATCH * (20 / 80.0 + 4 / 20.0), rel=1e-12)


def test_two_lines_are_as_they_are(tmp_path):
    assert seconds(tmp_path, [20.0, 80.0]) == pytest.approx(EVERY * BATCH * (1 / 20.0 + 1 / 80.0), rel=1e-12)


def test_an_error_measured_between_two_lines_has_the_seconds_until_then(tmp_path):
    lines = [
        {"step": 3, "test/rmse": 50.0},
        {"step": 10, "images/s": 2.0},
        {"step": 15, "test/rmse": 40.0},
        {"step": 20, "images/s": 4.0},  # of two lines, each keeps its rate
        {"step": 25, "test/rmse": 30.0},  # the run was killed before the next line
    ]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert runs.rmse_history(tmp_path, batch_size=1) == [
        pytest.approx((3, 1.5, 50.0)),
        pytest.approx((15, 6.25, 40.0)),
        pytest.approx((25, 7.5, 30.0)),
    ]


def test_an_error_before_the_first_line(tmp_path):
    assert runs.rmse_history(tmp_path, BATCH) == []  # nothing has been trained
    (tmp_path / "metrics.jsonl").write_text('{"step": 3, "test/rmse": 50.0}\n')
    assert runs.rmse_history(tmp_path, BATCH) == [(3, 0.0, 50.0)]


def test_a_summary_takes_the_place_of_the_log(tmp_path):
    config, terms = tiny.configuration("introvae", "demo"), {"KL(x)": 50.0, "KL(x_r)": 55.0, "KL(x_p)": 58.0}
    lines = [{"step": 1, "images/s": 4.0} | terms, {"step": 1, "test/rmse": 30.0}]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = history.read(tmp_path, config)
    assert found == (4.0, [(1, config.train.batch_size / 4.0, 30.0)], runs.Course(1.0, 1.0, terms))
    for name, each in (("all", found), ("none", history.History(None, [], None))):
        (tmp_path / name).mkdir()
        history.write(tmp_path / name, each)
        assert history.read(tmp_path / name, config) == each
    assert history.read(tmp_path / "nowhere", config) == history.History(None, [], None)


@pytest.mark.parametrize("text", ["[", "{}", "3", '{"images_per_s": 1, "errors": [[1, 2]], "game": null}'])
def test_a_damaged_summary_is_refused(tmp_path, text):
    (tmp_path / "history.json").write_text(text)
    with pytest.raises(UsageError, match=r"history\.json cannot be read .*: restore it from a copy, or delete it"):
        history.read(tmp_path, tiny.configuration("vae", "demo"))
