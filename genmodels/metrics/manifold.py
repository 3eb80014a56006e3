"""How far images lie from a whole training split."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int, Shaped, UInt8
from tqdm import tqdm

from genmodels.arrays import AnyArray

CANDIDATES = 4  # kept for each query in float32, then measured exactly


class ToSet(NamedTuple):
    """Distances, RMSE on the 0-255 scale, from each query to a set of images."""

    mean: Float[np.ndarray, " q"]  # over the set, of the RMSE to each of its images
    nearest: Float[np.ndarray, " q"]  # RMSE to the nearest one
    index: Int[np.ndarray, " q"]  # which one that is


def distances_to_set(
    queries: Float[AnyArray, "q h w 3"],
    train: Shaped[np.ndarray, "n ..."],
    *,
    block: int = 512,
    progress: bool = False,
) -> ToSet:
    """Mean and nearest RMSE (0-255 scale) from queries in [0, 1] to uint8 images [N, H, W, 3].

    One pass over `train`, which may be a memory map of any length: a block at a time is on the device, beside all the
    queries. Distances are |q|^2 + |x|^2 - 2 q.x in float32; the four smallest of each query are measured again in
    float64, so `nearest` has only the rounding of the queries themselves: that of a copy is under 1e-4.
    Shapes that do not match, or an empty set: ValueError.
    """
    if not len(train) or queries.shape[1:] != train.shape[1:] or train.dtype != np.uint8:
        raise ValueError(f"queries {queries.shape} cannot be measured against {train.shape} of {train.dtype}")
    flat = _centre(255 * jnp.asarray(queries, jnp.float32).reshape(len(queries), -1))  # [Q, D]
    carry = (
        jnp.zeros(len(flat)),  # sum of RMSE
        jnp.full((len(flat), CANDIDATES), jnp.inf),  # smallest RMSE so far
        jnp.zeros((len(flat), CANDIDATES), jnp.int32),  # and whose they are
    )
    for start in tqdm(range(0, len(train), block), desc="distances to training images", disable=not progress):
        images = np.asarray(train[start : start + block]).reshape(-1, flat.shape[1])  # [b, D]
        previous, carry = carry, _add_block(carry, flat, images, start)
        jax.block_until_ready(previous)  # one block computes while the next is read, never more
    total, _, candidates = jax.device_get(carry)
    nearest, index = _measure_exactly(np.asarray(queries), train, candidates)
    return ToSet(total / len(train), nearest, index)


def _centre(x: Float[jax.Array, "n d"]) -> Float[jax.Array, "n d"]:
    """0-255 to about -128..128: distances stay, the norms that cancel in |q|^2 + |x|^2 - 2 q.x become smaller."""
    return x - 127.5


@jax.jit
def _add_block(
    carry: tuple, queries: Float[jax.Array, "q d"], images: UInt8[jax.Array, "b d"], start: Int[jax.Array, ""]
) -> tuple:
    """Takes a block of images into the sums [Q], the smallest distances and their indices [Q, 4]."""
    total, smallest, candidates = carry
    images = _centre(images.astype(jnp.float32))
    products = jnp.matmul(queries, images.T, precision=jax.lax.Precision.HIGHEST)  # [Q, b]
    squares = jnp.sum(queries**2, 1)[:, None] + jnp.sum(images**2, 1)[None] - 2 * products
    distances = jnp.sqrt(jnp.maximum(squares, 0) / queries.shape[1])  # [Q, b]
    indices = jnp.broadcast_to(start + jnp.arange(len(images))[None], distances.shape)
    kept, place = jax.lax.top_k(-jnp.concatenate([smallest, distances], 1), CANDIDATES)
    candidates = jnp.take_along_axis(jnp.concatenate([candidates, indices], 1), place, 1)
    return total + distances.sum(1), -kept, candidates


def _measure_exactly(
    queries: Float[np.ndarray, "q h w 3"], train: UInt8[np.ndarray, "n h w 3"], candidates: Int[np.ndarray, "q c"]
) -> tuple[Float[np.ndarray, " q"], Int[np.ndarray, " q"]]:
    """RMSE to the nearest candidate and its index, in float64; of equal distances the lower index wins."""
    nearest, index = np.empty(len(queries)), np.empty(len(queries), np.int64)
    for row, (query, places) in enumerate(zip(queries, candidates, strict=True)):
        places = np.unique(places)
        exact = 255 * query.astype(np.float64)[None] - train[places]  # [<= 4, H, W, 3]
        distances = np.sqrt(np.mean(exact**2, axis=(1, 2, 3)))
        nearest[row], index[row] = distances.min(), places[distances.argmin()]
    return nearest, index
