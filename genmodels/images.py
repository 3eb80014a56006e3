"""The one place where images change range: uint8 at rest, [0, 1] outside, [-1, 1] inside the WAE nets."""

from pathlib import Path
from typing import overload

import jax
import jax.numpy as jnp
import numpy as np
from PIL import Image

from genmodels.arrays import AnyArray


@overload
def to_unit(images: jax.Array) -> jax.Array: ...
@overload
def to_unit(images: np.ndarray) -> np.ndarray: ...
def to_unit(images: AnyArray) -> AnyArray:
    """uint8 [..., H, W, 3] -> float32 in [0, 1], where it is: on a device, or on the host."""
    return images.astype(jnp.float32) / 255.0


def unit_to_signed(images: jax.Array) -> jax.Array:
    """[0, 1] -> [-1, 1], the range of the WAE nets."""
    return images * 2.0 - 1.0


def signed_to_unit(images: jax.Array) -> jax.Array:
    """[-1, 1] -> [0, 1]."""
    return (images + 1.0) / 2.0


def to_uint8(images) -> np.ndarray:
    """[0, 1] floats (clipped, rounded) -> uint8, on the host."""
    return np.rint(np.clip(np.asarray(images, np.float32), 0.0, 1.0) * 255.0).astype(np.uint8)


def grid(tiles: np.ndarray, columns: int, gap: int = 2) -> np.ndarray:
    """uint8 images [N, H, W, 3] laid out row by row on white -> one image; the last row may be short."""
    height, width = tiles.shape[1:3]
    sheet = np.full((*grid_size(tiles.shape, columns, gap), 3), 255, np.uint8)
    for i, tile in enumerate(tiles):
        top, left = (i // columns) * (height + gap), (i % columns) * (width + gap)
        sheet[top : top + height, left : left + width] = tile
    return sheet


def grid_size(shape: tuple[int, ...], columns: int, gap: int = 2) -> tuple[int, int]:
    """Height and width in pixels of the grid of images of shape [N, H, W, 3]."""
    count, height, width, _ = shape
    rows = -(-count // columns)
    return rows * (height + gap) - gap, columns * (width + gap) - gap


def pairs(originals: np.ndarray, reconstructions: np.ndarray) -> np.ndarray:
    """Each original [N, H, W, 3] directly followed by its reconstruction -> [2 N, H, W, 3]."""
    both = np.stack([originals, reconstructions], axis=1)
    return both.reshape(-1, *both.shape[2:])


def save_grid(path: Path, tiles: np.ndarray, columns: int) -> None:
    """Writes uint8 images [N, H, W, 3] as one grid, enlarged like `save_sheet`'s."""
    save_sheet(path, grid(tiles, columns), tiles.shape[1])


def save_sheet(path: Path, sheet: np.ndarray, height: int) -> None:
    """Writes a sheet [H, W, 3] of images `height` pixels high as PNG or JPEG; small ones are enlarged."""
    image, times = Image.fromarray(sheet), enlargement(height)
    enlarged = image.resize((image.width * times, image.height * times), Image.Resampling.NEAREST)
    enlarged.save(path, quality=95, subsampling=0)  # of a JPEG; a PNG has neither


def enlargement(height: int) -> int:
    """How many pixels each pixel of an image becomes, in both directions, so that it can be seen on a sheet."""
    return max(1, 96 // height)
