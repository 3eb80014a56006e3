"""Measures of images on the lines between codes: close to training images or far from all of them, even or in jumps?"""

from functools import cached_property
from operator import attrgetter

import numpy as np

from genmodels import metrics, sampling
from genmodels.evaluation.measures import scratch
from genmodels.evaluation.measures.measure import Measure, least
from genmodels.images import to_uint8, to_unit
from genmodels.model import Model


class Lines:
    """RMSE, on the 0-255 scale, of images on lines, ends left out, to training images: a mean for each line [L].

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
        """`ends` are codes [2 L, Z]; each consecutive pair is joined by `points` points, ends included."""
        self._model, self._train, self._progress = model, train, progress
        line = sampling.slerp if spherical else sampling.lerp
        codes = np.asarray(line(ends[::2], ends[1::2], points))
        self._inner, self._ends = codes[:, 1:-1], codes[:, (0, -1)]  # [L, P, Z], [L, 2, Z]

    @property
    def mean(self) -> np.ndarray:
        """Mean RMSE to all training images [L]."""
        return self._of_lines(self._distances.mean)

    @property
    def nearest(self) -> np.ndarray:
        """RMSE to the nearest training image [L]."""
        return self._of_lines(self._distances.nearest)

    @property
    def steps(self) -> int:
        """The number of steps from one end of a line to the other."""
        return self._inner.shape[1] + 1

    @property
    def largest_step(self) -> np.ndarray:
        """The largest RMSE between neighbouring images of a line, ends included, over the mean one [L].

        1 if all steps are alike, at most their number: a line that jumps once.
        """
        ends, inner = (x.reshape(len(self._inner), -1, *x.shape[1:]) for x in (self._decoded(self._ends), self._images))
        line = np.concatenate([ends[:, :1], inner, ends[:, 1:]], axis=1)  # [L, P + 2, H, W, 3]
        found = []
        for images in line:
            steps = np.sqrt(np.square(np.diff(images.astype(np.float32), axis=0)).mean((1, 2, 3)))
            found.append(steps.max() / steps.mean() if steps.any() else 1.0)
        return np.array(found)

    @cached_property
    def _distances(self) -> metrics.ToSet:
        return metrics.distances_to_set(to_unit(self._images), self._train, progress=self._progress)

    @cached_property
    def _images(self) -> np.ndarray:
        return self._decoded(self._inner)

    def _decoded(self, codes: np.ndarray) -> np.ndarray:
        """The images of codes [L, P, Z], uint8 [L P, H, W, 3]."""
        flat = codes.reshape(-1, codes.shape[-1])
        return np.concatenate([to_uint8(self._model.decode(z)) for (z,) in metrics.batched(flat, size=scratch.BATCH)])

    def _of_lines(self, values: np.ndarray) -> np.ndarray:
        return values.reshape(len(self._inner), -1).mean(1)


LARGEST = attrgetter("largest_step")
MEAN, NEAREST, ENDS = attrgetter("mean"), attrgetter("nearest"), least(test=4)  # two lines, for an interval
MEASURES = [
    Measure("manifold test_images mean_rmse", "lines to training set, mean RMSE", 2, "", MEAN, ENDS, table="deck"),
    Measure(
        "manifold test_images nearest_rmse", "lines to training set, nearest RMSE", 2, "", NEAREST, ENDS, table="deck"
    ),
    Measure("manifold test_images largest_step", "largest step of lines over mean step", 2, "", LARGEST, ENDS),
    Measure("manifold test_images steps", function=attrgetter("steps"), lacks=ENDS),
    Measure("manifold prior largest_step", function=LARGEST),
    Measure("manifold prior mean_rmse", function=MEAN),
    Measure("manifold prior nearest_rmse", function=NEAREST),
]
