"""Images: data sources behind one interface, `build(config)`, and the batches of step t in `batches`."""

import importlib
import sys
from typing import NamedTuple

import ml_collections
import numpy as np

from genmodels.data import fields
from genmodels.data.batches import Draw, batch_at, batches, draws
from genmodels.data.cache import cached
from genmodels.data.crops import CROPS
from genmodels.data.subsets import sampled

__all__ = ["Draw", "Images", "batch_at", "batches", "build", "draws", "sampled"]

# By data.name, the module whose function source(config) opens it. It is imported when it is asked for: tfds takes a
# second, and a folder does not need it.
SOURCES = {
    "celeb_a": "genmodels.data.celeb_a",
    "folder": "genmodels.data.folder",
    "synthetic_faces": "genmodels.data.synthetic_faces.source",
}


class Dataset(NamedTuple):
    """A data set ready for training: read-only memory maps of uint8 [N, H, W, 3], and what they are."""

    train: np.memmap
    test: np.memmap
    name: str  # data set and version, 'celeb_a 2.1.0'
    split: str
    crop: str
    description: str  # one line for logs and tables
    digest: str  # SHA-256 of the images of both splits, see `contents.measure`
    duplicates: int  # test images whose pixels equal those of a training image


def build(config: ml_collections.ConfigDict) -> Dataset:
    """Opens the data set that config.data names, at config.image_size pixels; builds its cache on first use.

    What the source ignores or guesses goes to stderr in one line. Raises UsageError for wrong fields, missing data and
    images that cannot be used.
    """
    data, size = config.data, config.image_size
    module = SOURCES[fields.choice(data, "name", SOURCES)]
    crop = fields.choice(data, "crop", CROPS)
    cache_dir = fields.local(data.cache_dir, "data.cache_dir")
    source = importlib.import_module(module).source(config)
    if source.note:
        print(source.note, file=sys.stderr)
    found = cached(source, cache_dir=cache_dir, crop=crop, size=size)
    parts = [
        f"{source.name}, split {source.split} ({len(found.train):,} train, {len(found.test):,} test)",
        f"crop {crop}",
        f"{size} x {size} px",
    ]
    if found.duplicates:
        parts.append(f"duplicates between train and test: {found.duplicates:,}")
    if found.skipped:
        parts.append(f"{found.skipped:,} unusable images skipped")
    return Dataset(
        train=found.train,
        test=found.test,
        name=source.name,
        split=source.split,
        crop=crop,
        description=", ".join(parts),
        digest=found.digest,
        duplicates=found.duplicates,
    )
