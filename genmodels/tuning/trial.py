"""What a trial has in its run's folder besides the run: why it was given up, and where it was begun and never ended."""

import contextlib
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from genmodels.errors import LaterError, UsageError

COLLAPSED, FAILED = "collapsed", "failed"  # why a trial is given up, in <run>/<why>.txt; without that it is tried again
BEGUN = "begun.txt"  # the steps at which the run was begun by workers that never ended
ATTEMPTS = 3  # such workers at one step, before the trial has failed


def folder_of(workdir: Path, chosen: dict[str, Any]) -> Path:
    """Where the run with these values is."""
    text = json.dumps(chosen, sort_keys=True)
    return workdir / f"run-{hashlib.sha256(text.encode()).hexdigest()[:10]}"


def words(chosen: dict[str, Any]) -> str:
    """Values by field, as a line."""
    return ", ".join(f"{name}={shown(chosen[name])}" for name in sorted(chosen))


def shown(value: Any) -> str:
    """A value of a field, short."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def give_up(folder: Path, why: str, reason: str) -> None:
    """Keeps that the run was given up, `why` is COLLAPSED or FAILED, and the reason's first line."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / BEGUN).unlink(missing_ok=True)  # without the text it is a new start
    text = reason.strip().partition("\n")[0]
    (folder / f"{why}.txt").write_text(f"{text}\n", encoding="utf-8", errors="backslashreplace")


def given_up(folder: Path) -> tuple[str, str] | None:
    """Why the run was given up, COLLAPSED or FAILED, and the reason; None if it was not."""
    for why in (COLLAPSED, FAILED):
        with contextlib.suppress(FileNotFoundError):
            return why, (folder / f"{why}.txt").read_text(encoding="utf-8").strip()
    return None


@contextlib.contextmanager
def attempt(folder: Path, step: int) -> Iterator[None]:
    """Around the work on a run that has a checkpoint of `step`; UsageError if too many workers have died at it.

    Dead are those that were killed, as for memory on a CPU, and those that ended in an error of the program. One that
    is interrupted, or that a full disk stops, leaves no trace.
    """
    path = folder / BEGUN
    begun = path.read_text().split() if path.exists() else []
    if begun.count(str(step)) >= ATTEMPTS:
        raise UsageError(f"{ATTEMPTS} workers died at step {step}: were they killed, as for lack of memory?")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(" ".join([*begun, str(step)]))
    try:
        yield
    except (KeyboardInterrupt, LaterError):
        path.unlink()
        raise
    path.unlink()
