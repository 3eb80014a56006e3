"""Measures of a set of images: a model's samples and, where an entry has `real`, test images in the same way."""

from collections.abc import Callable, Mapping
from functools import cached_property, partial
from operator import attrgetter, methodcaller
from typing import Any

import jax
import numpy as np

from genmodels import metrics
from genmodels.evaluation.measures import scratch
from genmodels.evaluation.measures.measure import Measure, OfSets, Sizes, Unmeasurable, least
from genmodels.evaluation.measures.realism import Realism
from genmodels.images import to_unit

NEAREST = 1_000  # images whose nearest training image is searched for
COPIES = 1.0  # RMSE on the 0-255 scale: held-out images nearer than this to training images are no yardstick


class ImageSet:
    """uint8 images [N, H, W, 3], and what they are compared with."""

    def __init__(
        self,
        images: np.ndarray,
        few: np.ndarray,
        train: np.ndarray,
        *,
        real: Mapping[str, Any] | None = None,
        realism: Realism | None = None,
        progress: bool = False,
    ):
        """`few` are those to compare with the whole training split; `real`: the values of real images, by measure.

        `realism` is that of sets of such images; None: not asked for.
        """
        self.images, self.few, self.train, self.real, self.realism = images, few, train, real, realism
        self._progress = progress

    def each(self, function: Callable[[jax.Array], jax.Array]) -> np.ndarray:
        """Values [N] of a measure of images, float32 [B, H, W, 3] in [0, 1]."""
        return metrics.per_image(function, self._batches())

    def pairs(self, function: Callable[[jax.Array, jax.Array], jax.Array]) -> np.ndarray:
        """Values [N / 2] of a measure of disjoint pairs of them, float32 [B, H, W, 3] in [0, 1] each."""
        couples = ((batch[: len(batch) // 2 * 2 : 2], batch[1::2]) for (batch,) in self._batches())
        return metrics.per_image(function, couples, progress=self._progress)

    @cached_property
    def nearest(self) -> np.ndarray:
        """RMSE [few], on the 0-255 scale, to the nearest training image."""
        return metrics.distances_to_set(to_unit(self.few), self.train, progress=self._progress).nearest

    def _batches(self):
        return metrics.batched(self.images, size=scratch.BATCH)


def _levels(images: ImageSet) -> int:
    return metrics.levels(images.images.shape[1])


def _over_held_out(samples: ImageSet) -> float:
    assert samples.real is not None  # real images have no such measure
    held_out = samples.real["samples nearest_rmse"].mean()
    if held_out < COPIES:
        raise Unmeasurable(
            f"held-out images are nearly copies of training images, at an RMSE of {held_out:.2g} on the 0-255 scale"
        )
    return float(samples.nearest.mean() / held_out)


def _held_out(sizes: Sizes) -> str:
    if sizes.duplicates:
        return f"the data have duplicates, {sizes.duplicates:,} test images that equal a training image"
    return TWO_IMAGES(sizes)


def distance(images: ImageSet) -> OfSets | None:
    """The sliced Wasserstein distance of each set of such images; None if it was not asked for."""
    return images.realism and images.realism.mean


def _distances(images: ImageSet) -> dict[str, OfSets] | None:
    return images.realism and images.realism.levels


EACH, PAIRS = partial(methodcaller, "each"), partial(methodcaller, "pairs")
TWO_IMAGES, TWO_PAIRS = least(test=2), least(test=4)  # of real ones: one value has no interval
BOTH = least(train=2, test=2)
NEAREST_HEADING, RATIO_HEADING = "sample to nearest training image, RMSE", "the same, over held-out images'"
RATIO_ALONE = "distance of samples to training images over that of held-out images"
REALISM = ("samples sliced_wasserstein", "samples sliced_wasserstein_levels")
SLICED = "sliced Wasserstein distance"
MEASURES = [
    Measure("samples ms_ssim", "MS-SSIM", 3, "real", PAIRS(metrics.ms_ssim), real=TWO_PAIRS, table="deck"),
    Measure("samples ms_ssim_minus_real", "MS-SSIM − real", 3, "real", lacks=TWO_PAIRS, table="deck"),
    Measure("samples ms_ssim_levels", function=_levels, real=TWO_PAIRS),
    Measure(REALISM[0], SLICED, 1, "low", distance, BOTH, real=BOTH, table="deck"),
    Measure(REALISM[1], function=_distances, lacks=BOTH, real=BOTH),  # by size, px
    Measure("samples sharpness", "sharpness of samples", 4, "", EACH(metrics.sharpness), real=TWO_IMAGES),
    Measure("samples nearest_rmse", NEAREST_HEADING, 2, "", attrgetter("nearest"), real=TWO_IMAGES),
    Measure("samples nearest_over_real", RATIO_HEADING, 2, "", _over_held_out, _held_out, alone=RATIO_ALONE),
]
