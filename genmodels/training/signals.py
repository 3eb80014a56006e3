"""When a run is to end early: at a signal, with several processes after a call that all of them agree on."""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator

import jax
from jax.experimental import multihost_utils

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # the last of them when a terminal is closed

Stopping = Callable[[int, bool], bool]
"""(number of a call of a step, whether this process wants to end) -> whether all do; asked after each call."""


@contextlib.contextmanager
def stopping() -> Iterator[Stopping]:
    """Listens for signals, and tells after which call of a step a run is to save and end."""
    if jax.process_count() == 1:
        with caught(ENDING) as received:
            yield lambda number, wanted: wanted or bool(received)
        return

    # jax.distributed has taken SIGTERM for itself, tells the others, and finds a number that none has passed.
    with caught([number for number in ENDING if number != signal.SIGTERM]) as received:
        asked = []

        def agreed(number: int, wanted: bool) -> bool:
            if (wanted or received) and not asked:
                asked.append(number)
                os.kill(os.getpid(), signal.SIGTERM)
            return multihost_utils.reached_preemption_sync_point(number)

        yield agreed


@contextlib.contextmanager
def caught(numbers: tuple[int, ...] | list[int]) -> Iterator[list[int]]:
    """A list that these signals add themselves to; a second signal acts as it would without us.

    One that is ignored, as SIGHUP under nohup, stays so.
    """
    received, previous = [], {}

    def note(number, _):
        received.append(number)
        # Not by print: the signal may have come in the middle of one.
        with contextlib.suppress(OSError):  # the terminal is closed
            text = f"{signal.Signals(number).name}: saves after this step and ends; once more ends at once\n"
            os.write(1, text.encode())
        for each, handler in previous.items():
            signal.signal(each, handler)

    with contextlib.suppress(ValueError):  # signals are the main thread's; elsewhere training runs without
        for number in numbers:
            if signal.getsignal(number) is not signal.SIG_IGN:
                previous[number] = signal.signal(number, note)
    try:
        yield received
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
