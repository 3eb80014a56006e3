"""What this program itself has written into a folder of images: its grids and figures are no training data."""

import os
import re
from collections.abc import Collection
from pathlib import Path

# What lies in a folder that is a run's or a study's and holds the user's images besides; names relative to it.
OF_RUN = re.compile(
    r"(checkpoints|damaged|eval|figures|tensorboard)/|images/(samples|reconstructions)_\d+\.png$|samples-\d+\.png$"
)
OF_STUDY = re.compile(r"(cells|heat|front)\.png$")


def kind(names: Collection[str]) -> str | None:
    """Tells from the names in a folder whether it is that of a run, a study or a comparison's report."""
    if "config.json" in names and ("checkpoints" in names or "metrics.jsonl" in names):
        return "run"
    if "study.log" in names or "study.lock" in names:
        return "study"
    if "report.json" in names and ("index.html" in names or "plans" in names):
        return "report"
    return None


def written_into(root: Path):
    """Returns a function that tells of a name relative to `root` whether this program wrote it, right in its midst.

    That is so where `root` is the folder of a run or a study itself, or the folder of images in that of a run.
    """
    patterns = [("", pattern) for name, pattern in (("run", OF_RUN), ("study", OF_STUDY)) if _kind(root) == name]
    if root.name == "images" and _kind(root.parent) == "run":
        patterns.append(("images/", OF_RUN))
    return lambda name: any(pattern.match(prefix + name) for prefix, pattern in patterns)


def _kind(folder: Path) -> str | None:
    try:
        return kind(os.listdir(folder))
    except OSError:
        return None
