"""Where a job of many tasks is, and when it will end."""

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
    """Announces each task of a job, with the time gone and an estimate of the time left."""

    def __init__(self, tasks: Sequence[Task]):
        """`tasks` are all that are still to do, in their order."""
        self._left, self._count = list(tasks), len(tasks)
        self._seconds, self._done = {}, {}  # by phase: spent, and the work that this has done
        self._began = time.monotonic()

    @contextlib.contextmanager
    def task(self, task: Task) -> Iterator[None]:
        """Around one of the tasks; those before it that were not begun are given up."""
        del self._left[: self._left.index(task)]
        gone = clock(time.monotonic() - self._began)
        number = self._count - len(self._left) + 1
        print(f"\n[{number} of {self._count}] {task.name}: {task.phase} | {gone} gone{self._remaining()}", flush=True)
        began = time.monotonic()
        yield
        self._seconds[task.phase] = self._seconds.get(task.phase, 0.0) + time.monotonic() - began
        self._done[task.phase] = self._done.get(task.phase, 0.0) + task.work
        del self._left[0]

    def _remaining(self) -> str:
        """Tasks of a phase are expected to take as long for their work as those that were; '' before the first."""
        known = [task for task in self._left if task.phase in self._done]
        if not known:
            return ""
        left = sum(task.work * self._seconds[task.phase] / self._done[task.phase] for task in known)
        unknown = sorted({task.phase for task in self._left} - self._done.keys())
        return f", about {clock(left)} left" + (f" besides {' and '.join(unknown)}" if unknown else "")
