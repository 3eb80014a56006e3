"""Pictures: three data sources behind one interface, `build(config)`, and the batches of step t in `batches`."""

from typing import NamedTuple

import ml_collections
import numpy as np

from genmodels.data.batches import Draw, batch_at, batches, draws
from genmodels.data.cache import cached
from genmodels.data.crops import CROPS
from genmodels.data.source import Source
from genmodels.data.subsets import sampled
from genmodels.errors import UsageError

__all__ = ["Draw", "Pictures", "batch_at", "batches", "build", "draws", "sampled"]

CHOICES = {
    "name": ("celeb_a", "folder", "synthetic_faces"),
    "split": ("deck", "official"),
    "crop": tuple(CROPS),
    "on_bad": ("error", "skip"),
}


class Pictures(NamedTuple):
    """A data set ready for training: read-only memory maps of uint8 [N, H, W, 3], and what they are."""

    train: np.ndarray
    test: np.ndarray
    name: str  # data set and version, 'celeb_a 2.1.0'
    split: str
    crop: str
    description: str  # one line for logs and tables


def build(config: ml_collections.ConfigDict) -> Pictures:
    """Opens the data set that config.data names, at config.image_size pixels; builds its cache on first use.

    Raises UsageError for wrong fields, missing data and pictures that cannot be used.
    """
    data = config.data
    for field, choices in CHOICES.items():
        if data[field] not in choices:
            raise UsageError(f"data.{field}={data[field]} is unknown: choose one of {', '.join(choices)}")
    size = config.image_size
    source = _source(data, size)
    train, test, skipped = cached(source, cache_dir=data.cache_dir, crop=data.crop, size=size)
    description = (
        f"{source.name}, split {source.split} ({len(train):,} train, {len(test):,} test),"
        f" crop {data.crop}, {size} x {size} px" + (f", {skipped:,} unusable pictures skipped" if skipped else "")
    )
    return Pictures(train, test, source.name, source.split, data.crop, description)


def _source(data: ml_collections.ConfigDict, size: int) -> Source:
    # Each source is imported when it is asked for: tfds takes a second, and a folder does not need it.
    if data.name == "folder":
        from genmodels.data import folder

        return folder.source(data.dir, on_bad=data.on_bad)
    if data.name == "celeb_a":
        from genmodels.data import celeb_a

        return celeb_a.source(data.dir, split=data.split)
    return _synthetic_faces(data.dir, size, data.num_train, data.num_test)


def _synthetic_faces(directory: str, size: int, num_train: int, num_test: int) -> Source:
    for field, number in (("num_train", num_train), ("num_test", num_test)):
        if number < 1:
            raise UsageError(f"data.{field}={number} must be at least 1")
    from genmodels.data import records
    from genmodels.data.synthetic_faces import builder as faces

    folder = records.data_dir(directory)
    try:
        builder = faces.prepare(folder, size, num_train, num_test)
    except OSError as error:
        raise UsageError(
            f"synthetic_faces cannot be drawn into data.dir={folder} ({error.strerror or error})"
        ) from error
    return Source(
        name=f"synthetic_faces {builder.info.version}",  # the version of the drawing
        split="disjoint seeds",
        key={"num_train": num_train, "num_test": num_test},
        train=records.pictures(builder, ["train"]),
        test=records.pictures(builder, ["test"]),
    )
