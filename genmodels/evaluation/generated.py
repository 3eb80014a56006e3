"""Images decoded from codes, and what measures compare them with."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from genmodels import data, metrics
from genmodels.arrays import AnyArray
from genmodels.data import Dataset
from genmodels.evaluation.measures.realism import Realism, disjoint
from genmodels.evaluation.measures.samples import NEAREST, ImageSet
from genmodels.evaluation.measures.scratch import BATCH, stored
from genmodels.images import to_uint8
from genmodels.model import Model


class Generator(NamedTuple):
    """A model, its data, and the values of real images by measure."""

    model: Model
    dataset: Dataset
    real: Mapping[str, Any]
    swd_sets: int  # sets whose realism is measured, at most
    progress: bool = False

    def decoded(self, codes: AnyArray) -> np.ndarray:
        """uint8 images [N, H, W, 3] of codes [N, Z], in a file."""
        return stored(to_uint8(self.model.decode(z)) for (z,) in metrics.batched(np.asarray(codes), size=BATCH))

    def image_set(self, images: np.ndarray, apart: np.ndarray, size: int) -> ImageSet:
        """`images` to be measured; their realism is that of the images `apart`, in disjoint sets of `size`."""
        few = images[: max(2, min(NEAREST, len(self.dataset.test)))]  # as many as of real images
        sets = disjoint(apart, size, self.swd_sets)
        realism = Realism(data.sampled(self.dataset.test, size), sets, progress=self.progress) if sets else None
        return ImageSet(images, few, self.dataset.train, real=self.real, realism=realism, progress=self.progress)
