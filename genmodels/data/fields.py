"""What a source reads of config.data, checked where it is read."""

import re
from collections.abc import Iterable
from pathlib import Path

import ml_collections

from genmodels.errors import UsageError

URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")


def choice(data: ml_collections.ConfigDict, field: str, choices: Iterable[str]) -> str:
    """Returns a field that must be one of `choices`; raises UsageError, naming them."""
    if data[field] not in choices:
        raise UsageError(f"data.{field}={data[field]} is unknown: choose one of {', '.join(choices)}")
    return data[field]


def at_least_one(data: ml_collections.ConfigDict, field: str) -> int:
    """Returns a field that is a number of images; raises UsageError below 1."""
    if data[field] < 1:
        raise UsageError(f"data.{field}={data[field]} must be at least 1")
    return data[field]


def local(text: str, field: str) -> Path:
    """Returns the absolute path that a field holds, with ~ expanded; raises UsageError for a URL.

    Without this a URL would become a local folder of that name.
    """
    if not text:
        raise UsageError(f"{field} is empty: set it to a folder")
    if URL.match(text):
        raise UsageError(f"{field}={text} is a URL: mount it as a folder and set {field} to that folder's path")
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError as error:
        raise UsageError(f"{field}={text}: there is no home folder here for ~, give the whole path") from error


def shown(name: str) -> str:
    """Returns the name of a file as it can be printed in one line: what cannot be is escaped."""
    return name if name.isprintable() else ascii(name)[1:-1]
