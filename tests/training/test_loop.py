import contextlib
import errno
import os
import shutil
import signal
import sys

import jax
import numpy as np
import pytest
from PIL import Image

from genmodels import data, runs, training
from genmodels.errors import DivergedError, UsageError
from genmodels.methods import make
from genmodels.model import abstract_weights
from genmodels.runs import checkpoint, lock, logs
from genmodels.runs.checkpoint import Checkpoints
from genmodels.training import signals, viewer
from tests.support import tiny_runs

STEPS, STOP = 5, 2
WARMUP = {"wae_gan": 0, "introvae": 3, "soft_introvae": 3}  # games are interrupted in their warm-up


def resumable(name, images, **overrides):
    fields = {"train.steps": STEPS, "eval.every": 1, "loss.warmup_steps": WARMUP[name], "train.ema_decay": 0.9}
    return tiny_runs.config(name, images, **fields | {"optim.decay": 1.0} | overrides)


def state_and_weights(config, workdir):
    """All that the newest checkpoint holds, on the host."""
    method = make(config)
    with Checkpoints(workdir, keep=3) as checkpoints:
        state = checkpoints.restore(jax.eval_shape(method.init, jax.random.key(0)))
    return jax.device_get(state), checkpoint.restore_weights(workdir, None, abstract_weights(method, config))


def lines(workdir):
    """The lines of metrics.jsonl without the training rate."""
    return [{k: v for k, v in line.items() if k != "images/s"} for line in logs.read_metrics(workdir)]


def interrupted_in(monkeypatch, step):
    """A SIGTERM arrives just before this step, the first being 0."""
    stream = data.batches

    def batches(images, calls, batch_size, **options):
        for call, batch in zip(calls, stream(images, calls, batch_size, **options), strict=True):
            if step in call and calls[-1].stop == STEPS:  # not for calibration batches
                os.kill(os.getpid(), signal.SIGTERM)
            yield batch

    monkeypatch.setattr(data, "batches", batches)


@pytest.mark.parametrize(
    ("name", "way"),
    [("wae_gan", "prolonged"), ("introvae", "stopped by a signal"), ("soft_introvae", "stopped by a signal")],
)
def test_resumed_equals_uninterrupted_bit_for_bit(name, way, image_folder, tmp_path, monkeypatch, uninterrupted):
    config = resumable(name, image_folder)
    if way == "prolonged":  # train.steps may grow; learning rates are constant in this test, else they would follow it
        first = training.train(resumable(name, image_folder, **{"train.steps": STOP}), tmp_path)
        assert first == training.Result(STOP, finished=True)
    else:
        with monkeypatch.context() as patch:
            interrupted_in(patch, STOP - 1)
            assert training.train(config, tmp_path) == training.Result(STOP, finished=False)
    assert lines(tmp_path)[-1]["step"] == STOP
    assert training.train(config, tmp_path) == training.Result(STEPS, finished=True)

    whole = uninterrupted(name)
    jax.tree.map(np.testing.assert_array_equal, state_and_weights(config, tmp_path), state_and_weights(config, whole))
    assert lines(tmp_path) == lines(whole)
    assert {line["step"] for line in lines(whole)} == set(range(1, STEPS + 1))


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory, image_folder):
    """The folder of the run of a method that was not interrupted; each is made once."""
    folders = {}

    def folder(name):
        if name not in folders:
            folders[name] = tmp_path_factory.mktemp("uninterrupted")
            training.train(resumable(name, image_folder), folders[name])
        return folders[name]

    return folder


def test_a_run_goes_on_with_other_devices(image_folder, tmp_path, uninterrupted):
    """On four devices, then by jit on two: the same as on one, to rounding."""
    four = {"parallel.devices": 4, "train.steps": STOP}
    training.train(resumable("wae_gan", image_folder, **four), tmp_path)
    two = resumable("wae_gan", image_folder, **{"parallel.devices": 2, "parallel.mode": "jit"})
    training.train(two, tmp_path)
    for line, whole in zip(lines(tmp_path), lines(uninterrupted("wae_gan")), strict=True):
        for term in {"c(x,G(z))", "L_D", "test/rmse"} & whole.keys():
            np.testing.assert_allclose(line[term], whole[term], rtol=2e-3, err_msg=term)


def test_a_finished_run_is_left_as_it_is(trained, tmp_path, capsys):
    workdir = shutil.copytree(trained, tmp_path / "run")
    before = lines(workdir)
    assert training.train(runs.read_config(workdir), workdir) == training.Result(6, finished=True)
    assert lines(workdir) == before
    assert "resumes at step 6 of 6" in capsys.readouterr().out


