import numpy as np
import pytest

from genmodels import metrics
from genmodels.errors import UsageError
from genmodels.metrics.images import MS_SSIM_WEIGHTS


@pytest.fixture(scope="module")
def rng():
    return np.random.default_rng(0)


def images(rng, n, size):
    """Smooth uint8 images and noisy copies of them."""
    coarse = np.kron(rng.uniform(40, 210, (n, 4, 4, 3)), np.ones((1, size // 4, size // 4, 1)))
    noisy = coarse + rng.normal(0, 15, coarse.shape)
    return tuple(np.clip(np.rint(x), 0, 255).astype(np.uint8) for x in (coarse, noisy))


def unit(x):
    return x.astype(np.float32) / 255


def waves(phase):
    """The oracle images of the published MS-SSIM values: uint8 [4, 128, 128, 3]."""
    n, y, x, c = np.meshgrid(range(4), range(128), range(128), range(3), indexing="ij")
    value = 127.5 + 80 * np.sin(2 * np.pi * (x * (c + 1) + y) / 37 + n + phase)
    value += 40 * np.cos(2 * np.pi * x * y / (1000 + 100 * n) + phase)
    return np.clip(np.rint(value), 0, 255).astype(np.uint8)


def ssim_terms(a, b):
    """SSIM and contrast-structure [N], in float64 by definition, for images on the 0-255 scale."""
    window = min(11, a.shape[1])
    taps = np.exp(-0.5 * ((np.arange(window) - (window - 1) / 2) / (1.5 * window / 11)) ** 2)
    kernel = np.outer(taps, taps) / taps.sum() ** 2

    def blur(x):
        return np.einsum("nhwcij,ij->nhwc", np.lib.stride_tricks.sliding_window_view(x, kernel.shape, (1, 2)), kernel)

    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b, cov = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2, blur(a * b) - mean_a * mean_b
    contrast = (2 * cov + c2) / (var_a + var_b + c2)
    luminance = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
    return (luminance * contrast).mean((1, 2, 3)), contrast.mean((1, 2, 3))


def numpy_ms_ssim(a, b, depth):
    weights = np.array(MS_SSIM_WEIGHTS[:depth])
    weights = weights if depth == 5 else weights / weights.sum()
    a, b, value = a.astype(float), b.astype(float), 1.0
    for level, weight in enumerate(weights):
        whole, contrast = ssim_terms(a, b)
        value *= np.maximum(whole if level == depth - 1 else contrast, 0) ** weight
        a, b = ((x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]) / 4 for x in (a, b))
    return value


@pytest.mark.parametrize(("phase", "published"), [(0.05, 0.998719), (0.3, 0.954459), (1.0, 0.543934)])
def test_ms_ssim_of_the_published_protocol(phase, published):
    assert np.mean(metrics.ms_ssim(unit(waves(0)), unit(waves(phase)))) == pytest.approx(published, abs=2e-5)


@pytest.mark.parametrize(("size", "depth"), [(128, 5), (64, 4), (32, 3)])
def test_ms_ssim_against_numpy(rng, size, depth):
    a, b = images(rng, 3, size)
    np.testing.assert_allclose(metrics.ms_ssim(unit(a), unit(b)), numpy_ms_ssim(a, b, depth), atol=2e-5)


def test_ms_ssim_of_a_image_and_its_negative_is_zero():
    a = unit(waves(0))
    np.testing.assert_array_equal(metrics.ms_ssim(a, 1 - a), 0)


def test_every_level_keeps_8_px():
    sizes = (8, 15, 16, 32, 64, 127, 128, 178, 256, 1024)
    assert [metrics.levels(size) for size in sizes] == [1, 1, 2, 3, 4, 4, 5, 5, 5, 5]
    with pytest.raises(UsageError, match="image_size 7"):
        metrics.levels(7)


def test_ssim_against_numpy_even_below_the_window(rng):
    for size in (32, 8):
        a, b = images(rng, 3, size)
        np.testing.assert_allclose(metrics.ssim(unit(a), unit(b)), ssim_terms(a * 1.0, b * 1.0)[0], atol=2e-5)


def test_rmse_and_psnr_by_hand():
    a = np.zeros((2, 8, 8, 3), np.float32)
    b = np.stack([np.full((8, 8, 3), 0.1, np.float32), np.zeros((8, 8, 3), np.float32)])
    b[1, 0, 0, 0] = 1
    np.testing.assert_allclose(metrics.rmse(a, b), [25.5, 255 / np.sqrt(192)], rtol=1e-6)
    np.testing.assert_allclose(metrics.psnr(a, b), [20, 10 * np.log10(192)], rtol=1e-6)


def test_metrics_do_not_round():
    a = np.zeros((1, 8, 8, 3), np.float32)
    assert float(metrics.rmse(a, a + 0.3 / 255)[0]) == pytest.approx(0.3, rel=1e-5)


def test_sharpness_against_numpy(rng):
    x = rng.uniform(size=(3, 9, 12, 3)).astype(np.float32)
    grey = x @ [0.299, 0.587, 0.114]
    kernel = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])
    windows = np.lib.stride_tricks.sliding_window_view(grey, (3, 3), (1, 2))
    expected = np.einsum("nhwij,ij->nhw", windows, kernel).var((1, 2))
    np.testing.assert_allclose(metrics.sharpness(x), expected, rtol=1e-5)


def test_streaming_equals_one_call(rng):
    a, b = images(rng, 7, 16)
    streamed = metrics.per_image(metrics.rmse, metrics.batched(a, b, size=3))
    np.testing.assert_allclose(streamed, metrics.rmse(unit(a), unit(b)), rtol=1e-6)
    generated = metrics.per_image(metrics.sharpness, ((x[None],) for x in a))
    np.testing.assert_allclose(generated, metrics.sharpness(unit(a)), rtol=1e-5)


def test_streaming_refuses_floats_and_unequal_lengths(rng):
    a, b = images(rng, 4, 16)
    with pytest.raises(TypeError, match="float32"):
        metrics.per_image(metrics.rmse, metrics.batched(unit(a), unit(b), size=2))
    with pytest.raises(ValueError, match=r"\[4, 3\]"):
        next(metrics.batched(a, b[:3], size=2))
