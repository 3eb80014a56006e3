"""BatchNorm's population statistics at fixed weights: what turns a training state into a model to use."""

from collections.abc import Callable, Iterable

import jax
import jax.numpy as jnp
import numpy as np

from genmodels.arrays import AnyArray
from genmodels.nets.codec import Params, Weights


def calibrate(
    statistics: Callable[[Params, AnyArray, jax.Array], Params],
    params: Params,
    batches: Iterable[np.ndarray],
    key: jax.Array,
) -> Weights:
    """The weights for encoding and decoding: `params` with each BatchNorm's mean and variance averaged over batches.

    `statistics` is the phase's, preferably jitted; batches are uint8 [B, H, W, 3]. Source: Ioffe & Szegedy 2015 (arXiv
    1502.03167), algorithm 2, lines 8 to 11, without its factor m / (m - 1): variances stay those by which training
    divides. Averages taken at the final weights cannot trail them or mix the real, reconstructed and sampled batches of
    a game, which is what running averages do.
    """
    total, count = None, 0
    for count, batch in enumerate(batches, start=1):
        found = statistics(params, batch, jax.random.fold_in(key, count))
        total = found if total is None else jax.tree.map(jnp.add, total, found)
    mean = jax.tree.map(lambda x: x / count, total)
    return {net: {"params": params[net], "batch_stats": mean[net]} for net in params}
