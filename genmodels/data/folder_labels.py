"""The attributes of a folder of images: of the table data.labels, or by one level of class folders."""

from functools import partial
from pathlib import PurePosixPath

import numpy as np

from genmodels.data import fields, label_table
from genmodels.data.division import Division
from genmodels.data.listing import some
from genmodels.data.source import Attributes

MOST_CLASSES = 100  # of more, hardly one would have the hundredth of the images that a probe takes


def find(labels: str, division: Division) -> Attributes | None:
    """The attributes of the images of a division, None if there are none; notes for the user go to division.notes.

    Raises UsageError for a table that cannot be read.
    """
    if labels:
        return _of_table(labels, division)
    classes = {side: _classes(getattr(division, side), division.split == "folders") for side in ("train", "test")}
    names = sorted({*classes["train"], *classes["test"]})
    if "" in names or len(names) < 2:
        return None
    if len(names) > MOST_CLASSES:
        division.notes.append(f"{len(names):,} folders are too many to be classes: images have no labels")
        return None
    division.notes.append(f"its folders are read as classes: {len(names)} ({some(names)})")

    def of(side: str) -> np.ndarray:
        return np.array(classes[side])[:, None] == np.array(names)[None]

    return Attributes(tuple(names), "folders", train=partial(of, "train"), test=partial(of, "test"))


def _classes(files: list[str], split_by_folders: bool) -> list[str]:
    """The class folder of each file, '' for one that is not in a folder of the one level."""
    parents = [PurePosixPath(file).parts[int(split_by_folders) : -1] for file in files]
    return [parts[0] if len(parts) == 1 else "" for parts in parents]


def _of_table(labels: str, division: Division) -> Attributes:
    table = label_table.read(fields.local(labels, "data.labels"))
    files = {*division.train, *division.test}
    listed = files | {file.rpartition("/")[2] for file in files}
    if rest := [name for name in table.rows if name not in listed]:
        division.notes.append(f"data.labels lists files that are not there: {len(rest):,} ({some(rest)})")
    table.lines([*division.train, *division.test])  # at once: a line may be that of one image in each split
    return Attributes(
        table.names, table.sha256, train=partial(table.of, division.train), test=partial(table.of, division.test)
    )
