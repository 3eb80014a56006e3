import numpy as np
import pytest

from genmodels import metrics
from genmodels.errors import UsageError
from genmodels.metrics import pca


@pytest.fixture(scope="module")
def train():
    """uint8 [300, 8, 8, 3] with a slowly falling spectrum, like that of images."""
    rng = np.random.default_rng(0)
    factors = rng.normal(size=(300, 192)) * (60 / np.sqrt(1 + np.arange(192)))[None]
    mixed = 127 + factors @ np.linalg.qr(rng.normal(size=(192, 192)))[0]
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8).reshape(300, 8, 8, 3)


@pytest.fixture(scope="module")
def svd(train):
    """Mean [D] and principal directions [D, D] by numpy, float64, images in [0, 1]."""
    flat = train.reshape(len(train), -1) / 255
    return flat.mean(0), np.linalg.svd(flat - flat.mean(0), full_matrices=False)[2]


def numpy_rmse(svd, images, size):
    mean, directions = svd
    centred = images.reshape(len(images), -1) / 255 - mean
    residual = centred - centred @ directions[:size].T @ directions[:size]
    return 255 * np.sqrt((residual**2).mean(1))


@pytest.fixture(scope="module")
def fitted(train):
    return pca.fit(train, 40, block=128)  # the last block is short


def test_rmse_agrees_with_the_svd_at_every_size(train, svd, fitted):
    found = pca.rmse(fitted, train, (1, 8, 40))
    assert list(found) == [1, 8, 40]
    for size, values in found.items():
        np.testing.assert_allclose(values.mean(), numpy_rmse(svd, train, size).mean(), rtol=1e-3)


def test_the_last_components_of_a_steep_spectrum_are_found():
    rng = np.random.default_rng(1)
    factors = rng.normal(size=(900, 768)) * (1000 / (1 + np.arange(768)))[None]
    mixed = 127 + factors @ np.linalg.qr(rng.normal(size=(768, 768)))[0]
    train = np.clip(np.rint(mixed), 0, 255).astype(np.uint8).reshape(900, 16, 16, 3)
    flat = train.reshape(900, -1) / 255
    exact = flat.mean(0), np.linalg.svd(flat - flat.mean(0), full_matrices=False)[2]
    found = pca.rmse(pca.fit(train, 256), train, (256,))[256]
    assert found.mean() == pytest.approx(numpy_rmse(exact, train, 256).mean(), rel=2e-3)


def test_components_are_orthonormal_and_the_leading_ones_exact(fitted, svd):
    np.testing.assert_allclose(fitted.components @ fitted.components.T, np.eye(40), atol=1e-5)
    np.testing.assert_allclose(fitted.mean, svd[0], atol=1e-6)
    cosines = np.abs(np.sum(np.asarray(fitted.components[:4]) * svd[1][:4], axis=1))
    np.testing.assert_allclose(cosines, 1, atol=1e-3)


def test_same_seed_same_components(train, fitted):
    np.testing.assert_array_equal(pca.fit(train, 40, block=128).components, fitted.components)
    assert not np.array_equal(pca.fit(train, 40, block=128, seed=1).components, fitted.components)


def test_a_rank_deficient_set_is_reconstructed(train):
    few = train[:12]
    fitted = pca.fit(few, 11)
    assert pca.rmse(fitted, few, (11,))[11].max() < 0.01


def test_no_component_is_the_mean_even_of_one_image(train):
    fitted = pca.fit(train[:1], 0)
    assert fitted.components.shape == (0, fitted.mean.size)
    np.testing.assert_allclose(pca.rmse(fitted, train[:1], (0,))[0], 0, atol=1e-4)
    flat = np.sqrt(((train - train.mean(0)[None]) ** 2).mean((1, 2, 3)))
    np.testing.assert_allclose(pca.rmse(pca.fit(train, 0), train, (0,))[0], flat, rtol=1e-4)


def test_reconstruction_is_linear_and_not_clipped():
    images = np.zeros((8, 4, 4, 3), np.uint8)
    images[:4, 0] = 255  # one direction only: black, or a white first row
    fitted = pca.fit(images, 1)
    beyond = 2 * images[:1] / np.float32(255)
    np.testing.assert_allclose(pca.reconstruct(fitted, beyond, 1), beyond, atol=1e-5)


def test_too_few_images_or_pixels(train, fitted):
    with pytest.raises(UsageError, match="latent size 300 needs more than 300 training images"):
        pca.fit(train, 300)
    with pytest.raises(UsageError, match="192"):
        pca.fit(train, 193)
    with pytest.raises(UsageError, match="latent size 41"):
        pca.rmse(fitted, train, (4, 41))


def test_package_keeps_pca_apart_from_image_rmse():
    assert metrics.rmse is metrics.images.rmse
    assert metrics.pca.rmse is not metrics.rmse
