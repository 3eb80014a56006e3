"""What a data source passes to the cache."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from PIL import Image


class Split(NamedTuple):
    """Images that are read one by one, from several threads."""

    length: int
    read: Callable[[int], Image.Image]  # image i, decoded to RGB; raises BadImage
    name: Callable[[int], str]  # what image i is called in messages
    label: Callable[[int], str]  # image i's unique name within its data set, independent of location


class Attributes(NamedTuple):
    """Boolean attributes of the images of a data set, read only when they are not cached yet."""

    names: tuple[str, ...]  # [A], each once
    key: object  # plain values that change whenever the attributes of the same images do
    train: Callable[[], np.ndarray]  # bool [length, A], of every image of the split; raises UsageError
    test: Callable[[], np.ndarray]


class Source(NamedTuple):
    """The images of one data set before they are cropped and resized."""

    name: str  # data set and version, 'celeb_a 2.1.0'
    split: str  # how it is split, 'deck'
    key: Mapping[str, object]  # plain values that change whenever the images do
    train: Split
    test: Split
    skip_bad: bool = False  # images that cannot be used are skipped and counted rather than an error
    note: str = ""  # one line for the user: what was ignored or guessed
    attributes: Attributes | None = None  # None: nothing is known of the images
    # Images that 'train' and 'test' should have, where that is known.
    published: Mapping[str, int] = MappingProxyType({})
