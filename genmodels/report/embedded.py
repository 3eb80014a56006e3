"""Figures and videos as data URIs, so that the page is one file."""

import base64
from pathlib import Path
from typing import NamedTuple

from PIL import Image


class Embedded(NamedTuple):
    """An image to embed: a data URI, its size in pixels, and its file beside the page."""

    uri: str
    width: int
    height: int
    file: str


def image(path: Path) -> Embedded:
    """A PNG file to embed; raises OSError where it is none."""
    with Image.open(path) as opened:
        width, height = opened.size
    return Embedded(uri(path, "image/png"), width, height, path.name)


def uri(path: Path, kind: str) -> str:
    """A file of a MIME type as a data URI."""
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
