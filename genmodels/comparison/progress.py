"""The progress of a job of many tasks, and an estimate of the time left."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from genmodels.runs.logs import clock


class Task(NamedTuple):
    """`work` is in units that take about the same time in all tasks of one phase."""

    name: str
    phase: str
    work: float


class Progress:
    """Announces each task of a job, with the time elapsed and an estimate of the time left."""

    def __init__(self, tasks: Sequence[Task]):
        """`tasks`: all that remain to be done, in order."""
        self._left, self._count = list(tasks), len(tasks)
        self._seconds, self._done = {}, {}  # by phase: seconds spent, and work done in them
        self._began = time.monotonic()

    @contextlib.contextmanager
    def task(self, task: Task) -> Iterator[None]:
        """Context of one task; earlier ones that were not begun are dropped."""
        del self._left[: self._left.index(task)]
        elapsed = clock(time.monotonic() - self._began)
        number = self._count - len(self._left) + 1
        print(
            f"\n[{number} of {self._count}] {task.name}: {task.phase} | {elapsed} elapsed{self._remaining()}",
            flush=True,
        )
        began = time.monotonic()
        yield
        self._seconds[task.phase] = self._seconds.get(task.phase, 0.0) + time.monotonic() - began
        self._done[task.phase] = self._done.get(task.phase, 0.0) + task.work
        del self._left[0]

    def _remaining(self) -> str:
        """Assumes the same time per unit of work within a phase; '' while no phase is known."""
        known = [task for task in self._left if task.phase in self._done]
        if not known:
            return ""
        left = sum(task.work * self._seconds[task.phase] / self._done[task.phase] for task in known)
        unknown = sorted({task.phase for task in self._left} - self._done.keys())
        return f", about {clock(left)} left" + (f" without {' and '.join(unknown)}" if unknown else "")
