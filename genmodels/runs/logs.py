"""What a run logs: console lines, metrics.jsonl and TensorBoard."""

import contextlib
import errno
import json
import shutil
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import jax
import numpy as np
from tensorboardX import SummaryWriter

from genmodels.errors import DivergedError, UsageError
from genmodels.runs import renamed
from genmodels.runs.files import write_whole

METRICS, TENSORBOARD = "metrics.jsonl", "tensorboard"  # in a run's folder
Watch = Callable[[int, dict[str, float]], None]


class Log(contextlib.AbstractContextManager):
    """Collects each step's metrics and writes their means every so many steps.

    The metrics of a call are fetched one call later, so the host never waits for a busy device. `unheard` says that
    the console is closed, be it a pipe, as with `| head`, or a terminal. The files are still written.
    """

    unheard = False

    def __init__(
        self,
        workdir: Path | None,
        *,
        start: int,
        stop: int,
        every: int,
        batch_size: int,
        tensorboard: bool,
        watch: Watch | None = None,
    ):
        """Continues the log of a run at step `start`; later lines of an interrupted run are dropped.

        With `workdir` None nothing is written or printed, as in all processes but one; losses are still checked.
        `watch` is given each line, (step, values), and may raise to end the run.
        """
        self._file = self._board = None
        if workdir is not None:
            path = Path(workdir) / METRICS
            _drop_after(path, start)
            self._file = path.open("a")
            if tensorboard:
                after = start + 1  # TensorBoard hides the step it is given and what follows
                self._board = SummaryWriter(str(Path(workdir) / TENSORBOARD), purge_step=after)
        self._start, self._stop, self._every, self._batch_size = start, stop, every, batch_size
        self._watch = watch
        self._pending = None  # (steps, phase, metrics on the device)
        self._window = []  # metrics on the host since the last line
        self._recent = deque(maxlen=every)  # those of the phase's last steps
        self._began = self._mark = time.monotonic()
        self._paused = 0.0  # seconds since the mark, the last call's end, that were spent on something else
        self._spent = 0.0  # seconds of training in this window

    def __exit__(self, *_):
        for outlet in filter(None, (self._file, self._board)):
            outlet.close()

    def steps(self, steps: range, phase: str, metrics: dict[str, jax.Array]) -> None:
        """Takes the metrics [steps] of a dispatched call and processes those of the previous call."""
        pending, self._pending = self._pending, (steps, phase, metrics)
        self._work_off(pending)

    def flush(self) -> None:
        """Processes the last call's metrics now, waiting for the device; DivergedError if they are not finite."""
        pending, self._pending = self._pending, None
        self._work_off(pending)

    @property
    def latest(self) -> dict[str, float]:
        """The means over a phase's last `every` steps, or as many as there are."""
        return _means(self._recent)

    @contextlib.contextmanager
    def pause(self):
        """Time spent inside does not count towards the training rate."""
        began = time.monotonic()
        yield
        self._paused += time.monotonic() - began

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """Writes values of a step, not averaged, to the file, TensorBoard and the console."""
        self._write(step, values)
        self.say(f"step {step:,}: " + "  ".join(f"{name} {value:.4g}" for name, value in values.items()))

    def image(self, step: int, name: str, image: np.ndarray) -> None:
        """Shows a uint8 image [H, W, 3] in TensorBoard."""
        if self._board:
            self._board.add_image(name, image, step, dataformats="HWC")

    def _work_off(self, pending) -> None:
        if pending is None:
            return
        steps, phase, metrics = pending
        metrics, now = jax.device_get(metrics), time.monotonic()
        seconds = (now - self._mark - self._paused) / len(steps)
        self._mark, self._paused = now, 0.0
        for i, step in enumerate(steps):
            self._step(step + 1, phase, {name: float(values[i]) for name, values in metrics.items()}, seconds)

    def _step(self, step: int, phase: str, values: dict[str, float], seconds: float) -> None:
        bad = [name for name, value in values.items() if not np.isfinite(value)]
        if bad:
            raise DivergedError(f"step {step}: {', '.join(bad)} is not finite.")
        if self._recent and self._recent[0].keys() != values.keys():  # a new phase has other terms
            self._recent.clear()
            self._window, self._spent = [], 0.0
        self._window.append(values)
        self._recent.append(values)
        self._spent += seconds
        if step % self._every == 0 or step == self._stop:
            self._line(step, phase)

    def _line(self, step: int, phase: str) -> None:
        means = _means(self._window)
        rate = len(self._window) * self._batch_size / max(self._spent, 1e-9)
        left = (self._mark - self._began) / (step - self._start) * (self._stop - step)
        terms = "  ".join(f"{name} {value:.4g}" for name, value in means.items() if not name.startswith("norm/"))
        self.say(f"step {step:,}/{self._stop:,} {phase} | {rate:,.0f} images/s | {clock(left)} left | {terms}")
        self._write(step, {**means, "images/s": rate})
        self._window, self._spent = [], 0.0

    def say(self, line: str) -> None:
        """Prints a line."""
        if not self._file or self.unheard:
            return
        try:
            print(line, flush=True)
        except OSError as error:
            if error.errno not in (errno.EPIPE, errno.EIO):
                raise
            self.unheard = True

    def _write(self, step: int, values: dict[str, float]) -> None:
        if self._file:
            self._file.write(json.dumps({"step": step, **values}) + "\n")
            self._file.flush()
        if self._board:
            for name, value in values.items():
                self._board.add_scalar(name, value, step)
        if self._watch:
            self._watch(step, values)


def read_metrics(workdir: Path) -> list[dict]:
    """The lines of a run's metrics.jsonl, each a dict with its `step`; a half-written last line is left out.

    Raises UsageError for damaged lines.
    """
    path = Path(workdir) / METRICS
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    try:
        return [renamed.current(json.loads(line)) for line in lines if line.endswith("\n")]
    except ValueError as error:
        raise UsageError(f"{path} cannot be read ({error}): restore it, or remove its damaged lines.") from error


def remove(workdir: Path) -> None:
    """Deletes the log in `workdir`: that of a start which ended before its first checkpoint."""
    (workdir / METRICS).unlink(missing_ok=True)
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(workdir / TENSORBOARD)


def _means(lines: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([line[name] for line in lines])) for name in lines[0]}


def _drop_after(path: Path, step: int) -> None:
    kept = [line for line in read_metrics(path.parent) if line["step"] <= step]
    write_whole(path, "".join(json.dumps(line) + "\n" for line in kept))


def clock(seconds: float) -> str:
    """A duration as h:mm:ss or m:ss."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