def test_what_a_run_leaves(trained):
    config = runs.read_config(trained)
    assert {path.name for path in trained.iterdir()} == {
        ".lock",
        "checkpoints",
        "config.json",
        "data.json",
        "images",
        "metrics.jsonl",
        "tensorboard",
    }
    assert {path.name for path in (trained / "checkpoints").iterdir()} == {"4", "6"}  # every 2, the last 2
    assert {path.name for path in (trained / "images").iterdir()} == {  # every 4, and the last
        f"{name}_{step:07}.png" for name in ("samples", "reconstructions") for step in (4, 6)
    }
    rows = {"samples": viewer.GRID // viewer.COLUMNS, "reconstructions": 1}  # of 4 test images: 8 tiles
    for name, count in rows.items():
        with Image.open(trained / "images" / f"{name}_0000006.png") as sheet:
            assert sheet.size == (3 * (16 * 34 - 2), 3 * (count * 34 - 2))  # 32 px, gaps of 2, enlarged
    steps = [line["step"] for line in lines(trained) if "loss" in line]
    assert steps == [1, 2, 3, 4, 5, 6]
    assert [line["step"] for line in lines(trained) if "test/rmse" in line] == [3, 6]
    first = lines(trained)[0]
    assert {"loss", "L_AE", "KL(x)"} <= first.keys()
    assert {f"norm/{what}_autoencoder" for what in ("gradient", "parameters", "update")} <= first.keys()
    assert any((trained / "tensorboard").iterdir())
    assert config.train.steps == 6


def growing(images, **overrides):
    """A learning rate that grows by 10^9 a step: after three steps the weights overflow, and then the loss."""
    fields = {"optim.decay": 1e-36, "optim.learning_rate": 1e-6, "train.steps": 4, "train.ema_decay": 0.0}
    return tiny_runs.config("vae", images, **fields | overrides)


def test_a_run_that_diverges_stops_names_the_step_and_keeps_the_last_good_checkpoint(image_folder, tmp_path):
    config = growing(image_folder, **{"checkpoint.every": 1})
    with pytest.raises(DivergedError) as error:
        training.train(config, tmp_path)
    message = str(error.value)
    with Checkpoints(tmp_path, keep=3) as checkpoints:
        kept = checkpoints.latest()
    assert kept >= 1
    assert f"diverged at step {kept + 1}: " in message
    assert "the weights are not finite" in message  # found before saving
    assert (
        f"The checkpoint of step {kept} is kept; continue with the same command plus --start_from={tmp_path}" in message
    )
    assert "--config.optim.learning_rate=5e-07, or another --config.seed" in message
    assert len(message.splitlines()) <= 2
    state, (_, weights) = state_and_weights(config, tmp_path)
    assert state.step == kept
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves((state, weights)))


def test_another_run_goes_on_from_the_checkpoint_of_one(trained, image_folder, tmp_path, capsys):
    config = tiny_runs.config("vae", image_folder, **{"train.ema_decay": 0.9, "train.steps": 8, "seed": 5})
    assert training.train(config, tmp_path, start_from=trained) == training.Result(8, finished=True)
    assert f"resumes at step 6 of 8, from {trained}\n" in capsys.readouterr().out
    assert [line["step"] for line in lines(tmp_path) if "loss" in line] == [7, 8]
    assert runs.origin.step(tmp_path) == 6
    for same in (None, trained):  # finished: it remains known where it began
        training.train(config, tmp_path, start_from=same)
    assert runs.origin.line(tmp_path)


def test_a_run_that_began_elsewhere_is_not_taken_for_one_that_starts_from_another(trained, tmp_path):
    config = runs.read_config(trained)
    with pytest.raises(
        UsageError, match=r"began from initialisation, not from --start_from=\S*/other\.\nChoose another"
    ):
        training.train(config, trained, start_from=tmp_path / "other")


def test_a_start_that_does_not_fit_leaves_nothing_behind(trained, image_folder, tmp_path):
    config = tiny_runs.config("wae_mmd", image_folder)
    for source, words in ((trained, r"config\.method is vae there"), (tmp_path / "nowhere", "is not a run")):
        with pytest.raises(UsageError, match=words):
            training.train(config, tmp_path / "new", start_from=source)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("steps", [5, 6])
def test_a_start_at_or_after_the_last_step_is_refused(trained, image_folder, tmp_path, steps):
    config = tiny_runs.config("vae", image_folder, **tiny_runs.TRAINED | {"train.steps": steps, "seed": 5})
    words = rf"{trained} is at step 6 of {steps}: nothing would be trained\.\nGive a larger --config\.train\.steps: it"
    with pytest.raises(UsageError, match=words):
        training.train(config, tmp_path / "new", start_from=trained)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(("steps", "said"), [(2, True), (3, False)])
def test_that_a_phase_is_never_reached_is_said(image_folder, tmp_path, capsys, steps, said):
    config = tiny_runs.config("introvae", image_folder, **{"loss.warmup_steps": 2, "train.steps": steps})
    training.train(config, tmp_path)
    assert ("the game would begin at step 2, and training ends at 2\n" in capsys.readouterr().out) is said


