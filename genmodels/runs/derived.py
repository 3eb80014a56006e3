"""Files that are derived from a checkpoint's weights, and removed with it: <folder>/<step>.npz in a run's folder."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np

from genmodels.errors import UsageError

T = TypeVar("T")
DENSITIES = "densities"  # of codes, by launch.evaluate
ATTRIBUTES = "attributes"  # vectors of codes, likewise
FOLDERS = (DENSITIES, ATTRIBUTES)


def path(workdir: Path, folder: str, step: int) -> Path:
    """Where such a file of the checkpoint at `step` is."""
    return Path(workdir) / folder / f"{step}.npz"


def read(
    path: Path,
    parse: Callable[[Mapping[str, np.ndarray]], T],
    remedy: str = "delete it and run launch.evaluate again",
) -> T | None:
    """`parse` of the arrays in such a file, by name; None where there is no file, UsageError for a damaged one."""
    try:
        with path.open("rb") as file, np.load(file) as arrays:
            return parse(arrays)
    except FileNotFoundError:
        return None
    except Exception as error:  # numpy, zipfile and zlib each raise their own
        raise UsageError(f"{path} cannot be read ({error}): {remedy}.") from error


def remove_others(workdir: Path, steps: Collection[int]) -> None:
    """Removes those of checkpoints that are not at one of `steps`."""
    kept = {str(step) for step in steps}
    for folder in FOLDERS:
        for file in (workdir / folder).glob("*.npz"):
            if file.stem not in kept:
                file.unlink(missing_ok=True)
