"""Measures of images on the lines between codes, ends left out: near to training images, or far from all of them?"""

from functools import cached_property
from operator import attrgetter

import numpy as np

from genmodels import metrics, sampling
from genmodels.evaluation.measures import scratch
from genmodels.evaluation.measures.measure import Measure, least
from genmodels.images import to_uint8, to_unit
from genmodels.model import Model


class Lines:
    """RMSE, on the 0-255 scale, of images on lines to training images: a mean for each line [L].

    The points of one line are not independent of each other.
    """

    def __init__(
        self,
        model: Model,
        ends: np.ndarray,
        train: np.ndarray,
        *,
        points: int,
        spherical: bool = False,
        progress: bool = False,
    ):
        """`ends` are the codes [2 L, Z] of which each two are joined by `points`, ends included."""
        self._model, self._train, self._progress = model, train, progress
        line = sampling.slerp if spherical else sampling.lerp
        self._inner = np.asarray(line(ends[::2], ends[1::2], points)[:, 1:-1])  # [L, P, Z]

    @property
    def mean(self) -> np.ndarray:
        """To all training images, in the mean [L]."""
        return self._of_lines(self._distances.mean)

    @property
    def nearest(self) -> np.ndarray:
        """To the nearest training image [L]."""
        return self._of_lines(self._distances.nearest)

    @cached_property
    def _distances(self) -> metrics.ToSet:
        codes = self._inner.reshape(-1, self._inner.shape[-1])
        batches = [to_uint8(self._model.decode(z)) for (z,) in metrics.batched(codes, size=scratch.BATCH)]
        return metrics.distances_to_set(to_unit(np.concatenate(batches)), self._train, progress=self._progress)

    def _of_lines(self, values: np.ndarray) -> np.ndarray:
        return values.reshape(len(self._inner), -1).mean(1)


MEAN, NEAREST, ENDS = attrgetter("mean"), attrgetter("nearest"), least(test=4)  # two lines, for an interval
MEASURES = [
    Measure("manifold test_images mean_rmse", "lines to training set, mean RMSE", 2, "", MEAN, ENDS, table="deck"),
    Measure(
        "manifold test_images nearest_rmse", "lines to training set, nearest RMSE", 2, "", NEAREST, ENDS, table="deck"
    ),
    Measure("manifold prior mean_rmse", function=MEAN),
    Measure("manifold prior nearest_rmse", function=NEAREST),
]
