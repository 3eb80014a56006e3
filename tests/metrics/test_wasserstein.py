"""The sliced Wasserstein distance: an oracle for each part, and what the whole is blind to."""

import jax
import numpy as np
import pytest
from scipy import ndimage, stats

from genmodels.metrics import sliced_wasserstein
from genmodels.metrics import wasserstein as parts


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def noise(rng, n=40, size=32, sigma=1.0):
    """Smooth coloured noise, uint8 [n, size, size, 3], far from both ends of the range."""
    smooth = ndimage.gaussian_filter(rng.normal(size=(n, size, size, 3)), (0, sigma, sigma, 0))
    return np.rint(128 + 20 * smooth / smooth.std()).clip(0, 255).astype(np.uint8)


def binomial(image):
    taps = np.array([1, 4, 6, 4, 1]) / 16
    return ndimage.convolve(image, np.outer(taps, taps)[:, :, None], mode="mirror")


def test_levels_against_scipy(rng):
    image = rng.normal(size=(32, 32, 3))
    smaller = binomial(image)[::2, ::2]
    spread = np.zeros((32, 32, 3))
    spread[::2, ::2] = smaller
    fine, coarse = parts.pyramid(image[None])
    np.testing.assert_allclose(coarse[0], smaller, atol=1e-5)
    np.testing.assert_allclose(fine[0], image - 4 * binomial(spread), atol=1e-5)


def test_the_pyramid_gives_the_image_back(rng):
    images = noise(rng, 2, 64)
    *fine, image = parts.pyramid(images)
    for level in reversed(fine):
        image = parts._up(image) + level
    np.testing.assert_allclose(image, images, atol=1e-3)


def test_a_constant_image_has_nothing_but_its_last_level():
    *fine, last = parts.pyramid(np.full((1, 64, 64, 3), 7.0))
    for level in fine:
        np.testing.assert_allclose(level, 0, atol=1e-5)
    np.testing.assert_allclose(last, 7, rtol=1e-6)


def test_patches_are_standardised_by_channel_and_nothing_is_divided_by_zero(rng):
    patches = (rng.normal(size=(50, 7, 7, 3)) * [1, 5, 0] + [3, -2, 9]).astype(np.float32)
    vectors = parts.standardised(patches.copy()).reshape(-1, 3)
    np.testing.assert_allclose(vectors.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(vectors.std(0), [1, 1, 0], atol=1e-5)


def test_on_a_line_it_is_the_wasserstein_distance(rng):
    a, b = rng.normal(size=(300, 1)).astype(np.float32), rng.gamma(2, size=(300, 1)).astype(np.float32)
    expected = stats.wasserstein_distance(a[:, 0], b[:, 0])
    assert parts.distance(a, b, jax.random.key(0)) == pytest.approx(expected, rel=1e-5)


def test_along_directions_it_is_the_mean_of_wasserstein_distances(rng):
    a, b = (rng.normal(size=(200, 5)).astype(np.float32) * scale for scale in (1, 2))
    expected = []
    for key in jax.random.split(jax.random.key(3), 4):
        directions = np.asarray(jax.random.normal(key, (5, 128)))
        for direction in (directions / np.linalg.norm(directions, axis=0)[None]).T:
            expected.append(stats.wasserstein_distance(a @ direction, b @ direction))
    assert parts.distance(a, b, jax.random.key(3)) == pytest.approx(np.mean(expected), rel=1e-4)


def test_every_patch_lies_in_its_image(rng, monkeypatch):
    """Images of one value each: patches of the coarsest level have that value throughout, 128 of each image."""
    values = np.arange(0, 250, 50, dtype=np.uint8)
    images = np.broadcast_to(values[:, None, None, None], (5, 16, 16, 3))
    found = parts._patches(images, jax.random.key(0), 16)
    np.testing.assert_array_equal(found, np.broadcast_to(np.repeat(values, 128)[:, None, None, None], (640, 7, 7, 3)))


def test_the_same_images_are_at_no_distance_but_that_of_other_patches(rng):
    images = noise(rng, 100)
    found = sliced_wasserstein(images, images)
    assert list(found) == [32, 16, "mean"]
    assert found["mean"] == pytest.approx((found[32] + found[16]) / 2)
    assert found[32] < 20
    assert found == sliced_wasserstein(images, images)
    assert found != sliced_wasserstein(images, images, seed=1)


def test_brightness_and_contrast_have_no_effect_and_a_blur_has(rng):
    images = noise(rng, 100)
    same = sliced_wasserstein(images, noise(rng, 100))
    changed = np.rint(0.5 * images + 40).astype(np.uint8)
    assert sliced_wasserstein(images, changed)[32] < same[32] + 15  # half as many levels of grey: some rounding
    # Standardised, a blurred level has other correlations within a patch: seen at once.
    blurred = np.rint(ndimage.gaussian_filter(images.astype(float), (0, 1.5, 1.5, 0))).astype(np.uint8)
    assert sliced_wasserstein(images, blurred)[32] > 3 * same[32]


def test_it_falls_with_the_number_of_images(rng):
    many = sliced_wasserstein(noise(rng, 400), noise(rng, 400))
    few = sliced_wasserstein(noise(rng, 25), noise(rng, 25))
    assert few["mean"] > many["mean"]


@pytest.mark.parametrize(
    ("real", "fake", "words"),
    [
        ((4, 32, 32, 3), (5, 32, 32, 3), "equally many"),
        ((4, 32, 32), (4, 32, 32), "equally many"),
        ((4, 32, 16, 3), (4, 32, 16, 3), "square"),
        ((0, 32, 32, 3), (0, 32, 32, 3), "equally many"),
        ((4, 8, 8, 3), (4, 8, 8, 3), "no pyramid"),
        ((4, 48, 48, 3), (4, 48, 48, 3), "no pyramid"),
    ],
)
def test_what_cannot_be_compared_is_refused(real, fake, words):
    with pytest.raises(ValueError, match=words):
        sliced_wasserstein(np.zeros(real, np.uint8), np.zeros(fake, np.uint8))


def test_images_are_uint8():
    with pytest.raises(TypeError, match="uint8"):
        sliced_wasserstein(np.zeros((4, 32, 32, 3)), np.zeros((4, 32, 32, 3)))
