"""The named crops against the rows and columns of the literature, the resizing against Lanczos' formula in numpy."""

import re

import numpy as np
import pytest
from PIL import Image

from genmodels.data import crops
from genmodels.data.decoding import BadImage

CELEBA = (218, 178)
ROWS_AND_COLUMNS = {
    "centre140": (slice(39, 179), slice(19, 159)),
    "pggan128": (slice(57, 185), slice(25, 153)),
    "centre148": (slice(35, 183), slice(15, 163)),
    "full178": (slice(20, 198), slice(0, 178)),
    "square": (slice(20, 198), slice(0, 178)),
    "none": (slice(0, 218), slice(0, 178)),
}


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def lanczos(length: int, size: int) -> np.ndarray:
    """The matrix [size, length] of Lanczos-3, widened by the scale where it shrinks (antialiased)."""
    scale = length / size
    width = max(scale, 1.0)
    centres = (np.arange(size) + 0.5) * scale
    x = (np.arange(length) + 0.5 - centres[:, None]) / width
    weights = np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)
    return weights / weights.sum(1, keepdims=True)


def resized(image: np.ndarray, size: int) -> np.ndarray:
    across = lanczos(image.shape[1], size) @ image.astype(float)  # [H, size, 3]
    across = np.clip(np.rint(across), 0, 255)  # Pillow keeps 8 bits between its two passes
    down = np.tensordot(lanczos(image.shape[0], size), across, 1)  # [size, size, 3]
    return np.clip(np.rint(down), 0, 255)


def test_every_crop_has_an_oracle():
    assert set(ROWS_AND_COLUMNS) == set(crops.CROPS)


@pytest.mark.parametrize("crop", ROWS_AND_COLUMNS)
@pytest.mark.parametrize("size", [32, 64, 256])
def test_crop_and_resize(crop, size):
    image = noise(*CELEBA)
    got = crops.prepare(image, crop, size)
    assert got.dtype == np.uint8
    assert got.shape == (size, size, 3)
    # One grey level: Pillow's filter weights have 22 bits.
    np.testing.assert_allclose(got, resized(image[ROWS_AND_COLUMNS[crop]], size), atol=1)


def test_pggan128_is_not_resampled_at_128():
    image = noise(*CELEBA)
    np.testing.assert_array_equal(crops.prepare(image, "pggan128", 128), image[57:185, 25:153])


def test_prepared_images_pass_unchanged():
    image = noise(64, 64)
    np.testing.assert_array_equal(crops.prepare(Image.fromarray(image), "none", 64), image)


def test_pixels_outside_the_crop_have_no_influence():
    image = noise(*CELEBA)
    rows, columns = ROWS_AND_COLUMNS["centre140"]
    framed = np.zeros_like(image)
    framed[rows, columns] = image[rows, columns]
    np.testing.assert_array_equal(crops.prepare(framed, "centre140", 64), crops.prepare(image, "centre140", 64))


def test_square_takes_the_middle_of_either_shape():
    assert crops.box("square", 50, 30) == (10, 0, 40, 30)
    assert crops.box("square", 30, 50) == (0, 10, 30, 40)


def test_grey_becomes_three_equal_channels():
    got = crops.prepare(Image.fromarray(noise(40, 40)[..., 0]), "none", 32)
    assert got.shape == (32, 32, 3)
    np.testing.assert_array_equal(got[..., 0], got[..., 2])


@pytest.mark.parametrize(
    ("crop", "height", "width"),
    [
        ("centre140", 139, 178),
        ("centre140", 218, 139),
        ("pggan128", 128, 128),
        ("pggan128", 150, 128),
        ("full178", 64, 64),
    ],
)
def test_crop_larger_than_the_image(crop, height, width):
    with pytest.raises(BadImage, match=rf"crop {crop} needs .* it has {height} x {width}.*data\.crop"):
        crops.prepare(noise(height, width), crop, 64)


def test_smallest_images_that_crops_fit():
    assert crops.box("pggan128", 151, 128) == (23, 0, 151, 128)
    assert crops.box("centre140", 140, 140) == (0, 0, 140, 140)


def test_one_pixel_is_not_a_image():
    with pytest.raises(BadImage, match="1 x 1 pixels"):
        crops.prepare(noise(1, 1), "none", 32)


@pytest.mark.parametrize(
    ("crop", "height", "width", "size", "said"),
    [
        ("centre140", *CELEBA, 128, []),  # the deck's setting
        ("pggan128", *CELEBA, 128, []),
        ("centre140", *CELEBA, 64, []),
        ("centre140", *CELEBA, 256, ["enlarged, with fewer than 256 pixels on a side"]),
        ("square", 31, 500, 32, ["enlarged, .* 32 pixels", "cut to less than a quarter .* data.crop=square"]),
        ("centre140", 280, 280, 64, []),
        ("centre140", 281, 280, 64, ["cut to less than a quarter of their pixels by data.crop=centre140"]),
        ("none", 64, 64, 64, []),
        ("none", 65, 64, 64, ["squeezed into a square"]),
    ],
)
def test_losses(crop, height, width, size, said):
    found = list(crops.losses(crop, height, width, size))
    assert len(found) == len(said)
    assert all(re.match(words, loss) for words, loss in zip(said, found, strict=True))
