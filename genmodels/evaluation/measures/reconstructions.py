"""Measures of reconstructions: each image beside what the model makes of it, clipped and rounded to uint8 levels."""

from collections.abc import Callable
from operator import methodcaller

import jax
import numpy as np

from genmodels import metrics
from genmodels.evaluation.measures import scratch
from genmodels.evaluation.measures.measure import Measure, least
from genmodels.images import to_uint8, to_unit
from genmodels.model import Model

TRAIN, TEST = least(train=2), least(test=2)  # a mean of one value has no interval


class Reconstructions:
    """uint8 images [N, H, W, 3] and their reconstructions by a model."""

    def __init__(self, model: Model, originals: np.ndarray, *, progress: bool = False):
        self._originals, self._progress = originals, progress
        batches = metrics.batched(originals, size=scratch.BATCH)
        self._made = scratch.stored(to_uint8(model.reconstruct(to_unit(x))) for (x,) in batches)

    def each(self, function: Callable[[jax.Array, jax.Array], jax.Array]) -> np.ndarray:
        """Values [N] of a measure of originals and reconstructions, both float32 [B, H, W, 3] in [0, 1]."""
        batches = metrics.batched(self._originals, self._made, size=scratch.BATCH)
        return metrics.per_image(function, batches, progress=self._progress)


def sharpness(original: jax.Array, reconstruction: jax.Array) -> jax.Array:
    """That of reconstructions, [B]."""
    return metrics.sharpness(reconstruction)


RMSE, PSNR, SSIM, SHARPNESS = (methodcaller("each", f) for f in (metrics.rmse, metrics.psnr, metrics.ssim, sharpness))
MEASURES = [
    Measure("reconstruction train rmse", "RMSE train", 2, "low", RMSE, TRAIN, table="deck"),
    Measure("reconstruction test rmse", "RMSE test", 2, "low", RMSE, TEST, table="deck"),
    Measure("reconstruction train psnr", function=PSNR, lacks=TRAIN),
    Measure("reconstruction test psnr", "PSNR test, dB", 2, "high", PSNR, TEST),
    Measure("reconstruction train ssim", function=SSIM, lacks=TRAIN),
    Measure("reconstruction test ssim", "SSIM test", 3, "high", SSIM, TEST),
    Measure("reconstruction train sharpness", function=SHARPNESS, lacks=TRAIN),
    Measure("reconstruction test sharpness", function=SHARPNESS, lacks=TEST),
]
