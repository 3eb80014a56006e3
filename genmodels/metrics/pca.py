"""The linear autoencoder to beat: principal components of the training images at the same latent size."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from tqdm import tqdm

from genmodels.errors import UsageError
from genmodels.images import to_unit
from genmodels.metrics.images import batched, per_image
from genmodels.metrics.images import rmse as image_rmse

EXACT = jax.lax.Precision.HIGHEST


class PCA(NamedTuple):
    """Mean image and principal components, largest variance first, of images in [0, 1] flattened to D values."""

    mean: jax.Array  # [D]
    components: jax.Array  # [K, D], orthonormal rows


def fit(
    train: np.ndarray, size: int, *, seed: int = 0, passes: int = 5, block: int = 512, progress: bool = False
) -> PCA:
    """First `size` principal components of uint8 images [N, H, W, 3], streamed from an array or a memory map.

    Randomised subspace iteration (Halko, Martinsson and Tropp 2011, algorithms 4.4 and 5.3) on the covariance, `passes`
    readings of the images and one for the mean. It holds two matrices of [D, size + 32] and one block: its memory
    does not grow with N. One fit serves every smaller latent size; size 0 is the mean alone. Too few images or
    pixels: UsageError.
    """
    n, values = len(train), int(np.prod(train.shape[1:]))
    if size >= n or size > values:
        raise UsageError(
            f"PCA with latent size {size} needs more than {size} training images of at least {size} values; here are "
            f"{n} of {values}.\nUse more images or a smaller latent size."
        )
    readings = passes + 1 if size else 1
    with tqdm(total=n * readings, desc=f"PCA, {size} dimensions", unit=" images", disable=not progress) as bar:
        mean = _mean(train, block, bar.update)  # [D]
        if not size:
            return PCA(mean, jnp.zeros((0, values)))
        oversampled = min(size + 32, n, values)
        basis = _orthonormal(jax.random.normal(jax.random.key(seed), (values, oversampled)))  # [D, L]
        for _ in range(passes - 1):
            basis = _orthonormal(_covariance_times(train, mean, basis, block, bar.update))
        image = _covariance_times(train, mean, basis, block, bar.update)
    # Rayleigh-Ritz: the covariance seen within the basis; eigh sorts upwards.
    _, rotation = jnp.linalg.eigh(jnp.matmul(basis.T, image, precision=EXACT))  # [L, L]
    return PCA(mean, jnp.matmul(rotation[:, ::-1][:, :size].T, basis.T, precision=EXACT))


def reconstruct(pca: PCA, x: jax.Array, size: int) -> jax.Array:
    """Projection of images x [B, H, W, 3] in [0, 1] on the first `size` components; linear, so not clipped."""
    _check_size(pca, size)
    return _reconstruct(pca.mean, pca.components[:size], x)


def rmse(
    pca: PCA, images: np.ndarray, sizes: Sequence[int], *, block: int = 512, progress: bool = False
) -> dict[int, np.ndarray]:
    """Per-image reconstruction RMSE [N], 0-255 scale, of uint8 images [N, H, W, 3] for each latent size.

    Neither clipped nor rounded: the reference is the linear autoencoder itself. One reading of `images`.
    """
    for size in sizes:
        _check_size(pca, size)

    def pca_rmse(x):
        return jnp.stack([image_rmse(x, reconstruct(pca, x, size)) for size in sizes], axis=1)  # [B, S]

    table = per_image(pca_rmse, batched(images, size=block), progress=progress)  # [N, S]
    return dict(zip(sizes, table.T, strict=True))


def _check_size(pca: PCA, size: int) -> None:
    if size > len(pca.components):
        raise UsageError(f"latent size {size}: this PCA was fitted with {len(pca.components)} dimensions; fit it anew.")


@jax.jit
def _reconstruct(mean: jax.Array, components: jax.Array, x: jax.Array) -> jax.Array:
    flat = x.reshape(len(x), -1) - mean[None]  # [B, D]
    codes = jnp.matmul(flat, components.T, precision=EXACT)  # [B, K]
    return (mean[None] + jnp.matmul(codes, components, precision=EXACT)).reshape(x.shape)


@jax.jit
def _orthonormal(basis: jax.Array) -> jax.Array:
    """Orthonormal columns [D, L] of the same span, from the eigenvectors of the small Gram matrix.

    Stathopoulos and Wu 2002: all matrix products, so 10x faster than a QR of a tall matrix. A Gram matrix squares the
    condition number, hence the floor under its eigenvalues and the second round, which finds the rest well conditioned.
    """
    for _ in range(2):
        eigenvalues, rotation = jnp.linalg.eigh(jnp.matmul(basis.T, basis, precision=EXACT))  # [L], [L, L]
        scale = jax.lax.rsqrt(jnp.maximum(eigenvalues, 1e-6 * eigenvalues[-1]))
        basis = jnp.matmul(basis, rotation * scale[None], precision=EXACT)
    return basis


def _mean(train: np.ndarray, block: int, update: Callable[[int], object]) -> jax.Array:
    """Mean image [D] in [0, 1], summed in integers."""
    total = np.zeros(train.shape[1:], np.uint64)
    for (images,) in batched(train, size=block):
        total += images.sum(0, dtype=np.uint32)
        update(len(images))
    return jnp.asarray(total.reshape(-1) / (255 * len(train)), jnp.float32)


def _covariance_times(
    train: np.ndarray, mean: jax.Array, basis: jax.Array, block: int, update: Callable[[int], object]
) -> jax.Array:
    """Covariance of the images times a basis [D, L], without ever forming the covariance [D, D]."""
    total = jnp.zeros_like(basis)
    for (images,) in batched(train, size=block):
        previous, total = total, _add_block(total, mean, basis, np.asarray(images).reshape(len(images), -1))
        jax.block_until_ready(previous)  # one block computes while the next is read, never more
        update(len(images))
    return total / len(train)


@jax.jit
def _add_block(total: jax.Array, mean: jax.Array, basis: jax.Array, images: jax.Array) -> jax.Array:
    centred = to_unit(images) - mean[None]  # [b, D]
    return total + jnp.matmul(centred.T, jnp.matmul(centred, basis, precision=EXACT), precision=EXACT)
