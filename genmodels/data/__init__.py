"""Images: data sources behind one interface, `build(config)`, and the batches of step t in `batches`."""

import importlib
import sys
from typing import NamedTuple

import ml_collections
import numpy as np

from genmodels.data import fields, labels
from genmodels.data.batches import Draw, batch_at, batches, draws
from genmodels.data.cache import cached
from genmodels.data.crops import CROPS
from genmodels.data.labels import Labels
from genmodels.data.source import Source
from genmodels.data.subsets import sampled
from genmodels.errors import UsageError

__all__ = ["Dataset", "Draw", "Labels", "batch_at", "batches", "build", "draws", "sampled"]

# By data.name, the module whose function source(config) opens it, imported on first use: tfds takes a second to
# import, and a folder does not need it.
SOURCES = {
    "celeb_a": "genmodels.data.celeb_a",
    "folder": "genmodels.data.folder",
    "synthetic_faces": "genmodels.data.synthetic_faces.source",
}


class Dataset(NamedTuple):
    """A data set ready for training: read-only memory maps of uint8 [N, H, W, 3], and their description."""

    train: np.memmap
    test: np.memmap
    name: str  # data set and version, 'celeb_a 2.1.0'
    split: str
    crop: str
    description: str  # one line for logs and tables
    digest: str  # SHA-256 of the images of both splits, see `contents.measure`
    duplicates: int  # test images whose pixels equal those of a training image
    labels: Labels | None = None  # None: nothing is known of the images


def build(config: ml_collections.ConfigDict) -> Dataset:
    """Opens the data set that config.data names, at config.image_size pixels; builds its cache on first use.

    Prints to stderr, in one line, what the source ignores or guesses. Raises UsageError for wrong fields, missing data,
    images that cannot be used, and labels that do not match the images.
    """
    data, size = config.data, config.image_size
    module = SOURCES[fields.choice(data, "name", SOURCES)]
    if data.labels and data.name != "folder":
        raise UsageError(f"data.labels={data.labels} is for data.name=folder: {data.name} has its own labels.")
    crop = fields.choice(data, "crop", CROPS)
    cache_dir = fields.local(data.cache_dir, "data.cache_dir")
    source = importlib.import_module(module).source(config)
    if source.note:
        print(source.note, file=sys.stderr)
    found = cached(source, cache_dir=cache_dir, crop=crop, size=size)
    counts = {"train": len(found.train), "test": len(found.test)}
    parts = [
        f"{source.name}, split {source.split} ({', '.join(_counted(source, *each) for each in counts.items())})",
        f"crop {crop}",
        f"{size} x {size} px",
    ]
    if found.duplicates:
        parts.append(f"duplicates between train and test: {found.duplicates:,}")
    if skipped := sum(map(len, found.skipped.values())):
        parts.append(f"{skipped:,} unusable images skipped")
    return Dataset(
        train=found.train,
        test=found.test,
        name=source.name,
        split=source.split,
        crop=crop,
        description=", ".join(parts),
        digest=found.digest,
        duplicates=found.duplicates,
        labels=labels.cached(source, found),
    )


def _counted(source: Source, split: str, count: int) -> str:
    """'10,000 train', or '10,000 of 162,770 train' where images of the published split are missing."""
    published = source.published.get(split, count)
    return f"{count:,} {split}" if count == published else f"{count:,} of {published:,} {split}"
