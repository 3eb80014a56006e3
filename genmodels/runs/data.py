"""The images that a run is trained on, identified by their digest and counts."""

import json
from pathlib import Path
from typing import Any

from genmodels.data import Dataset
from genmodels.errors import UsageError
from genmodels.runs.files import write_whole

FILE = "data.json"  # in the run's folder


def record(workdir: Path, images: Dataset) -> None:
    """Records what a run is trained on; raises OSError when that cannot be written."""
    fields = {"digest": images.digest, **_numbers(images), "description": images.description}
    write_whole(workdir / FILE, json.dumps(fields, indent=2) + "\n")


def same(workdir: Path, images: Dataset) -> bool | None:
    """Whether a run was trained on these images; None where it is not recorded, as in runs of earlier revisions.

    Raises UsageError for a record that cannot be read.
    """
    recorded = _read(workdir)
    return None if recorded is None else recorded["digest"] == images.digest


def description(workdir: Path) -> str | None:
    """What a run is trained on, in one line; None where it is not recorded. Raises UsageError as `same` does."""
    return (_read(workdir) or {}).get("description")


def check(workdir: Path, images: Dataset) -> None:
    """Raises UsageError if a run was trained on other images; prints a note if that is not known."""
    recorded = _read(workdir)
    if recorded is None:
        print(f"data not checked: {workdir} was made before runs recorded what they are trained on", flush=True)
    elif recorded["digest"] != images.digest:
        before, now = ("{train:,} train and {test:,} test".format(**each) for each in (recorded, _numbers(images)))
        raise UsageError(
            f"{workdir} was trained on other images: {before} then, {now} now"
            + (", with different content.\n" if before == now else ".\n")
            + "Give config.data the images it was trained on, or choose another --workdir."
        )


def _numbers(images: Dataset) -> dict[str, int]:
    return {"train": len(images.train), "test": len(images.test)}


def _read(workdir: Path) -> dict[str, Any] | None:
    path = workdir / FILE
    try:
        recorded = json.loads(path.read_text())
        return {name: recorded[name] for name in ("digest", "train", "test")} | recorded
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise UsageError(f"{path} cannot be read ({error}): restore it; data cannot be checked without it.") from error
