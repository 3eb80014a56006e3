"""Sliced Wasserstein distance of two sets of images, by scale (Karras et al. 2018, arXiv 1710.10196, section 5)."""

import functools
from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, UInt8

from genmodels.arrays import AnyArray
from genmodels.metrics.images import batched

SMALLEST = 16  # px, the coarsest level
PATCHES, SIDE = 128, 7  # patches of an image on each level, and their side in pixels
REPEATS, DIRECTIONS = 4, 128  # directions are drawn in so many lots
BINOMIAL = np.array([1, 4, 6, 4, 1]) / 16
BATCH = 256  # images at once
CHUNK = 8_192  # patches at once while a set is standardised
AT_ONCE = 32  # directions at once: their projections need less memory than the patches


def sliced_wasserstein(real: np.ndarray, fake: np.ndarray, *, seed: int = 0) -> dict[int | str, float]:
    """The distance, times 1000, by level of the Laplacian pyramid, and the mean: {64: v, 32: v, 16: v, 'mean': v}.

    `real` and `fake` are as many uint8 images [N, H, H, 3], H = 16, 32, 64, ...; memory maps are read as they come. On
    each level patches of 7x7 pixels, 128 an image at random places, are standardised by the mean and deviation of each
    channel of their own set, so brightness and contrast of a whole set have no effect; they are projected on 512 random
    directions, where the distance of two sets is that of their sorted projections. It depends on N: read it beside that
    of two sets of real images of the same N. Raises ValueError for sets of unequal shape or of other sizes.
    """
    size = real.shape[1]
    if real.shape != fake.shape or real.ndim != 4 or not len(real) or real.shape[2:] != (size, 3):
        raise ValueError(f"two sets of equally many square images are compared, not {real.shape} and {fake.shape}")
    if size < SMALLEST or size & (size - 1):
        raise ValueError(
            f"images of {size} px have no pyramid down to {SMALLEST} px: their size must be a power of two"
        )
    if real.dtype != np.uint8 or fake.dtype != np.uint8:
        raise TypeError(f"images must be uint8, not {real.dtype} and {fake.dtype}")
    levels = [size >> i for i in range((size // SMALLEST).bit_length())]
    keys = jax.random.split(jax.random.key(seed), (len(levels), 3))
    found = {level: 1e3 * _of_level(real, fake, level, own) for level, own in zip(levels, keys, strict=True)}
    return found | {"mean": float(np.mean(list(found.values())))}


def _of_level(real: np.ndarray, fake: np.ndarray, level: int, keys: jax.Array) -> float:
    """The distance on one level; its patches are freed before the next level's are cut."""
    real_key, fake_key, direction_key = keys
    a, b = (standardised(_patches(*pair, level)) for pair in ((real, real_key), (fake, fake_key)))
    return distance(a, b, direction_key)


def pyramid(images: Float[AnyArray, "b h h 3"] | UInt8[AnyArray, "b h h 3"]) -> list[jax.Array]:
    """The Laplacian pyramid of images [B, H, H, 3], float32 of any range: each level less what the next one predicts.

    Levels of H, H/2, ..., 16 px; the last is the image itself, filtered down. Burt & Adelson 1983.
    """
    levels, image = [], jnp.asarray(images, jnp.float32)
    while image.shape[1] > SMALLEST:
        smaller = _down(image)
        levels.append(image - _up(smaller))
        image = smaller
    return [*levels, image]


def standardised(patches: Float[np.ndarray, "p 7 7 3"]) -> Float[np.ndarray, "p 147"]:
    """Patches [P, 7, 7, 3], each channel of the set with mean 0 and deviation 1, as vectors [P, 147]; in place.

    A channel without deviation stays 0.
    """
    vectors = patches.reshape(len(patches), -1)
    chunks = [vectors[start : start + CHUNK] for start in range(0, len(vectors), CHUNK)]  # views that fit into a cache
    mean = _channel_means(chunk.sum(0, dtype=np.float64) for chunk in chunks) / len(vectors)
    for chunk in chunks:
        chunk -= np.tile(mean, SIDE * SIDE).astype(np.float32)[None]
    variance = _channel_means(np.square(chunk).sum(0, dtype=np.float64) for chunk in chunks) / len(vectors)
    scale = np.sqrt(np.where(variance > 0, variance, 1))
    for chunk in chunks:
        chunk /= np.tile(scale, SIDE * SIDE).astype(np.float32)[None]
    return vectors


def distance(a: Float[np.ndarray, "p d"], b: Float[np.ndarray, "p d"], key: jax.Array) -> float:
    """The mean over random directions of the Wasserstein-1 distance of two sets of vectors, [P, D] each, along them."""
    # On a CPU, BLAS multiplies such long matrices several times faster than XLA does, and numpy sorts 60 times faster.
    on_host = jax.default_backend() == "cpu"
    sorted_along = _sorted_by_numpy if on_host else _sorted_by_jax
    sets = (a, b) if on_host else jax.device_put((a, b))
    means = []
    for lot in jax.random.split(key, REPEATS):
        directions = jax.random.normal(lot, (a.shape[1], DIRECTIONS))
        directions = np.asarray(directions / jnp.linalg.norm(directions, axis=0)[None])
        for part in np.split(directions, DIRECTIONS // AT_ONCE, axis=1):
            of_a, of_b = (sorted_along(each, part) for each in sets)
            of_a -= of_b
            means.append(float(abs(of_a).mean()))
    return float(np.mean(means))


def _channel_means(sums: Iterator[np.ndarray]) -> Float[np.ndarray, " 3"]:
    """The mean over a patch's places of sums [147] over parts of a set, added up; by channel."""
    return sum(sums, np.zeros(SIDE * SIDE * 3)).reshape(-1, 3).mean(0)


def _sorted_by_numpy(vectors: Float[np.ndarray, "p d"], directions: Float[np.ndarray, "d k"]) -> np.ndarray:
    """The sorted projections [K, P] of vectors on directions."""
    projections = directions.T @ vectors.T
    projections.sort(axis=1)
    return projections


@jax.jit
def _sorted_by_jax(vectors: AnyArray, directions: AnyArray) -> jax.Array:
    return jnp.sort(jnp.matmul(directions.T, vectors.T, precision=jax.lax.Precision.HIGHEST), axis=1)


def _patches(images: np.ndarray, key: jax.Array, level: int) -> np.ndarray:
    """Patches of all images on the level of so many pixels, at random places: float32 [N * PATCHES, 7, 7, 3]."""
    rng = np.random.default_rng(np.asarray(jax.random.key_data(key)))
    found = np.empty((len(images), PATCHES, SIDE, SIDE, 3), np.float32)
    start = 0
    for batch in _levels(images, level):
        rows, columns = rng.integers(level - SIDE + 1, size=(2, len(batch), PATCHES))
        windows = np.lib.stride_tricks.sliding_window_view(batch, (SIDE, SIDE), axis=(1, 2))  # [b, y, x, 3, 7, 7]
        chosen = windows[np.arange(len(batch))[:, None], rows, columns]  # [b, PATCHES, 3, 7, 7]
        found[start : start + len(batch)] = chosen.transpose(0, 1, 3, 4, 2)
        start += len(batch)
    return found.reshape(-1, SIDE, SIDE, 3)


def _levels(images: np.ndarray, level: int) -> Iterator[np.ndarray]:
    """One level of the pyramids, float32 [b, level, level, 3], of a batch of images at a time."""
    place = (images.shape[1] // level).bit_length() - 1
    for (batch,) in batched(images, size=BATCH):
        yield np.asarray(_level(np.asarray(batch), place))


@functools.partial(jax.jit, static_argnames="place")
def _level(images: AnyArray, place: int) -> jax.Array:
    return pyramid(images)[place]


def _down(x: jax.Array) -> jax.Array:
    """Half the size: the 5x5 binomial filter over images [B, H, H, 3], then every second pixel."""
    return _filtered(x, _binomial(x.shape[1])[::2])


def _up(x: jax.Array) -> jax.Array:
    """Twice the size: zeros between the pixels, and four times the filter."""
    return _filtered(x, 2 * _binomial(2 * x.shape[1])[:, ::2])


def _filtered(x: jax.Array, matrix: np.ndarray) -> jax.Array:
    """A filter's matrix [O, H] along both axes of images [B, H, H, 3]: as products it is the fastest."""
    x = jnp.einsum("oh,bhwc->bowc", matrix, x, precision=jax.lax.Precision.HIGHEST)
    return jnp.einsum("ow,bhwc->bhoc", matrix, x, precision=jax.lax.Precision.HIGHEST)


def _binomial(size: int) -> Float[np.ndarray, "{size} {size}"]:
    """The matrix that filters a line of pixels, whose edges mirror."""
    mirrored = np.pad(np.eye(size), ((0, 0), (2, 2)), mode="reflect")  # [H, H + 4]: where each padded pixel is from
    shifted = np.stack([mirrored[:, i : i + size] for i in range(len(BINOMIAL))])  # [5, H, H]
    return np.tensordot(BINOMIAL, shifted, 1).T.astype(np.float32)
