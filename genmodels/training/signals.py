"""When a run is to end early: SIGINT and SIGTERM, with several processes at a step that all of them agree on."""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator

import jax
from jax.experimental import multihost_utils

Stopping = Callable[[int], bool]
"""The number of a call of a step -> whether to save and end after it; asked after each call."""


@contextlib.contextmanager
def stopping() -> Iterator[Stopping]:
    """Listens for signals, and tells after which call of a step a run is to end."""
    if jax.process_count() > 1:
        # jax.distributed has taken SIGTERM for itself, tells the others, and finds a number that none has passed.
        yield multihost_utils.reached_preemption_sync_point
    else:
        with caught() as received:
            yield lambda number: bool(received)


@contextlib.contextmanager
def caught() -> Iterator[list[int]]:
    """A list that SIGINT and SIGTERM add themselves to; a second signal acts as it would without us."""
    received, previous = [], {}

    def note(number, _):
        received.append(number)
        # Not by print: the signal may have come in the middle of one.
        os.write(1, f"{signal.Signals(number).name}: saves after this step and ends; once more ends at once\n".encode())
        for each, handler in previous.items():
            signal.signal(each, handler)

    with contextlib.suppress(ValueError):  # signals are the main thread's; elsewhere training runs without
        for number in (signal.SIGINT, signal.SIGTERM):
            previous[number] = signal.signal(number, note)
    try:
        yield received
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
