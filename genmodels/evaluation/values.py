"""The values behind an evaluation's means, of each image, pair or set: an .npz file beside its JSON."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from genmodels.runs import files

BUDGET = "budget"  # key of the budget, as JSON: the values belong to the evaluation with the same one


def path(report: Path) -> Path:
    """The file of the values that belong to an evaluation's JSON file."""
    return report.with_suffix(".npz")


def write(report: Path, values: dict[str, np.ndarray], budget: dict[str, Any]) -> None:
    """Keeps values by '<row> <measure>' beside the JSON file `report`; raises OSError."""
    files.write_arrays(path(report), {BUDGET: np.array(json.dumps(budget)), **values})


def read(report: Path, budget: dict[str, Any]) -> dict[str, np.ndarray]:
    """The values that belong to an evaluation with this budget; {} if they were not kept, or cannot be read."""
    try:
        with path(report).open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            kept = {name: file[name] for name in file.files}
        return kept if json.loads(str(kept.pop(BUDGET))) == budget else {}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return {}
