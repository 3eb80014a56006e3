"""One training at a time in a run's folder.

The operating system releases a lock when its process ends. On some shared file systems, however, locks hold only
within one host, so the holder also writes its name beside the lock, with a counter that it keeps incrementing. A
process that gets the lock but finds another host's name watches that counter before taking the folder.
"""

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import filelock

from genmodels.errors import LaterError
from genmodels.runs.files import write_whole

LOCK, HOLDER = ".lock", "holder.json"  # in the run's folder
BEAT = 10.0  # seconds between heartbeats
PATIENCE = 3  # missed heartbeats after which a holder counts as dead


class Holder(NamedTuple):
    """A process that trains in a folder, and how many heartbeats it has written."""

    host: str
    pid: int
    beats: int

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


@contextlib.contextmanager
def held(workdir: Path) -> Iterator[None]:
    """Holds a run's folder, which exists, for this process.

    Raises LaterError, naming the holder, when another process trains in it; OSError when it cannot be written.
    """
    lock = filelock.FileLock(workdir / LOCK)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise _refusal(workdir, _read(workdir)) from None
    try:
        _wait_for_another_host(workdir)
        with _signs_of_life(workdir):
            yield
    finally:
        lock.release()


@contextlib.contextmanager
def _signs_of_life(workdir: Path) -> Iterator[None]:
    ended, this = threading.Event(), Holder(socket.gethostname(), os.getpid(), 0)

    def beat() -> None:
        holder = this
        while not ended.wait(BEAT):
            holder = holder._replace(beats=holder.beats + 1)
            with contextlib.suppress(OSError):  # a full disk may have room again at the next beat
                _write(workdir, holder)

    _write(workdir, this)
    thread = threading.Thread(target=beat, name="signs of life", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        with contextlib.suppress(OSError):
            (workdir / HOLDER).unlink(missing_ok=True)


def _wait_for_another_host(workdir: Path) -> None:
    """Raises LaterError if a process on another host is alive; on this host the lock itself shows that."""
    found = _read(workdir)
    if found is None or found.host == socket.gethostname():
        return
    print(f"{found} held {workdir} and may be alive: waiting {PATIENCE * BEAT:.0f} s for a sign of it", flush=True)
    deadline = time.monotonic() + PATIENCE * BEAT
    while time.monotonic() < deadline:
        time.sleep(BEAT / 10)
        now = _read(workdir)
        if now is None:  # it has ended
            return
        if now != found:
            raise _refusal(workdir, now)


def _refusal(workdir: Path, holder: Holder | None) -> LaterError:
    return LaterError(
        f"{workdir} is being trained by {holder or 'another process'}.\n"
        "Wait for it to end, stop it, or choose another --workdir."
    )


def _write(workdir: Path, holder: Holder) -> None:
    write_whole(workdir / HOLDER, json.dumps(holder._asdict()) + "\n")


def _read(workdir: Path) -> Holder | None:
    try:
        return Holder(**json.loads((workdir / HOLDER).read_text()))
    except (OSError, ValueError, TypeError):
        return None
