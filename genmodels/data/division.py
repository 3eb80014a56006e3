"""Which images of a folder are for training and which for test."""

import hashlib
import os
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from genmodels.data.decoding import KNOWN
from genmodels.data.listing import Ignored, images_below, some
from genmodels.errors import UsageError

OLD_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
SUFFIXES = (*OLD_SUFFIXES, ".jpe", ".jfif", ".gif", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".pnm", ".avif")
OLD_SIDES = {"train": "train", "test": "test"}
SIDES = {
    **OLD_SIDES,
    **{"training": "train", "testing": "test"},
    **dict.fromkeys(("val", "valid", "validation"), "validation"),
}
SPLIT_SEED = 0  # fixed, so that runs with different seeds are tested on the same images


class Division(NamedTuple):
    """Relative names of the images of both splits, what the division is called, and what to say about it."""

    split: str
    train: list[str]
    test: list[str]
    notes: list[str]


class Rule(NamedTuple):
    """Which files of a folder are its images, and how they are divided."""

    suffixes: tuple[str, ...]
    follows: bool  # links to folders
    side: Callable[[str], str | None]  # train, test or validation, by the name of a folder
    tenth: Callable[[list[str]], Division]


def divide(root: Path, rule: Rule) -> Division:
    """Divides the images below a folder: by its train/ and test/ where it has both, else a tenth is for test.

    Raises UsageError for a folder that cannot be read and for too few images.
    """
    try:
        tops = sorted(os.listdir(root))
    except OSError as error:
        raise UsageError(f"data.dir={root} cannot be read ({error.strerror})") from error
    sides = {name: side for name in tops if (side := rule.side(name)) and (root / name).is_dir()}
    by_folders = "train" in sides.values() and len({*sides.values()}) > 1
    names, ignored = images_below(
        root, suffixes=rule.suffixes, follows=lambda name: rule.follows or (by_folders and name in sides)
    )
    if by_folders:
        division = _by_folders(root, names, ignored, sides)
    else:
        _check(root, names, 2, ignored)
        division = rule.tenth(names)
        if sides:
            division.notes.append(f"{some(sides)} without the other split: a tenth of all images is for test")
        if mixed := {folder for name in names for folder in _splits_below(name, rule)}:
            division.notes.append(f"folders named like splits lie deeper and are mixed: {len(mixed)} ({some(mixed)})")
    division.notes.extend(f"ignored {words}" for words in ignored.words())
    return division


def _by_folders(root: Path, names: list[str], ignored: Ignored, sides: Mapping[str, str]) -> Division:
    """Divides names by the folders they lie in, which are those of `sides`; validation stands in for a missing test."""
    groups = {"train": [], "test": [], "validation": [], None: []}
    for name in names:
        groups[sides.get(name.partition("/")[0])].append(name)
    tested = "test" if "test" in sides.values() else "validation"
    for side in ("train", tested):
        _check(root / next(name for name, of in sides.items() if of == side), groups[side], 1, ignored)
    notes = []
    if tested == "validation":
        notes.append(f"{some(name for name, side in sides.items() if side == tested)} is the test split")
    if rest := [name for side, group in groups.items() if side not in ("train", tested) for name in group]:
        places = {name.partition("/")[0] for name in rest}
        notes.append(f"ignored images outside of both splits: {len(rest):,} ({some(places)})")
    return Division("folders", groups["train"], groups[tested], notes)


def _splits_below(name: str, rule: Rule) -> Iterator[str]:
    """Iterates over the folders around an image, below the top, that are named like a split."""
    parts = name.split("/")
    return ("/".join(parts[: n + 1]) for n in range(1, len(parts) - 1) if rule.side(parts[n]))


def _check(folder: Path, names: list[str], least: int, ignored: Ignored) -> None:
    if len(names) < least:
        there = "; ".join(ignored.words())
        raise UsageError(
            f"{folder} holds {len(names)} {KNOWN} images, at least {least} are needed: check data.dir"
            + (f"\nIgnored {there}" if there else "")
        )


def _by_hash(names: list[str]) -> Division:
    """Takes for test the names whose SHA-256 lies in the lowest tenth: which side a file is on depends on no other.

    Where that would leave a split empty, the name with the lowest hash is for test, that with the highest for training.
    """
    places = {name: _hash(name) for name in names}
    tested, notes = {name for name, place in places.items() if place < 0.1}, []
    if not tested:
        tested = {min(places, key=places.__getitem__)}
        notes.append(f"no name falls into the tenth for test, so {some(tested)} is taken")
    elif len(tested) == len(names):
        last = max(places, key=places.__getitem__)
        tested.remove(last)
        notes.append(f"all names fall into the tenth for test, so {some([last])} is taken for training")
    train, test = [n for n in names if n not in tested], [n for n in names if n in tested]
    return Division("hashed tenth", train, test, notes)


def _hash(name: str) -> float:
    """Returns a number in [0, 1) from a name, the same whichever way a file system writes its accents."""
    text = unicodedata.normalize("NFC", name).encode("utf-8", "surrogateescape")
    return int.from_bytes(hashlib.sha256(text).digest()[:8]) / 2**64


def _by_order(names: list[str]) -> Division:
    """Takes a seeded tenth of the places in the order of names: one file more or less and all is drawn anew."""
    order = np.random.default_rng(SPLIT_SEED).permutation(len(names))
    tested = set(order[: max(1, len(names) // 10)].tolist())
    train, test = [n for i, n in enumerate(names) if i not in tested], [n for i, n in enumerate(names) if i in tested]
    return Division("tenth", train, test, [])


RULES = {
    "hash": Rule(SUFFIXES, True, lambda name: SIDES.get(name.lower()), _by_hash),
    "order": Rule(OLD_SUFFIXES, False, OLD_SIDES.get, _by_order),  # as runs before 2026-11-25 read a folder
}
