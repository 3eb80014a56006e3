import numpy as np
import pytest
from PIL import Image

from genmodels import images


@pytest.fixture
def tiles():
    """Five images of 4x6 pixels, each of one colour of its own."""
    return np.arange(5, dtype=np.uint8)[:, None, None, None] * np.full((1, 4, 6, 3), 10, np.uint8)


def test_ranges():
    unit = images.to_unit(np.array([[0, 51, 255]], np.uint8))
    assert unit.dtype == np.float32
    np.testing.assert_allclose(unit, [[0, 0.2, 1]], rtol=1e-6)
    np.testing.assert_allclose(images.unit_to_signed(unit), [[-1, -0.6, 1]], rtol=1e-6)
    np.testing.assert_allclose(images.signed_to_unit(images.unit_to_signed(unit)), unit, atol=1e-7)


def test_every_level_survives_the_way_there_and_back():
    levels = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(images.to_uint8(images.to_unit(levels)), levels)
    signed = images.unit_to_signed(images.to_unit(levels))
    np.testing.assert_array_equal(images.to_uint8(images.signed_to_unit(signed)), levels)


def test_to_uint8_rounds_and_clips():
    np.testing.assert_array_equal(images.to_uint8([-0.3, 0.4 / 255, 0.6 / 255, 254.4 / 255, 1.7]), [0, 0, 1, 254, 255])


def test_grid_goes_row_by_row_on_white(tiles):
    sheet = images.grid(tiles, columns=3, gap=2)
    assert sheet.shape == (2 * 4 + 2, 3 * 6 + 2 * 2, 3)
    for i in range(5):
        top, left = i // 3 * 6, i % 3 * 8
        assert np.all(sheet[top : top + 4, left : left + 6] == 10 * i)
    assert np.all(sheet[4:6] == 255)
    assert np.all(sheet[6:, 16:] == 255)  # where a sixth would be


def test_pairs_put_each_original_before_its_reconstruction(tiles):
    both = images.pairs(tiles, tiles + 1)
    np.testing.assert_array_equal(both[:, 0, 0, 0], [0, 1, 10, 11, 20, 21, 30, 31, 40, 41])


def test_save_grid_enlarges_small_images(tiles, tmp_path):
    images.save_grid(tmp_path / "grid.png", tiles, columns=3)
    with Image.open(tmp_path / "grid.png") as sheet:
        found = np.asarray(sheet)
    np.testing.assert_array_equal(found, images.grid(tiles, 3).repeat(24, 0).repeat(24, 1))


def test_the_size_of_a_grid_is_known_before_it_is_made(tiles):
    assert images.grid_size(tiles.shape, columns=3, gap=5) == images.grid(tiles, columns=3, gap=5).shape[:2]
    assert [images.enlargement(height) for height in (4, 32, 64, 128)] == [24, 3, 1, 1]
