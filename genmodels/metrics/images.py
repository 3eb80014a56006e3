"""Measures of images: they take floats in [0, 1] and return one value per image, with no rounding on the way."""

from collections.abc import Callable, Iterable, Iterator

import dm_pix
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from tqdm import tqdm

from genmodels.arrays import AnyArray
from genmodels.errors import UsageError
from genmodels.images import to_unit

WINDOW, SIGMA = 11, 1.5  # the Gaussian window of SSIM, px
K1 = 0.01
NO_LUMINANCE = 1e4  # as k1, it makes SSIM's luminance term 1 and so leaves the contrast-structure term
MS_SSIM_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # finest level first; they sum to 1.0001 as published
SMALLEST_LEVEL = 8  # px

Images = Float[AnyArray, "b h w 3"]
Values = Float[jax.Array, " b"]


@jax.jit
def rmse(a: Images, b: Images) -> Values:
    """Root mean squared error, on the 0-255 scale, of images in [0, 1]."""
    return 255 * jnp.asarray(dm_pix.rmse(a, b))


@jax.jit
def psnr(a: Images, b: Images) -> Values:
    """Peak signal-to-noise ratio in dB of images in [0, 1]; equal images give inf."""
    return jnp.asarray(dm_pix.psnr(a, b))


@jax.jit
def ssim(a: Images, b: Images) -> Values:
    """Structural similarity, mean over channels, of images in [0, 1] (Wang et al. 2004)."""
    return _ssim(_channels_first(a), _channels_first(b), K1)


@jax.jit
def ms_ssim(a: Images, b: Images) -> Values:
    """Multi-scale structural similarity of images in [0, 1].

    From 128 px on this is the published protocol (Wang, Simoncelli and Bovik 2003, as in Odena et al. 2017): 5 levels.
    Smaller images have fewer `levels`, whose weights are rescaled to sum to 1: not comparable with published figures.
    Images under 8 px raise UsageError.
    """
    depth = levels(min(a.shape[1:3]))
    weights = MS_SSIM_WEIGHTS[:depth]
    if depth < len(MS_SSIM_WEIGHTS):
        weights = tuple(w / sum(weights) for w in weights)
    a, b = _channels_first(a), _channels_first(b)
    value = jnp.ones(a.shape[0])  # [B]
    for level, weight in enumerate(weights):
        coarsest = level == depth - 1
        value *= jnp.maximum(_ssim(a, b, K1 if coarsest else NO_LUMINANCE), 0) ** weight
        if not coarsest:
            a, b = _halve(a), _halve(b)
    return value


def levels(size: int) -> int:
    """Number of MS-SSIM levels for images of `size` px: as many as keep each level at 8 px or more, at most 5.

    128 px and more: 5 (the published number), 64 px: 4, 32 px: 3. Under 8 px: UsageError.
    """
    if size < SMALLEST_LEVEL:
        raise UsageError(f"image_size {size}: MS-SSIM needs images of at least {SMALLEST_LEVEL} px.")
    return min(len(MS_SSIM_WEIGHTS), (size // SMALLEST_LEVEL).bit_length())


@jax.jit
def sharpness(x: Images) -> Values:
    """Variance of the Laplacian of the grey image, for images in [0, 1].

    Tolstikhin et al. 2018, section 4. It depends on size, crop and resizing: compare it with that of real images.
    """
    grey = 0.299 * x[..., 0] + 0.587 * x[..., 1] + 0.114 * x[..., 2]  # [B, H, W], Rec. 601
    across = grey[:, 1:-1, :-2] + grey[:, 1:-1, 2:]
    down = grey[:, :-2, 1:-1] + grey[:, 2:, 1:-1]
    return jnp.var(across + down - 4 * grey[:, 1:-1, 1:-1], axis=(1, 2))


def batched(*images: np.ndarray, size: int) -> Iterator[tuple[np.ndarray, ...]]:
    """Cuts arrays of equal length N into tuples of at most `size` rows, in order; memory maps are read as needed.

    Arrays of unequal length raise ValueError.
    """
    if len({len(each) for each in images}) != 1:
        raise ValueError(f"arrays of unequal lengths: {[len(each) for each in images]}")
    for start in range(0, len(images[0]), size):
        yield tuple(each[start : start + size] for each in images)


def per_image(
    measure: Callable, batches: Iterable[tuple[np.ndarray, ...]], *, progress: bool = False
) -> Float[np.ndarray, "n ..."]:
    """Values [N], float32, of a measure of this module over batches of uint8 images, in constant memory.

    `batches` yields tuples with as many arrays [b, H, W, 3] as the measure has arguments: `batched(first, second,
    size=64)`, or a generator that makes samples as they are needed. Other dtypes than uint8 raise TypeError.
    """
    values = []
    for batch in tqdm(batches, desc=measure.__name__, disable=not progress):
        if any(x.dtype != np.uint8 for x in batch):
            raise TypeError(f"images must be uint8, not {[str(x.dtype) for x in batch]}")
        values.append(np.asarray(measure(*(to_unit(jnp.asarray(x)) for x in batch))))  # [b]
    return np.concatenate(values) if values else np.zeros(0, np.float32)


def _channels_first(x: Images) -> Float[jax.Array, "b 3 h w"]:
    """Channels before pixels: both blurs become plain matrix products; dm_pix.ssim averages over all of it."""
    return jnp.moveaxis(jnp.asarray(x, jnp.float32), -1, 1)


def _ssim(a: Float[jax.Array, "b 3 h w"], b: Float[jax.Array, "b 3 h w"], k1: float) -> Values:
    """dm_pix.ssim of images, the window shrunk to fit and the blur as matrix products (3x faster)."""
    height, width = a.shape[2:]
    window = min(WINDOW, height, width)
    rows, columns = _band(height, window), _band(width, window)

    def blur(x):
        x = jnp.einsum("bchw,pw->bchp", x, columns, precision=jax.lax.Precision.HIGHEST)
        return jnp.einsum("oh,bchp->bcop", rows, x, precision=jax.lax.Precision.HIGHEST)

    return jnp.asarray(dm_pix.ssim(a, b, k1=k1, filter_fn=blur))


def _band(size: int, window: int) -> Float[np.ndarray, "{size}-{window}+1 {size}"]:
    """The matrix that slides the Gaussian window along an axis, 'valid' positions only."""
    offsets = np.arange(window) - (window - 1) / 2
    taps = np.exp(-0.5 * (offsets / (SIGMA * window / WINDOW)) ** 2)
    taps /= taps.sum()
    band = np.zeros((size - window + 1, size))
    for place, tap in enumerate(taps):
        band += tap * np.eye(*band.shape, place)
    return band.astype(np.float32)


def _halve(x: Float[jax.Array, "b 3 h w"]) -> Float[jax.Array, "b 3 h//2 w//2"]:
    """2x2 box means; an odd last row or column is left out."""
    height, width = (side // 2 for side in x.shape[2:])
    x = x[:, :, : 2 * height, : 2 * width]
    return x.reshape(*x.shape[:2], height, 2, width, 2).mean((3, 5))
