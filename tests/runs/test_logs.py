import errno
import json
import os
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genmodels.errors import DivergedError
from genmodels.runs import logs


def log(folder, **fields):
    return logs.Log(folder, **({"start": 0, "stop": 10, "every": 2, "batch_size": 8, "tensorboard": False} | fields))


def loss(*values):
    """The metrics of a call of so many steps."""
    return {"loss": jnp.array(values, jnp.float32), "norm/gradient_encoder": jnp.ones(len(values))}


def take(run, step, metrics, phase="training"):
    """The log takes a call of one step, which ends at `step`."""
    run.steps(range(step - 1, step), phase, metrics)


def test_metrics_are_fetched_one_step_late(tmp_path, monkeypatch):
    fetched = []
    monkeypatch.setattr(jax, "device_get", lambda tree: fetched.append(float(tree["loss"][0])) or tree)
    with log(tmp_path) as run:
        for step in (1, 2, 3):
            take(run, step, loss(step))
            assert fetched == [float(earlier) for earlier in range(1, step)]
        run.flush()
        assert fetched == [1.0, 2.0, 3.0]
        run.flush()  # nothing is left
    assert fetched == [1.0, 2.0, 3.0]


def test_lines_are_means_since_the_last_line(tmp_path, capsys):
    with log(tmp_path, stop=5) as run:
        for step, value in enumerate([1.0, 2.0, 5.0, 8.0, 4.0], start=1):
            take(run, step, loss(value))
        run.flush()
    lines = logs.read_metrics(tmp_path)
    assert [(line["step"], line["loss"]) for line in lines] == [(2, 1.5), (4, 6.5), (5, 4.0)]  # and one at the end
    assert all(line["images/s"] > 0 for line in lines)
    console = capsys.readouterr().out.splitlines()
    assert console[0].startswith("step 2/5 training | ")
    assert console[0].endswith("loss 1.5")  # the norms go to the file only
    assert "images/s" in console[0]
    assert "left" in console[0]


def test_a_mean_never_spans_two_phases(tmp_path):
    with log(tmp_path, every=3) as run:
        take(run, 1, loss(100.0), "VAE warm-up")
        run.steps(range(1, 3), "game", {"loss": jnp.array([1.0, 3.0]), "L_G": jnp.array([5.0, 7.0])})
        run.flush()
    (line,) = logs.read_metrics(tmp_path)
    assert (line["step"], line["loss"], line["L_G"]) == (3, 2.0, 6.0)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_loss_that_is_not_finite_stops_the_run_and_names_step_and_term(tmp_path, value):
    with log(tmp_path) as run:
        take(run, 7, loss(value))
        with pytest.raises(DivergedError, match="step 7: loss is not finite"):
            take(run, 8, loss(1.0))


def test_lines_after_the_step_to_go_on_from_are_dropped(tmp_path):
    with log(tmp_path, every=1) as run:
        for step in range(1, 6):
            take(run, step, loss(step))
        run.flush()
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 6, "lo')  # killed while it wrote
    assert [line["step"] for line in logs.read_metrics(tmp_path)] == [1, 2, 3, 4, 5]
    with log(tmp_path, start=3, every=1) as run:
        take(run, 4, loss(44.0))
        run.flush()
    assert [(line["step"], line["loss"]) for line in logs.read_metrics(tmp_path)][2:] == [(3, 3.0), (4, 44.0)]
    assert all(json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines())


