"""Attribute vectors: from the mean code of images without an attribute to that of images with it.

Larsen et al. 2016, arXiv 1512.09300: a code plus t times the vector decodes to the image with more of the attribute.
"""

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from genmodels.errors import UsageError
from genmodels.runs import derived, files

ALIKE = 3  # names of attributes that an error message suggests


class Vectors(NamedTuple):
    """The vector of each attribute, and how well the attribute is read off images of 16x16 pixels."""

    names: tuple[str, ...]  # [A]
    vectors: np.ndarray  # float32 [A, Z]; NaN for an attribute of which the training images have one value only
    auc: np.ndarray  # float64 [A]; NaN for an attribute that is too rare to be probed

    def known(self) -> dict[str, np.ndarray]:
        """The vectors [Z] by name, of attributes that have one."""
        pairs = zip(self.names, self.vectors, strict=True)
        return {name: vector for name, vector in pairs if not np.isnan(vector).any()}

    def best(self, count: int) -> list[str]:
        """The attributes that are probed best, at most `count`: the same for every model of the same images."""
        probed = [a for a in np.argsort(-self.auc, kind="stable") if not np.isnan(self.auc[a])]
        return [self.names[a] for a in probed[:count]]

    def shift(self, amounts: Mapping[str, float]) -> np.ndarray:
        """The sum of vectors by name, each times its amount: float32 [Z]. UsageError for a name without a vector."""
        known, total = self.known(), np.zeros(self.vectors.shape[1], np.float32)
        for name, amount in amounts.items():
            if name not in self.names:
                raise UsageError(f"attribute {name} is unknown: {_suggestion(name, self.names)}")
            if name not in known:
                raise UsageError(f"attribute {name} has one value in all training images: it has no direction.")
            total += np.float32(amount) * known[name]
        return total


def fit(codes: np.ndarray, labels: np.ndarray, names: Sequence[str], auc: Mapping[str, float]) -> Vectors:
    """The vectors of attributes, bool [N, A], from codes [N, Z]; `auc` by name, of those that were probed."""
    codes, labels = np.asarray(codes, np.float64), labels.astype(np.float64)
    with_it, without = labels.sum(0)[:, None], (1 - labels).sum(0)[:, None]
    with np.errstate(invalid="ignore"):  # 0 / 0 is NaN, as it should be
        vectors = labels.T @ codes / with_it - (1 - labels).T @ codes / without  # [A, Z]
    return Vectors(tuple(names), vectors.astype(np.float32), np.array([auc.get(name, np.nan) for name in names]))


def write(path: Path, vectors: Vectors) -> None:
    """Writes them as one .npz; the file is complete at every moment."""
    files.write_arrays(path, vectors._asdict() | {"names": np.array(vectors.names)})


def read(path: Path) -> Vectors | None:
    """What `write` has written, or an exported model has; None where there is no file, UsageError for a damaged one."""

    def parse(arrays: Mapping[str, np.ndarray]) -> Vectors:
        vectors, auc = np.asarray(arrays["vectors"], np.float32), np.asarray(arrays["auc"], np.float64)
        return Vectors(tuple(arrays["names"].tolist()), vectors, auc)

    return derived.read(path, parse)


def _suggestion(name: str, names: Sequence[str]) -> str:
    lower = {each.lower(): each for each in names}
    close = [lower[each] for each in difflib.get_close_matches(name.lower(), lower, ALIKE)]
    return f"did you mean {' or '.join(close)}?" if close else f"choose one of {', '.join(names)}."
