"""What the images of a data set are: one digest of all of them, and how many test images are training images too."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np


class Labelled(NamedTuple):
    """An image by its label in the data set, 'train/anna/3.png', and the SHA-256 of its pixels."""

    label: str
    pixels: bytes


class Contents(NamedTuple):
    """What is kept of a data set's contents."""

    digest: str
    duplicates: int  # test images whose pixels equal those of a training image


def labelled(labels: Iterable[str], images: Iterable[np.ndarray]) -> list[Labelled]:
    """Labels images, uint8 [H, W, 3] each, as many as labels; raises ValueError for another number."""
    return [Labelled(label, of_image(image)) for label, image in zip(labels, images, strict=True)]


def of_image(image: np.ndarray) -> bytes:
    """Returns the SHA-256 of an image's pixels, uint8 [H, W, 3]."""
    return hashlib.sha256(np.ascontiguousarray(image).data).digest()


def measure(splits: Mapping[str, Sequence[Labelled]]) -> Contents:
    """Measures the images of 'train' and 'test', each in its order.

    Into the digest go, for each split, its name and length, then each image's label and pixels as they are in the
    cache, cropped and resized. Neither the place of the files nor their times of change do: a copy has the same digest.
    """
    digest = hashlib.sha256()
    for split, images in splits.items():
        digest.update(f"{split} {len(images)}\n".encode())
        for label, pixels in images:
            digest.update(label.encode("utf-8", "surrogateescape") + b"\0" + pixels)
    trained = {image.pixels for image in splits["train"]}
    return Contents(digest.hexdigest(), sum(image.pixels in trained for image in splits["test"]))
