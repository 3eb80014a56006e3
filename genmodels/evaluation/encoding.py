"""Codes of images, read batch by batch."""

import jax
import numpy as np
from tqdm import tqdm

from genmodels import metrics
from genmodels.data import subsets
from genmodels.evaluation.measures.scratch import BATCH
from genmodels.images import to_unit
from genmodels.methods import posterior
from genmodels.model import Model


def codes_of(model: Model, images: np.ndarray) -> np.ndarray:
    """Codes [N, Z] of uint8 images [N, H, W, 3]: one for each image, so a posterior's mean where there is one."""
    return np.concatenate([model.encode(to_unit(x)) for (x,) in metrics.batched(images, size=BATCH)])


def sampled_codes_of(
    model: Model, images: np.ndarray, count: int, key: jax.Array, *, progress: bool = False
) -> np.ndarray:
    """Codes [min(count, N), Z] of a seeded subset of uint8 images [N, H, W, 3], drawn from Q_z.

    They are what the decoder was trained on: samples of a posterior where there is one.
    """
    chosen, found = subsets.indices(len(images), count), []
    for start in tqdm(range(0, len(chosen), BATCH), desc="codes of images", disable=not progress):
        x = to_unit(images[chosen[start : start + BATCH]])
        q = model.posterior(x)
        if q is None:
            found.append(model.encode(x))
        else:
            noise = jax.random.normal(jax.random.fold_in(key, start), q.mean.shape)
            found.append(posterior.reparameterise(q, noise))
    return np.concatenate(found)
