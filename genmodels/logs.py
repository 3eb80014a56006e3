"""What a run tells: console lines, metrics.jsonl and TensorBoard."""

import contextlib
import json
import time
from collections.abc import Callable
from pathlib import Path

import jax
import numpy as np
from tensorboardX import SummaryWriter

from genmodels.errors import DivergedError

Watch = Callable[[int, dict[str, float]], None]


class Log(contextlib.AbstractContextManager):
    """Collects each step's metrics and writes their means every so many steps.

    The metrics of a step are fetched one step later, so the host never waits for a device that has work.
    """

    def __init__(
        self,
        workdir: Path,
        *,
        start: int,
        stop: int,
        every: int,
        batch_size: int,
        tensorboard: bool,
        watch: Watch | None = None,
    ):
        """Continues the log of a run at step `start`; later lines of an interrupted run are dropped.

        `watch` is given each line, (step, values), and may raise to end the run.
        """
        self._path = Path(workdir) / "metrics.jsonl"
        _drop_after(self._path, start)
        self._file = self._path.open("a")
        self._board = SummaryWriter(str(Path(workdir) / "tensorboard"), purge_step=start) if tensorboard else None
        self._start, self._stop, self._every, self._batch_size = start, stop, every, batch_size
        self._watch = watch
        self._pending = None  # (step, metrics on the device)
        self._window = []  # metrics on the host since the last line
        self.latest = {}  # the last line's means
        self._began = self._mark = time.monotonic()
        self._paused = 0.0  # seconds of this window spent on something else than training

    def __exit__(self, *_):
        self._file.close()
        if self._board:
            self._board.close()

    def step(self, step: int, phase: str, metrics: dict[str, jax.Array]) -> None:
        """Takes the metrics of a dispatched step and works off those of the step before."""
        pending, self._pending = self._pending, (step, phase, metrics)
        self._work_off(pending)

    def flush(self) -> None:
        """Works off the last step's metrics now, waiting for the device; DivergedError if they are not finite."""
        pending, self._pending = self._pending, None
        self._work_off(pending)

    @contextlib.contextmanager
    def pause(self):
        """Time spent inside does not count towards the training rate."""
        began = time.monotonic()
        yield
        self._paused += time.monotonic() - began

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """Writes values of a step as they are, to the file, TensorBoard and the console."""
        self._write(step, values)
        print(f"step {step:,}: " + "  ".join(f"{name} {value:.4g}" for name, value in values.items()), flush=True)

    def picture(self, step: int, name: str, picture: np.ndarray) -> None:
        """Shows a uint8 picture [H, W, 3] in TensorBoard."""
        if self._board:
            self._board.add_image(name, picture, step, dataformats="HWC")

    def _work_off(self, pending) -> None:
        if pending is None:
            return
        step, phase, metrics = pending
        values = {name: float(value) for name, value in jax.device_get(metrics).items()}
        bad = [name for name, value in values.items() if not np.isfinite(value)]
        if bad:
            raise DivergedError(f"step {step}: {', '.join(bad)} is not finite.")
        if self._window and self._window[0].keys() != values.keys():
            self._window = []  # a new phase has other terms
        self._window.append(values)
        if step % self._every == 0 or step == self._stop:
            self._line(step, phase)

    def _line(self, step: int, phase: str) -> None:
        means = {name: float(np.mean([v[name] for v in self._window])) for name in self._window[0]}
        now = time.monotonic()
        rate = len(self._window) * self._batch_size / max(now - self._mark - self._paused, 1e-9)
        left = (now - self._began) / (step - self._start) * (self._stop - step)
        terms = "  ".join(f"{name} {value:.4g}" for name, value in means.items() if not name.startswith("norm/"))
        print(
            f"step {step:,}/{self._stop:,} {phase} | {rate:,.0f} pictures/s | {clock(left)} left | {terms}", flush=True
        )
        self._write(step, {**means, "pictures/s": rate})
        self.latest = means
        self._window, self._mark, self._paused = [], now, 0.0

    def _write(self, step: int, values: dict[str, float]) -> None:
        self._file.write(json.dumps({"step": step, **values}) + "\n")
        self._file.flush()
        if self._board:
            for name, value in values.items():
                self._board.add_scalar(name, value, step)
        if self._watch:
            self._watch(step, values)


def read_metrics(workdir: Path) -> list[dict]:
    """The lines of a run's metrics.jsonl, each a dict with its `step`; a half-written last line is left out."""
    path = Path(workdir) / "metrics.jsonl"
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def _drop_after(path: Path, step: int) -> None:
    kept = [line for line in read_metrics(path.parent) if line["step"] <= step]
    path.write_text("".join(json.dumps(line) + "\n" for line in kept))


def clock(seconds: float) -> str:
    """A duration as h:mm:ss or m:ss."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