def test_a_loss_that_is_not_finite_before_the_first_checkpoint(image_folder, tmp_path):
    words = r"step 4: .*loss.* is not finite.\n.* has no checkpoint yet; continue with .* plus --workdir=.*-2"
    with pytest.raises(DivergedError, match=words):
        training.train(growing(image_folder), tmp_path)
    assert [line["step"] for line in lines(tmp_path)] == [1, 2, 3]
    with Checkpoints(tmp_path, keep=3) as checkpoints:
        assert checkpoints.latest() is None


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("train.batch_size", 13, "train.batch_size=13 .* 12 images"),
        ("seed", -1, "seed=-1"),
        ("parallel.devices", 3, "train.batch_size=8 .* 3 devices"),
        ("data.dir", "/nowhere", "/nowhere"),
        ("model.dtype", "float16", "model.dtype"),
    ],
)
def test_a_config_that_cannot_be_trained_leaves_nothing(image_folder, tmp_path, field, value, words):
    with pytest.raises(UsageError, match=words):
        training.train(tiny_runs.config("vae", image_folder, **{field: value}), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_another_config_is_refused_before_any_work(trained, image_folder, monkeypatch):
    monkeypatch.setattr(data, "build", lambda config: pytest.fail("the data were built"))
    with pytest.raises(UsageError, match=r"config\.seed was 0, is 5"):
        training.train(tiny_runs.config("vae", image_folder, **tiny_runs.TRAINED | {"seed": 5}), trained)


@contextlib.contextmanager
def nobody_reads(monkeypatch):
    """Standard output is a pipe whose reader has gone, as with `| head`."""
    reader, writer = os.pipe()
    os.close(reader)
    with monkeypatch.context() as patch, os.fdopen(writer, "w") as closed:
        patch.setattr(sys, "stdout", closed)
        yield
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), writer)  # what is left in the buffer


def test_where_nobody_reads_a_run_saves_and_ends_and_resumes(image_folder, tmp_path, monkeypatch, uninterrupted):
    config = resumable("wae_gan", image_folder)
    with nobody_reads(monkeypatch), pytest.raises(BrokenPipeError, match="saved at step 2"):
        training.train(config, tmp_path)  # a step's line is written after the next step
    assert checkpoint.newest_step(tmp_path) == 2
    assert training.train(config, tmp_path) == training.Result(STEPS, finished=True)
    assert lines(tmp_path) == lines(uninterrupted("wae_gan"))


@pytest.mark.parametrize("number", signals.ENDING)
def test_a_signal_that_is_ignored_stays_so(number):
    before = signal.signal(number, signal.SIG_IGN)  # as nohup does
    try:
        with signals.caught(signals.ENDING) as caught:
            os.kill(os.getpid(), number)
            assert caught == []
        assert signal.getsignal(number) == signal.SIG_IGN
    finally:
        signal.signal(number, before)


def test_a_signal_as_the_terminal_closes(monkeypatch):
    def closed(*_):
        raise OSError(errno.EIO, "Input/output error")

    with signals.caught(signals.ENDING) as caught, monkeypatch.context() as patch:
        patch.setattr(os, "write", closed)
        os.kill(os.getpid(), signal.SIGHUP)
        assert caught == [signal.SIGHUP]


def test_a_resumed_run_has_the_images_that_it_had(trained, image_folder, tmp_path, capsys):
    workdir = shutil.copytree(trained, tmp_path / "run")
    config = tiny_runs.config("vae", image_folder, **tiny_runs.TRAINED | {"train.steps": 7})
    more = shutil.copytree(image_folder, tmp_path / "more")
    shutil.copy(more / "test" / "0.png", more / "train" / "another.png")
    before = {path: path.read_bytes() for path in workdir.rglob("*") if path.is_file()}
    elsewhere = tiny_runs.config("vae", more, **tiny_runs.TRAINED | {"train.steps": 7})
    words = r"run was trained on other images: 12 train and 4 test then, 13 train and 4 test now\.\n.*config\.data "
    with pytest.raises(UsageError, match=words):
        training.train(elsewhere, workdir)
    assert {path: path.read_bytes() for path in workdir.rglob("*") if path.is_file()} == before

    assert training.train(config, workdir) == training.Result(7, finished=True)
    assert "data not checked" not in capsys.readouterr().out
    (workdir / "data.json").unlink()  # as in runs of earlier revisions
    assert training.train(config, workdir) == training.Result(7, finished=True)
    assert f"data not checked: {workdir} was made before runs recorded" in capsys.readouterr().out
    assert not (workdir / "data.json").exists()  # which images the first steps saw remains unknown


def test_one_training_at_a_time(trained, image_folder, tmp_path):
    workdir = shutil.copytree(trained, tmp_path / "run")
    config = tiny_runs.config("vae", image_folder, **tiny_runs.TRAINED | {"train.steps": 7})
    words = rf"run is being trained by process {os.getpid()} on .*\.\nWait for it to end, stop it, or choose another"
    with lock.held(workdir), pytest.raises(UsageError, match=words):
        training.train(config, workdir)
    assert checkpoint.newest_step(workdir) == 6
    assert training.train(config, workdir) == training.Result(7, finished=True)


def test_a_second_signal_acts_as_usual(capfd):
    with signals.caught(signals.ENDING) as caught:
        os.kill(os.getpid(), signal.SIGINT)
        assert caught == [signal.SIGINT]
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert "SIGINT: saving after this step, then stopping; repeat to stop at once" in capfd.readouterr().out
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
