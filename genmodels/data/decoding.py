"""Image files, which are untrusted, to 8-bit RGB."""

import io
import os

import numpy as np
from PIL import Image, ImageOps, PngImagePlugin

from genmodels.errors import UsageError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF")  # as Pillow names them
KNOWN = "JPEG, PNG, WebP, GIF, BMP, TIFF, PPM or AVIF"  # in words
MAX_PIXELS = 64_000_000  # 8000 x 8000 pixels, 192 MB decoded: above it a small file is taken for a decompression bomb

# Editors put more than Pillow's 1 MB into one text chunk or colour profile. What it allows for all chunks of a file,
# 64 MB, holds for one of them too.
PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY


class BadImage(UsageError):
    """An image that cannot be used: the text is the reason; whoever knows the image's name puts it in front."""


def decode(file: bytes | str | os.PathLike, *, upright: bool = False) -> Image.Image:
    """Decodes a file of one of FORMATS, given as its bytes or its path, to an RGB image.

    With `upright` the EXIF orientation is applied. Raises BadImage with the reason.
    """
    try:
        with Image.open(io.BytesIO(file) if isinstance(file, bytes) else file, formats=FORMATS) as image:
            _refuse(image)
            image.load()
            return to_rgb(ImageOps.exif_transpose(image) if upright else image)
    except BadImage:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise BadImage(f"it has more than {MAX_PIXELS:,} pixels") from error
    except Image.UnidentifiedImageError as error:
        raise BadImage(f"it is not a readable {KNOWN} image") from error
    except Exception as error:  # Pillow's plugins raise errors of many kinds on damaged files
        raise BadImage(f"it cannot be read ({str(error) or type(error).__name__})") from error


def _refuse(image: Image.Image) -> None:
    """Refuses, from the header alone, what must not be decoded."""
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise BadImage(f"it has {width} x {height} pixels, more than {MAX_PIXELS:,}")
    if image.format != "MPO" and getattr(image, "is_animated", False):  # MPO: a camera's JPEG with a preview behind it
        raise BadImage("it has several pages" if image.format == "TIFF" else "it is animated")
    if image.mode == "F" or (image.format, image.mode) == ("TIFF", "I"):
        raise BadImage("its values have more than 16 bits, and which of them are black and white is not known")


def to_rgb(image: Image.Image) -> Image.Image:
    """Converts an image of any Pillow mode to RGB: 16 bits are scaled to 8, transparency shows white."""
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode.startswith("I"):  # 16-bit grey: Pillow's own conversion clips at 255 instead of scaling
        grey = np.asarray(image).astype(np.float64) / 257.0
        return Image.fromarray(np.rint(np.clip(grey, 0, 255)).astype(np.uint8)).convert("RGB")
    if image.mode in ("LA", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")
