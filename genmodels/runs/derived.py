"""Files that are derived from a checkpoint's weights, and removed with it: <folder>/<step>.npz in a run's folder."""

from collections.abc import Collection
from pathlib import Path

DENSITIES = "densities"  # of codes, by launch.evaluate
ATTRIBUTES = "attributes"  # vectors of codes, likewise
FOLDERS = (DENSITIES, ATTRIBUTES)


def path(workdir: Path, folder: str, step: int) -> Path:
    """Where such a file of the checkpoint at `step` is."""
    return Path(workdir) / folder / f"{step}.npz"


def remove_others(workdir: Path, steps: Collection[int]) -> None:
    """Removes those of checkpoints that are not at one of `steps`."""
    kept = {str(step) for step in steps}
    for folder in FOLDERS:
        for file in (workdir / folder).glob("*.npz"):
            if file.stem not in kept:
                file.unlink(missing_ok=True)