def test_a_full_disk_on_resuming_costs_no_line(tmp_path, monkeypatch):
    with log(tmp_path, every=1) as run:
        for step in range(1, 4):
            take(run, step, loss(step))
        run.flush()
    before = (tmp_path / "metrics.jsonl").read_text()
    write = Path.write_text

    def full(path, text):
        write(path, text[: len(text) // 2])
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space"):
        log(tmp_path, start=2)
    assert (tmp_path / "metrics.jsonl").read_text() == before


@pytest.mark.parametrize("number", [errno.EPIPE, errno.EIO])
def test_where_nobody_reads_the_file_is_written_still(tmp_path, monkeypatch, number):
    def unread(*_, **__):
        raise OSError(number, os.strerror(number))

    with log(tmp_path, every=1) as run:
        run.say("heard")
        assert not run.unheard
        monkeypatch.setattr("builtins.print", unread)
        for step in (1, 2):
            take(run, step, loss(step))
        run.flush()
        assert run.unheard
    assert [line["step"] for line in logs.read_metrics(tmp_path)] == [1, 2]


def test_another_fault_of_the_console_is_raised(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with log(tmp_path) as run:
        monkeypatch.setattr("builtins.print", full)
        with pytest.raises(OSError, match="No space"):
            run.say("a line")


def test_calls_of_several_steps_make_the_same_lines(tmp_path):
    with log(tmp_path, stop=6) as run:
        run.steps(range(3), "training", loss(1.0, 2.0, 5.0))
        run.steps(range(3, 6), "training", loss(8.0, 4.0, np.nan))
        with pytest.raises(DivergedError, match="step 6: loss is not finite"):
            run.flush()
        assert run.latest["loss"] == 6.0  # of steps 4 and 5
    assert [(line["step"], line["loss"]) for line in logs.read_metrics(tmp_path)] == [(2, 1.5), (4, 6.5)]


def test_latest_are_the_means_of_the_last_steps_wherever_lines_end(tmp_path):
    with log(tmp_path, every=3) as run:
        for step, expected in enumerate([1.0, 1.5, 2.0, 3.0, 4.0], start=1):
            take(run, step, loss(float(step)))
            run.flush()
            assert run.latest == {"loss": expected, "norm/gradient_encoder": 1.0}
        run.steps(range(5, 7), "game", {"loss": jnp.array([8.0, 9.0]), "L_G": jnp.zeros(2)})
        run.flush()
        assert run.latest == {"loss": 8.5, "L_G": 0.0}  # of its phase


def test_tensorboard_shows_what_was_logged_at_the_step_to_go_on_from(tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(
        logs, "SummaryWriter", lambda folder, purge_step: opened.append(purge_step) or (tmp_path / "open").open("w")
    )
    with log(tmp_path, start=3, tensorboard=True):
        pass
    assert opened == [4]  # TensorBoard hides this step, too


def test_rate_leaves_out_pauses_and_the_rest_is_estimated(tmp_path, monkeypatch, capsys):
    clock = iter([0.0, 0.5, 1.0, 2.0, 52.0, 53.0, 54.0])  # start, steps 1 and 2, pause begins, ends, steps 3 and 4
    monkeypatch.setattr(logs.time, "monotonic", lambda: next(clock))
    with log(tmp_path, every=4, stop=8) as run:
        for step in (1, 2, 3):
            take(run, step, loss(0.0))
        with run.pause():
            pass
        take(run, 4, loss(0.0))
        run.flush()
    assert logs.read_metrics(tmp_path)[0]["images/s"] == 4 * 8 / 4  # four steps of 8 images in 4 s of training
    assert "| 8 images/s | 0:54 left |" in capsys.readouterr().out


def test_scalars_and_tensorboard(tmp_path, capsys):
    with log(tmp_path, tensorboard=True) as run:
        run.scalars(4, {"test/rmse": 12.3456})
        run.image(4, "samples", np.zeros((8, 8, 3), np.uint8))
    assert logs.read_metrics(tmp_path) == [{"step": 4, "test/rmse": 12.3456}]
    assert "step 4: test/rmse 12.35" in capsys.readouterr().out
    (events,) = (tmp_path / "tensorboard").iterdir()
    assert b"test/rmse" in events.read_bytes()
    assert b"samples" in events.read_bytes()


def test_no_metrics_yet(tmp_path):
    assert logs.read_metrics(tmp_path) == []
