"""SIGINT and SIGTERM, which end a run cleanly."""

import contextlib
import os
import signal
from collections.abc import Iterator


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
