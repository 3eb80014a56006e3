"""Two real workers of a study, as processes; one is killed in the midst of a trial."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from genmodels.runs.logs import read_metrics
from tests.support import postgres
from tests.support.commands import study_flags

STEPS = 150


class Worker:
    """One command on a study; its output goes to a file."""

    def __init__(self, output: Path, *command: str):
        self._output = output
        with output.open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "launch.tune", *command],
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        """Its output up to now."""
        return self._output.read_text()

    def wait_for(self, words: str) -> None:
        """Waits until it has said these words."""
        deadline = time.monotonic() + 240
        while words not in self.said:
            assert time.monotonic() < deadline, self.said
            assert self.process.poll() is None, self.said
            time.sleep(0.02)

    def kill(self) -> None:
        """As kill -9 does, with all that it has started."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def storage(kind: str):
    """The flags that choose where the study is kept."""
    if kind == "journal":
        yield []
    elif reason := postgres.missing():
        pytest.skip(reason)
    else:
        with postgres.server() as url:
            yield [f"--storage={url}"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["journal", "postgresql"])
def test_what_a_killed_worker_was_at_is_finished_by_the_other(in_the_repository, image_folder, tmp_path, kind):
    study = tmp_path / "study"
    with storage(kind) as where:
        given = [*study_flags(image_folder, study, "seed=0,1,2,3"), *where]
        given += [
            f"--config.train.steps={STEPS}",
            "--config.checkpoint.every=40",
            "--config.optim.learning_rate=1e-6",
        ]  # stays a grey image, which is no collapse
        first, second = (Worker(tmp_path / f"{name}.txt", *given) for name in ("first", "second"))
        try:
            second.wait_for("step 1/")
            first.wait_for("step 90/")  # the checkpoint of step 80 is begun, so that of step 40 is whole
            first.kill()
            assert second.process.wait(timeout=400) == 0, second.said
        finally:
            for worker in (first, second):
                with contextlib.suppress(ProcessLookupError):
                    worker.kill()
        assert "continues at step" in second.said
    found = json.loads((study / "results.json").read_text())
    assert sorted(result["chosen"]["seed"] for result in found) == [0, 1, 2, 3]
    assert sum(result["best"] for result in found) == 1
    runs = list(study.glob("run-*/"))
    assert len(runs) == 4
    for run in runs:
        trained = [line["step"] for line in read_metrics(run) if "loss" in line]
        assert trained == list(range(1, STEPS + 1))  # no step is lost, none is told twice
