"""The named crops, and the one function that crops and resizes an image."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image

from genmodels.data.decoding import BadImage, to_rgb

MIN_SIDE = 8  # pixels: less than this, enlarged, is not an image


class Crop(NamedTuple):
    """A square of `side` pixels (None: as large as fits), `down` pixels below the centre of the image."""

    side: int | None
    down: int = 0


# On aligned CelebA, 218 high x 178 wide, these are the rows and columns behind them.
CROPS = {
    "centre140": Crop(140),  # 39:179, 19:159
    "pggan128": Crop(128, down=12),  # 57:185, 25:153, the crop of the published 128 x 128 MS-SSIM figures
    "centre148": Crop(148),  # 35:183, 15:163
    "full178": Crop(178),  # 20:198, 0:178
    "square": Crop(None),  # the largest centred square of an image of any shape
    "none": None,  # the whole image, whose shape is not kept where it is not square
}


def box(crop: str, height: int, width: int) -> tuple[int, int, int, int]:
    """Returns (top, left, bottom, right) of a named crop in an image of `height` x `width` pixels.

    Raises BadImage where the crop reaches beyond the image.
    """
    if CROPS[crop] is None:
        return 0, 0, height, width
    side, down = CROPS[crop]
    side = min(height, width) if side is None else side
    top, left = (height - side) // 2 + down, (width - side) // 2
    if top < 0 or left < 0 or top + side > height or left + side > width:
        height_needed = side + max(0, 2 * down - 1)
        raise BadImage(
            f"the crop {crop} needs {height_needed} x {side} pixels (height x width), it has {height} x {width}:"
            " set data.crop=square or data.crop=none"
        )
    return top, left, top + side, left + side


def losses(crop: str, height: int, width: int, size: int) -> Iterator[str]:
    """Says what an image of `height` x `width` pixels suffers by being cropped and resized to `size` pixels."""
    top, left, bottom, right = box(crop, height, width)
    if min(bottom - top, right - left) < size:
        yield f"enlarged, with fewer than {size} pixels on a side"
    if bottom - top != right - left:
        yield "squeezed into a square (data.crop=square would cut them instead)"
    if 4 * (bottom - top) * (right - left) < height * width:
        yield f"cut to less than a quarter of their pixels by data.crop={crop}"


def prepare(image: Image.Image | np.ndarray, crop: str, size: int) -> np.ndarray:
    """Crops an image and resizes it to `size` x `size` pixels (Lanczos, antialiased).

    Takes a Pillow image of any mode or uint8 [H, W, 3]; returns uint8 [size, size, 3]. Raises BadImage.
    """
    image = to_rgb(Image.fromarray(image) if isinstance(image, np.ndarray) else image)
    top, left, bottom, right = box(crop, image.height, image.width)
    if min(bottom - top, right - left) < MIN_SIDE:
        raise BadImage(f"it has {image.height} x {image.width} pixels, fewer than {MIN_SIDE} on a side")
    # Cropped before it is resized: the filter must not see pixels outside the crop.
    image = image.crop((left, top, right, bottom))
    if image.size != (size, size):
        image = image.resize((size, size), Image.Resampling.LANCZOS)
    return np.asarray(image)  # [size, size, 3]
