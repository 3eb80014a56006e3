"""What a model's codes are compared with by their attributes: PCA codes of the same size, and small images."""

from typing import Any

import numpy as np

from genmodels import metrics
from genmodels.data import Labels
from genmodels.evaluation.measures.attributes import Attributes
from genmodels.images import to_unit

PIXELS = (4, 16)  # sizes to which images are averaged
BLOCK = 500  # images at once


def measure(
    name: str, train: np.ndarray, test: np.ndarray, labels: Labels, *, progress: bool = False
) -> dict[str, Any]:
    """The AUC of `each` attribute and the `values` of test images [M], as `measures.attributes.Attributes` has them.

    `name` is `pca_<size>`, components of these training images, or `pixels_<size>`.
    """
    kind, _, size = name.partition("_")
    codes = _pca(train, test, int(size), progress) if kind == "pca" else [_pixels(x, int(size)) for x in (train, test)]
    these = Attributes(labels, *codes)
    return {"values": these.values.tolist(), "each": these.each}


def _pixels(images: np.ndarray, size: int) -> np.ndarray:
    """Images averaged to size x size pixels, float32 [N, 3 size^2]."""
    parts = images.shape[1] // size
    means = [
        x.reshape(len(x), size, parts, size, parts, 3).mean((2, 4), dtype=np.float32)
        for (x,) in metrics.batched(images, size=BLOCK)
    ]
    return np.concatenate(means).reshape(len(images), -1)


def _pca(train: np.ndarray, test: np.ndarray, size: int, progress: bool) -> list[np.ndarray]:
    """Coordinates on the first `size` principal components, [N, size] each."""
    fitted = metrics.pca.fit(train, size, progress=progress)
    return [
        np.concatenate([metrics.pca.encode(fitted, to_unit(x)) for (x,) in metrics.batched(images, size=BLOCK)])
        for images in (train, test)
    ]
