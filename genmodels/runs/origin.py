"""Where a run's first weights are from, if not from initialisation: a checkpoint of another run."""

import json
from pathlib import Path
from typing import NamedTuple

from genmodels.data import Dataset
from genmodels.errors import UsageError
from genmodels.runs import data
from genmodels.runs.files import write_whole

FILE = "origin.json"  # in the run's folder


class Origin(NamedTuple):
    """The checkpoint at `step` of the run in `folder`."""

    folder: Path
    step: int


def record(workdir: Path, origin: Origin | None, images: Dataset) -> None:
    """Records where a run on `images` begins, None for initialisation; raises OSError when that cannot be written."""
    if origin is None:
        (workdir / FILE).unlink(missing_ok=True)  # of a start that ended before its first checkpoint
        return
    fields = {"run": origin.folder.resolve().name, "step": origin.step, "same_data": data.same(origin.folder, images)}
    write_whole(workdir / FILE, json.dumps(fields, indent=2) + "\n")


def check(workdir: Path, folder: Path) -> None:
    """Raises UsageError if the run in `workdir` did not begin at a checkpoint of the run in `folder`."""
    found = _read(workdir)
    if found is None or found["run"] != folder.resolve().name:
        began = f"from another run, {found['run']}" if found else "from initialisation"
        raise UsageError(
            f"{workdir} holds a run that began {began}, not from --start_from={folder}.\n"
            "Choose another --workdir, or leave --start_from out to resume the run."
        )


def step(workdir: Path) -> int:
    """The step at which a run began, 0 for initialisation. Raises UsageError for a record that cannot be read."""
    found = _read(workdir)
    return found["step"] if found else 0


def name(workdir: Path) -> str | None:
    """The checkpoint at which a run began, as 'run:step'; None for initialisation. Raises UsageError as `step` does."""
    found = _read(workdir)
    return f"{found['run']}:{found['step']}" if found else None


def line(workdir: Path) -> str | None:
    """Where a run began, in words; None for initialisation. Raises UsageError for a record that cannot be read."""
    found = _read(workdir)
    if found is None:
        return None
    words = f"begun at step {found['step']:,} of another run, {found['run']}, from where its seconds count"
    return words if found["same_data"] else f"{words}; that was, or may have been, trained on other images"


def _read(workdir: Path) -> dict | None:
    path = workdir / FILE
    try:
        found = json.loads(path.read_text())
        return {"run": str(found["run"]), "step": int(found["step"]), "same_data": bool(found["same_data"])}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise UsageError(f"{path} cannot be read ({error}): restore it; where the run began is not known.") from error
