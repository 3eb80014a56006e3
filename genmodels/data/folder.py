"""A folder of JPEG, PNG and WebP pictures."""

import hashlib
import os
from pathlib import Path

import ml_collections
import numpy as np

from genmodels.data import fields
from genmodels.data.decoding import decode
from genmodels.data.source import Source, Split
from genmodels.errors import UsageError

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
SPLIT_SEED = 0  # fixed, so that runs with different seeds are tested on the same pictures


def source(config: ml_collections.ConfigDict) -> Source:
    """Opens the folder data.dir and all below it: train/ and test/ where both exist, else a seeded tenth is for test.

    Other files and hidden ones are ignored. data.on_bad: 'error' stops at a picture that cannot be used, 'skip' counts
    it. Raises UsageError for a folder that is missing or holds too few pictures.
    """
    on_bad = fields.choice(config.data, "on_bad", ("error", "skip"))
    root = fields.local(config.data.dir, "data.dir")
    if not root.is_dir():
        raise UsageError(f"data.dir={root} is not a folder: set it to the folder that holds the pictures")
    if (root / "train").is_dir() and (root / "test").is_dir():
        split, (train, test) = "folders", (_pictures(root / "train", 1), _pictures(root / "test", 1))
    else:
        split, (train, test) = "tenth", _tenth(_pictures(root, 2))
    return Source(
        name=f"folder {root.name}",
        split=split,
        key={"fingerprint": _fingerprint(root, train + test)},
        train=_split(root, train),
        test=_split(root, test),
        skip_bad=on_bad == "skip",
    )


def _pictures(folder: Path, least: int) -> list[Path]:
    """Lists the pictures below a folder in the order of their relative names."""
    found = []
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith((".", "__MACOSX"))]
        found += [Path(parent, n) for n in files if n.lower().endswith(SUFFIXES) and not n.startswith(".")]
    if len(found) < least:
        raise UsageError(
            f"{folder} holds {len(found)} JPEG, PNG or WebP pictures, at least {least} are needed: check data.dir"
        )
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def _tenth(paths: list[Path]) -> tuple[list[Path], list[Path]]:
    """Splits off a seeded tenth of the pictures, at least one, for testing."""
    order = np.random.default_rng(SPLIT_SEED).permutation(len(paths))
    tested = set(order[: max(1, len(paths) // 10)].tolist())
    return [p for i, p in enumerate(paths) if i not in tested], [p for i, p in enumerate(paths) if i in tested]


def _fingerprint(root: Path, paths: list[Path]) -> str:
    """Hashes names, sizes and times of change: files that change are decoded anew."""
    digest = hashlib.sha256()
    for path in paths:
        try:
            status = path.stat()
            state = status.st_size, status.st_mtime_ns
        except OSError:  # a link to nowhere: reported, or skipped, when it is read
            state = None
        digest.update(repr((path.relative_to(root).as_posix(), state)).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _split(root: Path, paths: list[Path]) -> Split:
    return Split(
        len(paths),
        read=lambda i: decode(paths[i], upright=True),
        name=lambda i: str(paths[i]),
        label=lambda i: paths[i].relative_to(root).as_posix(),
    )
