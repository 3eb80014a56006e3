"""The uint8 cache: each data set decoded, cropped and resized once, then memory-mapped.

<cache_dir>/<name>-<hash of the key>/train.npy, test.npy    uint8 [N, H, W, 3]
                                     meta.json              the key, the counts, the labels of skipped images, the
                                                            digest of the images, the number of duplicates
                                     labels-<hash>.npz      what is known of the images, see `labels`
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import filelock
import numpy as np
from tqdm import tqdm

from genmodels.data import contents
from genmodels.data.fields import shown
from genmodels.data.listing import some
from genmodels.data.source import Source, Split
from genmodels.data.writer import REMEDY, Written, write
from genmodels.errors import UsageError

FORMAT = 1  # of the cache itself: increase it when the same key would give different pixels
SPLITS = ("train", "test")


class Cached(NamedTuple):
    """The images of both splits as read-only memory maps, uint8 [N, H, W, 3], and what was measured of them."""

    train: np.memmap
    test: np.memmap
    skipped: Mapping[str, list[str]]  # labels of the images that could not be used, by split
    digest: str
    duplicates: int


def cached(source: Source, *, cache_dir: Path, crop: str, size: int) -> Cached:
    """Returns the images of `source`, cropped and resized to `size` pixels; builds their cache if needed.

    One process builds; others wait for its lock and then read the same files. A cache that is truncated or of another
    format is rebuilt. Raises UsageError for an unusable image, a full disk or a folder that cannot be written.
    """
    found = _opened_or_built(source, cache_dir, crop, size)
    if not source.skip_bad and (bad := [shown(label) for labels in found.skipped.values() for label in labels]):
        raise UsageError(  # the cache was built with data.on_bad=skip
            f"{source.name}: {len(bad):,} images cannot be used ({some(bad)}).\n{REMEDY}"
        )
    return found


def _opened_or_built(source: Source, cache_dir: Path, crop: str, size: int) -> Cached:
    key = {"format": FORMAT, "name": source.name, "split": source.split, "crop": crop, "size": size, **source.key}
    key = json.loads(json.dumps(key))  # as it reads back from meta.json
    folder = cache_dir / _folder_name(key)
    if found := _open(folder, key, source):
        return found
    with _disk_errors(folder.parent), _lock(folder):
        if found := _open(folder, key, source):  # another process built it while this one waited
            return found
        _build(folder, key, source)
    if found := _open(folder, key, source):
        return found
    raise UsageError(f"{folder} was written but cannot be read back: check the disk or change data.cache_dir")


def _folder_name(key: Mapping) -> str:
    # The format is left out, so that a cache of another format is replaced rather than left behind.
    identity = json.dumps({k: v for k, v in key.items() if k != "format"}, sort_keys=True)
    readable = re.sub(r"[^\w.]+", "_", f"{key['name']} {key['split']} {key['crop']} {key['size']}").strip("_")
    readable = readable.encode()[:200].decode(errors="ignore")  # of the 255 bytes that a file's name may have
    return f"{readable}-{hashlib.sha256(identity.encode()).hexdigest()[:10]}"


def _open(folder: Path, key: Mapping, source: Source) -> Cached | None:
    """Maps a complete cache of this key into memory; None if there is none."""
    try:
        meta = json.loads((folder / "meta.json").read_text())
        if meta["key"] != key:
            return None
        if any(meta.get("skipped", {}).values()):  # of an earlier revision: paths, and one may fit two images
            return None
        meta.setdefault("left_out", {split: [] for split in SPLITS})
        arrays = {}
        for split in SPLITS:
            array = np.lib.format.open_memmap(folder / f"{split}.npy", mode="r")  # refuses a file that is too short
            if array.dtype != np.uint8 or array.shape != (meta["counts"][split], key["size"], key["size"], 3):
                return None
            arrays[split] = array
        if "digest" not in meta:
            meta |= _contents(arrays, source)._asdict()
            with contextlib.suppress(OSError):  # a read-only cache is measured each time
                _write_meta(folder, meta)
        return Cached(**arrays, skipped=meta["left_out"], digest=meta["digest"], duplicates=meta["duplicates"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def _contents(arrays: Mapping[str, np.ndarray], source: Source) -> contents.Contents:
    """Measures a cache of an earlier revision, which kept no digest; rebuilding it would give the same numbers.

    Raises ValueError if it does not hold the images that the source lists.
    """
    splits = {}
    for name, array in arrays.items():
        bar = tqdm(array, desc=f"{source.name} {name}, digest", unit=" images", delay=2.0)
        splits[name] = contents.labelled(kept(getattr(source, name), []), bar)
    return contents.measure(splits)


def kept(split: Split, skipped: Sequence[str]) -> dict[str, int]:
    """The labels of the images of a split without those `skipped`, each with its place in the split."""
    left_out = {*skipped}
    return {label: i for i in range(split.length) if (label := split.label(i)) not in left_out}


def _write_meta(folder: Path, meta: Mapping) -> None:
    partial = folder / f"meta.json.{os.getpid()}.tmp"
    partial.write_text(json.dumps(meta, indent=1))
    partial.replace(folder / "meta.json")


@contextlib.contextmanager
def _lock(folder: Path) -> Iterator[None]:
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(f"{folder}.lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        print(f"waiting for another process that is building {folder}", file=sys.stderr)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _disk_errors(cache_dir: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"the image cache cannot be written in {cache_dir} ({error.strerror or error}):"
            " set data.cache_dir to a writable folder with enough space"
        ) from error


def _build(folder: Path, key: Mapping, source: Source) -> None:
    """Writes the cache into a temporary folder, then renames it; the caller holds the lock."""
    temporary = folder.with_name(f"{folder.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)  # left by a builder that was killed
    shutil.rmtree(folder, ignore_errors=True)  # truncated or of another format
    _check_room(folder.parent, key["size"], source)
    temporary.mkdir()
    try:
        written = {name: write(temporary / f"{name}.npy", source, name, key["crop"], key["size"]) for name in SPLITS}
        images = {name: of.images for name, of in written.items()}
        meta = {
            "key": key,
            "counts": {name: len(of) for name, of in images.items()},
            "left_out": {name: list(of.skipped) for name, of in written.items()},
        }
        _write_meta(temporary, meta | contents.measure(images)._asdict())
        temporary.rename(folder)
        _say(source, written)
    except BaseException:  # nothing half-made is left behind, even by an interrupt
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _say(source: Source, written: Mapping[str, Written]) -> None:
    """Prints, once per cache, what its images lost in preparation and which are missing."""
    total = sum(len(of.images) for of in written.values())
    for loss, count in sum((of.losses for of in written.values()), Counter()).items():
        print(f"{source.name}: {count:,} of {total:,} images are {loss}", file=sys.stderr)
    if skipped := [name for of in written.values() for name in of.skipped.values()]:
        print(f"{source.name}: skipped {len(skipped):,} images that cannot be used ({some(skipped)})", file=sys.stderr)


def _check_room(cache_dir: Path, size: int, source: Source) -> None:
    needed = (source.train.length + source.test.length) * size * size * 3
    free = shutil.disk_usage(cache_dir).free
    if needed > free:
        raise UsageError(
            f"the image cache needs {needed / 1e9:.1f} GB in {cache_dir}, where {free / 1e9:.1f} GB are free:"
            " set data.cache_dir to a folder with more space"
        )
