"""What a trial keeps in its run's folder besides the run: why it was given up, and at which steps workers died."""

import contextlib
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from genmodels.errors import LaterError, UsageError

COLLAPSED, FAILED = "collapsed", "failed"  # why a trial was given up, in <run>/<why>.txt; if deleted, it is tried again
BEGUN = "begun.txt"  # the steps at which workers that died had started or resumed the run
ATTEMPTS = 3  # such workers at one step, after which the trial has failed


def folder_of(workdir: Path, chosen: dict[str, Any]) -> Path:
    """The folder of the run with these values."""
    text = json.dumps(chosen, sort_keys=True)
    return workdir / f"run-{hashlib.sha256(text.encode()).hexdigest()[:10]}"


def words(chosen: dict[str, Any]) -> str:
    """Values by field, as a line."""
    return ", ".join(f"{name}={shown(chosen[name])}" for name in sorted(chosen))


def shown(value: Any) -> str:
    """A value of a field, short."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def give_up(folder: Path, why: str, reason: str) -> None:
    """Records that the run was given up: `why`, COLLAPSED or FAILED, and the first line of the reason."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / BEGUN).unlink(missing_ok=True)  # once the text is deleted, attempts are counted anew
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
    """Context of work on a run with a checkpoint of `step`; UsageError if too many workers have died at it.

    A worker has died if it was killed, for example for lack of memory on a CPU, or ended in a bug of the program. One
    that is interrupted, or stopped by a full disk, leaves no trace.
    """
    path = folder / BEGUN
    begun = path.read_text().split() if path.exists() else []
    if begun.count(str(step)) >= ATTEMPTS:
        raise UsageError(f"{ATTEMPTS} workers died at step {step}: were they killed, perhaps for lack of memory?")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(" ".join([*begun, str(step)]))
    try:
        yield
    except (KeyboardInterrupt, LaterError):
        path.unlink()
        raise
    path.unlink()
