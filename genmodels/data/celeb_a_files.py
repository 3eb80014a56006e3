"""CelebA as Kaggle, torchvision and its authors distribute it: a folder of JPEG files and the published partition."""

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from genmodels.data.decoding import BadImage, decode
from genmodels.data.source import Split
from genmodels.errors import UsageError

IMAGE = re.compile(r"\d{6}\.jpg")
ROW = re.compile(r'"?(\d{6}\.jpg)"?\s*[ ,;\t]\s*"?([012])"?')
PARTITIONS = {"0": "train", "1": "validation", "2": "test"}
LISTS = ("list_eval_partition.txt", "list_eval_partition.csv")
ATTRIBUTES = ("list_attr_celeba.txt", "list_attr_celeba.csv")
# The folders that contain these files: torchvision's celeba/, Kaggle's celeba-dataset/ or archive/, the authors' Img/,
# Eval/ and Anno/, and downloads/manual/, where tfds looks.
AROUND = re.compile(r"(img_align_)?celeb[\W_]?a(-?dataset)?|archive|img|eval|anno|downloads|manual", re.IGNORECASE)
DEPTH = 4  # folders below data.dir
SIZE = (178, 218)  # pixels, width and height


class Files(NamedTuple):
    """Where the parts of CelebA are; None if missing."""

    images: Path | None
    partition: Path | None
    archive: Path | None
    attributes: Path | None

    def are_loose(self, root: Path) -> bool:
        """Whether there are any besides those that the builder takes from a data_dir's downloads/manual/."""
        found = (self.images, self.partition, self.archive)
        return any(path and path.parent != root / "downloads" / "manual" for path in found)

    def needed(self, root: Path) -> tuple[Path, Path]:
        """Images and partition; if one is missing, raises UsageError that says what was found and what to do."""
        if not self.images:
            there = " and ".join(path.name for path in (self.partition, self.archive) if path)
            raise UsageError(
                f"{root} holds CelebA's {there}, but no folder img_align_celeba with 000001.jpg and so on:"
                " unpack img_align_celeba.zip there"
            )
        if not self.partition:
            raise UsageError(
                f"{self.images} holds CelebA's images, but there is no list_eval_partition.txt or .csv in {root}:"
                " put it there, or set data.name=folder to split them at random"
            )
        return self.images, self.partition


def find(root: Path) -> Files:
    """Looks for CelebA's files in a folder, or around it if it is img_align_celeba itself."""
    found = Files(None, None, None, None)
    for folder, names in _folders(root):
        if found.images is None and (folder == root or folder.name.lower() == "img_align_celeba"):
            found = found._replace(images=folder if any(IMAGE.fullmatch(name) for name in names) else None)
        for name in LISTS:
            if found.partition is None and name in names:
                found = found._replace(partition=folder / name)
        for name in ATTRIBUTES:
            if found.attributes is None and name in names:
                found = found._replace(attributes=folder / name)
        if found.archive is None and "img_align_celeba.zip" in names:
            found = found._replace(archive=folder / "img_align_celeba.zip")
    return found


def _folders(root: Path) -> Iterator[tuple[Path, set[str]]]:
    """Iterates over the folders that may hold a file, nearest first -> (folder, names in it)."""
    level = [root]
    if root.name.lower() == "img_align_celeba":
        level += [root.parent, root.parent.parent]
    for depth in range(DEPTH + 1):
        below = []
        for folder in level:
            try:
                names = set(os.listdir(folder))
            except OSError:
                continue
            yield folder, names
            if depth < DEPTH and (depth or folder == root):
                below += [folder / n for n in sorted(names) if AROUND.fullmatch(n) and (folder / n).is_dir()]
        level = below


def read_partition(path: Path) -> dict[str, str]:
    """Reads list_eval_partition, .txt or .csv -> train, validation or test, by file name; raises UsageError."""
    partition = {}
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read ({error}): download it again") from error
    for number, line in enumerate(lines):
        if row := ROW.fullmatch(line.strip()):
            if row[1] in partition:
                raise UsageError(f"{path} names {row[1]} twice: download it again")
            partition[row[1]] = PARTITIONS[row[2]]
        elif line.strip() and number:  # the first line may be a header
            raise UsageError(f"{path}, line {number + 1}, is not a file name and 0, 1 or 2: download it again")
    return partition


def in_order(partition: dict[str, str], part: str, present: set[str]) -> list[str]:
    """Returns the names of a part that are present, in the order in which tfds stores them: by MD5 of part and name."""
    names = [name for name, of in partition.items() if of == part and name in present]
    return sorted(names, key=lambda name: hashlib.md5(f"{part}{name}".encode(), usedforsecurity=False).digest())


def images(folder: Path, parts: dict[str, list[str]], indices: np.ndarray | None = None) -> Split:
    """Reads the files of the named parts, one part after the other; with `indices`, only those."""
    places = [(name, f"{part} record {i}") for part, names in parts.items() for i, name in enumerate(names)]
    if indices is not None:
        places = [places[i] for i in indices]

    def read(i: int) -> Image.Image:
        image = decode(folder / places[i][0])
        if image.size != SIZE:
            raise BadImage(
                f"it has {image.width} x {image.height} pixels, aligned images of CelebA have {SIZE[0]} x {SIZE[1]}:"
                " data.name=folder reads images of any size"
            )
        return image

    # Labelled like tfds' records, so that both ways of reading give the same digest.
    return Split(len(places), read, name=lambda i: str(folder / places[i][0]), label=lambda i: places[i][1])
