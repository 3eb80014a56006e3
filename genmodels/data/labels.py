"""What is known of the images of a data set besides their pixels: boolean attributes, kept beside the images' cache."""

import contextlib
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from genmodels.data.cache import SPLITS, Cached, kept
from genmodels.data.source import Attributes, Source

FORMAT = 1  # of the file: increase it when the same key would give other labels


class Labels(NamedTuple):
    """Which attributes each image has: bool [N, A] for both splits, in the order of their images."""

    names: tuple[str, ...]  # [A], each once
    train: np.ndarray
    test: np.ndarray

    @property
    def digest(self) -> str:
        """SHA-256 of the names and of both splits' values."""
        digest = hashlib.sha256(json.dumps(self.names).encode())
        for values in (self.train, self.test):
            digest.update(np.packbits(values).data)
        return digest.hexdigest()


def cached(source: Source, images: Cached) -> Labels | None:
    """The labels of the cached images of `source`, read once and then from <cache>/labels-<hash>.npz; None if it has
    none.

    Skipped images are left out. Raises UsageError if the labels cannot be read or do not match the images.
    """
    if source.attributes is None:
        return None
    counts = {split: len(getattr(images, split)) for split in SPLITS}
    path = _path(images, source.attributes)
    found = _open(path, source.attributes.names, counts)
    if found is None:
        arrays = {split: _present(source, split, images.skipped[split]) for split in SPLITS}
        found = Labels(source.attributes.names, **arrays)
        with contextlib.suppress(OSError):  # a read-only cache: read from the source each time
            _write(path, found)
    return found


def _path(images: Cached, attributes: Attributes) -> Path:
    assert images.train.filename is not None  # it is memory-mapped from one
    identity = json.dumps([FORMAT, attributes.names, attributes.key], sort_keys=True)
    name = f"labels-{hashlib.sha256(identity.encode()).hexdigest()[:10]}.npz"
    return Path(images.train.filename).parent / name


def _present(source: Source, name: str, skipped: Sequence[str]) -> np.ndarray:
    """The values of those images of a split that are in the cache."""
    assert source.attributes is not None
    values = np.asarray(getattr(source.attributes, name)(), bool)
    return values[list(kept(getattr(source, name), skipped).values())] if skipped else values


def _open(path: Path, names: tuple[str, ...], counts: dict[str, int]) -> Labels | None:
    """The labels in a file; None if it is missing, damaged or of other images."""
    try:
        with path.open("rb") as file, np.load(file) as kept_arrays:
            arrays = {split: kept_arrays[split] for split in SPLITS}
    except Exception:  # zipfile and numpy each raise their own for a damaged file
        return None
    fits = all(a.dtype == bool and a.shape == (counts[split], len(names)) for split, a in arrays.items())
    return Labels(names, **arrays) if fits else None


def _write(path: Path, labels: Labels) -> None:
    partial = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with partial.open("wb") as file:
        np.savez_compressed(file, names=np.array(labels.names), train=labels.train, test=labels.test)
    partial.replace(path)
