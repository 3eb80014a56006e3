"""Boolean attributes of files as text: CelebA's list_attr_celeba, or a CSV of file names and columns of one's own."""

import csv
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from genmodels.data.listing import some
from genmodels.errors import UsageError

VALUES = {"1": True, "true": True, "1.0": True, "0": False, "-1": False, "false": False, "0.0": False, "-1.0": False}


class Table(NamedTuple):
    """Attributes by file name, as read from a file."""

    path: Path
    sha256: str
    names: tuple[str, ...]  # [A], each once
    rows: Mapping[str, Sequence[str]]  # file name -> its values, as text [A]

    def of(self, files: Sequence[str]) -> np.ndarray:
        """The values of these files, bool [N, A], by relative name or, where that is not listed, by the name alone.

        Raises UsageError as `lines` does, and for values that are not boolean.
        """
        return np.array([self._values(name) for name in self.lines(files)], bool).reshape(len(files), len(self.names))

    def lines(self, files: Sequence[str]) -> list[str]:
        """The name under which each file is listed; raises UsageError for files that are not, or not each by itself."""
        names = [file if file in self.rows else file.rpartition("/")[2] for file in files]
        if missing := [file for file, name in zip(files, names, strict=True) if name not in self.rows]:
            raise UsageError(
                f"{self.path} has no line for {len(missing):,} of {len(files):,} images ({some(missing)}).\n"
                "Add them, or remove the images."
            )
        if mixed := [name for name, count in Counter(names).items() if count > 1]:
            raise UsageError(
                f"{self.path} has one line for several images ({some(mixed)}): give each its own, as a/1.png."
            )
        return names

    def _values(self, name: str) -> list[bool]:
        try:
            return [VALUES[text.strip().lower()] for text in self.rows[name]]
        except KeyError as error:
            column = next(
                n for n, text in zip(self.names, self.rows[name], strict=True) if text.strip().lower() not in VALUES
            )
            raise UsageError(
                f"{self.path}: {name} has {error.args[0]!r} in column {column}, which is neither 1 nor 0 or -1, "
                "true or false."
            ) from None


def read(path: Path) -> Table:
    """Reads a header with the attributes' names, then a line for each file: its name and as many values.

    Separated by commas, or by blanks as in list_attr_celeba.txt, whose first line is a count and whose header does not
    name the first column. Raises UsageError.
    """
    try:
        data = path.read_bytes()
        lines = data.decode("utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read ({error}): check its path and that it is text.") from error
    first = 1 if lines and lines[0].strip().isdecimal() else 0
    commas = path.suffix == ".csv" or "," in "".join(lines[first : first + 1])
    rows = csv.reader(lines[first:]) if commas else (line.split() for line in lines[first:])
    header, rows = next(iter(rows), []), list(rows)
    names = tuple(name.strip() for name in (header[1:] if commas else header))
    if not all(names) or not names or len({*names}) < len(names):
        raise UsageError(
            f"{path} does not begin with a header: a name for the column of file names, then one for each attribute."
        )
    found = {}
    for number, row in enumerate(rows, start=first + 2):
        if len(row) != 1 + len(names):
            if not row:
                continue
            raise UsageError(
                f"{path}, line {number}, has {len(row)} values and not {1 + len(names)}: a file name and "
                f"{len(names)} attributes."
            )
        if row[0] in found:
            raise UsageError(f"{path} names {row[0]} twice: remove one of its lines.")
        found[row[0]] = row[1:]
    return Table(path, hashlib.sha256(data).hexdigest(), names, found)
