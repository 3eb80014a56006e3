"""Ending a run early on a signal; several processes agree on the call after which they all stop."""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator

import jax
from jax.experimental import multihost_utils

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # the last of them when a terminal is closed

Stopping = Callable[[int, bool], bool]
"""(number of the call, whether this process wants to end) -> whether all should; called after each call of a step."""


@contextlib.contextmanager
def stopping() -> Iterator[Stopping]:
    """Listens for signals, and decides after which call of a step the run saves and ends."""
    if jax.process_count() == 1:
        with caught(ENDING) as received:
            yield lambda number, wanted: wanted or bool(received)
        return

    # jax.distributed handles SIGTERM itself: it notifies the others and finds a call that none of them has passed.
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
    """A list to which these signals are appended; a second signal has its usual effect.

    A signal that is ignored, such as SIGHUP under nohup, stays ignored.
    """
    received, previous = [], {}

    def note(number, _):
        received.append(number)
        # Not with print: the signal may have interrupted one.
        with contextlib.suppress(OSError):  # the terminal is closed
            text = f"{signal.Signals(number).name}: saving after this step, then stopping; repeat to stop at once\n"
            os.write(1, text.encode())
        for each, handler in previous.items():
            signal.signal(each, handler)

    with contextlib.suppress(ValueError):  # only the main thread can handle signals; training elsewhere does without
        for number in numbers:
            if signal.getsignal(number) is not signal.SIG_IGN:
                previous[number] = signal.signal(number, note)
    try:
        yield received
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
