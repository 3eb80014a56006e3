"""Realism without a network: the sliced Wasserstein distance of sets of images from as many test images."""

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from tqdm import tqdm

from genmodels import metrics
from genmodels.evaluation.measures.measure import OfSets

MOST = 16_384  # images in a set, as published


def images_in_a_set(train: int, test: int) -> int:
    """How many images a set has, with so many in each split: the same for samples, test and training images."""
    return min(MOST, train, test)


def disjoint(images: np.ndarray, size: int, most: int) -> list[np.ndarray]:
    """At most `most` consecutive sets of `size` images each; [] if there are fewer images."""
    return [images[start : start + size] for start in range(0, size * min(most, len(images) // size), size)]


def of_one_set(distances: Mapping[int | str, float], n: int) -> dict[str, dict[str, float]]:
    """`metrics.sliced_wasserstein` of one set of `n` images as a row has it: the mean, and each level."""
    levels = {str(level): distance for level, distance in distances.items() if level != "mean"}
    return {"sliced_wasserstein": {"mean": distances["mean"], "n": n}, "sliced_wasserstein_levels": levels}


class Realism:
    """Sets of uint8 images [N, H, H, 3], and as many test images that each of them is compared with."""

    def __init__(self, test: np.ndarray, sets: Sequence[np.ndarray], *, progress: bool = False):
        self._test, self._sets, self._progress = test, sets, progress

    @property
    def mean(self) -> OfSets:
        """The mean over the levels, of each set."""
        return self._of("mean")

    @property
    def levels(self) -> dict[str, OfSets]:
        """The distance on each level, of each set; by the level's size in pixels."""
        return {str(level): self._of(level) for level in self._distances[0] if level != "mean"}

    @cached_property
    def _distances(self) -> list[dict[int | str, float]]:
        sets = tqdm(self._sets, desc="sliced Wasserstein distance", disable=not self._progress)
        return [metrics.sliced_wasserstein(self._test, each) for each in sets]

    def _of(self, level: int | str) -> OfSets:
        return OfSets([found[level] for found in self._distances], len(self._test))
