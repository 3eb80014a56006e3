"""Training that is killed again and again, and training on a disk that is full."""

import contextlib
import multiprocessing
import os
import random
import re
import subprocess
import time
from pathlib import Path

import jax
import pytest

from genmodels import training
from genmodels.errors import UsageError
from genmodels.methods import make
from genmodels.runs import checkpoint
from genmodels.runs.checkpoint import Checkpoints
from tests.support import reference, tiny_runs

KILLS = int(os.environ.get("GENMODELS_KILLS", "3"))  # twenty take two minutes
STEPS = 100 + 50 * KILLS


def _config(images: Path, **fields):
    return tiny_runs.config("vae", images, **{"train.steps": STEPS, "checkpoint.every": 10, "log.every": 50} | fields)


def _train(images: Path, workdir: Path, said: Path) -> None:
    with said.open("w", buffering=1) as file, contextlib.redirect_stdout(file):
        training.train(_config(images), workdir)


def _state(workdir: Path, config):
    with Checkpoints(workdir, keep=3) as checkpoints:
        return checkpoints.restore(jax.eval_shape(make(config).init, jax.random.key(0)))


@pytest.mark.slow
def test_killed_again_and_again_it_ends_as_if_it_had_not_been(image_folder, tmp_path):
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["genmodels.training", "tests.support.tiny_runs", "grain"])
    rng, workdir, progress = random.Random(0), tmp_path / "killed", []
    moments = sorted(rng.randrange(STEPS // 2) for _ in range(KILLS))  # or a little after the checkpoint that follows
    for life, moment in enumerate([*moments, None]):
        newest, said = checkpoint.newest_step(workdir), tmp_path / f"said-{life}.txt"
        process = processes.Process(target=_train, args=(image_folder, workdir, said))
        process.start()
        if moment is not None:
            while (checkpoint.newest_step(workdir) or 0) < moment:
                assert process.is_alive()
                time.sleep(0.01)
            time.sleep(rng.uniform(0, 0.3))
            process.kill()
        process.join()
        assert process.exitcode == (0 if moment is None else -9)
        resumed = re.search(r"resumes at step ([\d,]+)", said.read_text() if said.exists() else "")
        if resumed:
            assert int(resumed[1].replace(",", "")) == newest  # the last complete one
            progress.append(newest)
    assert len(set(progress)) > KILLS // 4  # it made progress between the kills
    training.train(_config(image_folder), tmp_path / "whole")
    config = _config(image_folder)
    assert reference.equal(_state(workdir, config), _state(tmp_path / "whole", config))


@pytest.fixture
def small_disk(tmp_path):
    """A disk that a test can fill."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("a small disk cannot be mounted here (that takes root)")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


# When a save fails, orbax leaves tasks behind whose event loop is closed.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("spare", [0, 40_000])  # bytes: room for nothing, and for the log but no checkpoint
def test_a_full_disk_is_said_so_and_costs_no_checkpoint(image_folder, small_disk, spare):
    config = _config(image_folder, **{"train.steps": 2, "optim.decay": 1.0})
    training.train(config, small_disk / "run")
    before = _state(small_disk / "run", config)
    with contextlib.suppress(OSError), (small_disk / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))
    os.truncate(small_disk / "filler", (small_disk / "filler").stat().st_size - spare)
    longer = _config(image_folder, **{"train.steps": 40, "optim.decay": 1.0})
    with pytest.raises(UsageError, match=r"is on a full disk: make room and run the same command again") as error:
        training.train(longer, small_disk / "run")
    assert len(str(error.value).splitlines()) == 2
    assert reference.equal(_state(small_disk / "run", config), before)
    (small_disk / "filler").unlink()
    assert training.train(longer, small_disk / "run") == training.Result(40, finished=True)
