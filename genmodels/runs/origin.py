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


def line(workdir: Path) -> str | None:
    """Where a run began, in words; None for initialisation. Raises UsageError for a record that cannot be read."""
    path = workdir / FILE
    try:
        found = json.loads(path.read_text())
        words = f"begun at step {found['step']:,} of another run, {found['run']}"
        return words if found["same_data"] else f"{words}, which was, or may have been, trained on other images"
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise UsageError(f"{path} cannot be read ({error}): restore it; where the run began is not known.") from error
