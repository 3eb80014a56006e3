"""Measures of improved sampling: what the descent has changed, judged on the same codes before and after it.

Its samples are measured like any others as well.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from genmodels import metrics, sampling
from genmodels.evaluation.measures.measure import Measure, OfSets
from genmodels.evaluation.measures.samples import ImageSet, distance


class Improved(NamedTuple):
    """Prior codes [N, Z] and the result of the descent."""

    start: jax.Array
    moved: sampling.Refined


class Pair(NamedTuple):
    """The images of the same codes before and after the descent, in the same order and in the same sets."""

    before: ImageSet
    after: ImageSet


def _before(function: Callable[[ImageSet], Any]) -> Callable[[Pair], Any]:
    return lambda pair: function(pair.before)


def _change(function: Callable[[ImageSet], Any]) -> Callable[[Pair], Any]:
    """After minus before, of each image, pair of images or set."""

    def change(pair: Pair) -> Any:
        before, after = function(pair.before), function(pair.after)
        if isinstance(after, OfSets):
            return OfSets(np.subtract(after.values, before.values).tolist(), after.n)
        return None if after is None else after - before

    return change


def _ms_ssim(images: ImageSet) -> np.ndarray:
    return images.pairs(metrics.ms_ssim)


def _sharpness(images: ImageSet) -> np.ndarray:
    return images.each(metrics.sharpness)


def _judged(name: str, words: str, digits: int, function: Callable[[ImageSet], Any]) -> list[Measure]:
    return [
        Measure(f"start {name}", f"{words} before", digits, function=_before(function), table="improved"),
        Measure(f"change {name}", f"{words}, change", digits, function=_change(function), table="improved"),
    ]


BEFORE, AFTER = "fixed-point error before", "fixed-point error after"
MEASURES = [
    Measure("fixed_point_before", BEFORE, 0, "", lambda these: np.asarray(these.moved.before), table="improved"),
    Measure("fixed_point_after", AFTER, 0, "", lambda these: np.asarray(these.moved.after), table="improved"),
    *_judged("ms_ssim", "MS-SSIM", 3, _ms_ssim),
    *_judged("sliced_wasserstein", "sliced Wasserstein", 1, distance),
    *_judged("sharpness", "sharpness", 4, _sharpness),
    Measure("code_change", function=lambda these: np.asarray(jnp.abs(these.moved.codes - these.start).mean(1))),
    Measure("steps", function=lambda these: these.moved.steps),
]
