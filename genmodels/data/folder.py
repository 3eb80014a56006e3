"""A folder of one's own images."""

import hashlib
import os
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import ml_collections
import numpy as np
from PIL import Image

from genmodels.data import celeb_a_files, fields
from genmodels.data.decoding import KNOWN, BadPicture, decode
from genmodels.data.listing import Ignored, fingerprint, images_below, some
from genmodels.data.source import Source, Split
from genmodels.errors import UsageError

OLD_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
SUFFIXES = (*OLD_SUFFIXES, ".jpe", ".jfif", ".gif", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".pnm", ".avif")
OLD_SIDES = {"train": "train", "test": "test"}
SIDES = (
    OLD_SIDES | {"training": "train", "testing": "test"} | dict.fromkeys(("val", "valid", "validation"), "validation")
)
SPLIT_SEED = 0  # fixed, so that runs with different seeds are tested on the same images


def source(config: ml_collections.ConfigDict) -> Source:
    """Opens the folder data.dir and all below it: its train/ and test/ where there are both, else a tenth is for test.

    data.folder_split names the rule for the tenth; data.on_bad: 'error' stops at an image that cannot be used, 'skip'
    counts it. Raises UsageError for a folder that is missing or holds too few images.
    """
    skip_bad = fields.choice(config.data, "on_bad", ("error", "skip")) == "skip"
    rule = RULES[fields.choice(config.data, "folder_split", RULES)]
    root = fields.local(config.data.dir, "data.dir")
    if not root.is_dir():
        raise UsageError(f"data.dir={root} is not a folder: set it to the folder that holds the images")
    try:
        tops = sorted(os.listdir(root))
    except OSError as error:
        raise UsageError(f"data.dir={root} cannot be read ({error.strerror})") from error
    sides = {name: rule.side(name) for name in tops if rule.side(name) and (root / name).is_dir()}
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
    celeb_a = celeb_a_files.find(root)
    if celeb_a.images and celeb_a.partition:
        division.notes.append("these are CelebA's files, data.name=celeb_a would read them by their official partition")
    notes = [*division.notes, *(f"ignored {words}" for words in ignored.words())]
    return Source(
        name=f"folder {root.name}",
        split=division.split,
        key={"fingerprint": fingerprint(root, [*division.train, *division.test])},
        train=_split(root, division.train),
        test=_split(root, division.test),
        skip_bad=skip_bad,
        note=f"data.dir={root}: {'; '.join(notes)}" if notes else "",
    )


class Division(NamedTuple):
    """The names of both splits, and how they came about."""

    split: str
    train: list[str]
    test: list[str]
    notes: list[str]


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


def _check(folder: Path, names: list[str], least: int, ignored: Ignored) -> None:
    if len(names) < least:
        raise UsageError(
            f"{folder} holds {len(names)} {KNOWN} images, at least {least} are needed: check data.dir"
            + "".join(f"\nIgnored {words}" for words in ["; ".join(ignored.words())] if words)
        )


def _by_hash(names: list[str]) -> Division:
    """Takes for test the names whose SHA-256 lies in the lowest tenth: which side a file is on depends on no other.

    Where that would leave a split empty, the name with the lowest hash is for test, that with the highest for training.
    """
    places = {name: _hash(name) for name in names}
    tested, notes = {name for name, place in places.items() if place < 0.1}, []
    if not tested:
        tested = {min(places, key=places.get)}
        notes.append(f"no name falls into the tenth for test, so {some(tested)} is taken")
    elif len(tested) == len(names):
        last = max(places, key=places.get)
        tested.remove(last)
        notes.append(f"all names fall into the tenth for test, so {last} is taken for training")
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


class Rule(NamedTuple):
    """Which files of a folder are its images, and which of them are for test."""

    suffixes: tuple[str, ...]
    follows: bool  # links to folders
    side: Callable[[str], str | None]  # train, test or validation, by the name of a folder at the top
    tenth: Callable[[list[str]], Division]


RULES = {
    "hash": Rule(SUFFIXES, True, lambda name: SIDES.get(name.lower()), _by_hash),
    "order": Rule(OLD_SUFFIXES, False, OLD_SIDES.get, _by_order),  # as runs before 2026-11-25 read a folder
}


def _split(root: Path, names: list[str]) -> Split:
    def read(i: int) -> Image.Image:
        path = root / names[i]
        if path.exists() and not path.is_file():  # a pipe would be waited for
            raise BadPicture("it is not a file")
        return decode(path, upright=True)

    return Split(len(names), read, name=lambda i: str(root / names[i]), label=names.__getitem__)
