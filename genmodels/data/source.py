"""What a data source hands to the cache."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from PIL import Image


class Split(NamedTuple):
    """Images that are read one by one, from several threads."""

    length: int
    read: Callable[[int], Image.Image]  # image i, decoded to RGB; raises BadImage
    name: Callable[[int], str]  # what image i is called in messages
    label: Callable[[int], str]  # what image i is called within its data set, wherever that lies; each once


class Source(NamedTuple):
    """The images of one data set before they are cropped and resized."""

    name: str  # data set and version, 'celeb_a 2.1.0'
    split: str  # how it is split, 'deck'
    key: Mapping[str, object]  # plain values that change when the images do
    train: Split
    test: Split
    skip_bad: bool = False  # images that cannot be used are skipped and counted rather than an error
    note: str = ""  # one line for the user: what was ignored or guessed
