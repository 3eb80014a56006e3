import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genmodels import losses


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_squared_error_is_a_sum_over_pixels_per_image(rng):
    x, y = rng.normal(size=(2, 5, 4, 6, 3)).astype(np.float32)
    expected = [sum((a - b) ** 2 for a, b in zip(p.ravel(), q.ravel(), strict=True)) for p, q in zip(x, y, strict=True)]
    np.testing.assert_allclose(losses.squared_error(x, y), expected, rtol=1e-5)
    assert losses.squared_error(jnp.ones((1, 128, 128, 3)), jnp.zeros((1, 128, 128, 3))) == 128 * 128 * 3


@pytest.mark.parametrize(
    ("mean", "sigma", "expected"),
    [(0, 1, 0), (2, 1, 2), (0, np.e, (np.e**2 - 3) / 2), (1, 0.5, np.log(2) - 0.5 + 0.625)],
)
def test_kl_divergence_in_closed_form(mean, sigma, expected):
    """log(1/sigma) - 1/2 + (sigma^2 + mean^2)/2 for each dimension, in nats, summed."""
    kl = losses.kl_divergence(jnp.full((1, 3), float(mean)), jnp.full((1, 3), 2 * np.log(sigma)))
    np.testing.assert_allclose(kl, [3 * expected], rtol=1e-5, atol=1e-6)


def test_kl_divergence_against_monte_carlo(rng):
    mean, logvar = rng.normal(size=(2, 4, 6))
    sigma = np.exp(logvar / 2)
    z = mean + sigma * rng.normal(size=(50_000, 4, 6))
    log_ratio = (-np.log(sigma) - ((z - mean) / sigma) ** 2 / 2 + z**2 / 2).sum(-1)  # log q(z) - log p(z)
    error = log_ratio.std(0) / np.sqrt(len(z))
    found = losses.kl_divergence(jnp.float32(mean), jnp.float32(logvar))
    assert np.all(np.abs(found - log_ratio.mean(0)) < 4 * error)
    assert np.all(error < 0.1 * found)


def test_hinge_against_numpy(rng):
    energy = rng.normal(110, 20, size=50).astype(np.float32)
    np.testing.assert_allclose(losses.hinge(110.0, energy), np.clip(110 - energy, 0, None), atol=1e-5)
    assert jax.grad(losses.hinge, 1)(110.0, 90.0) == -1
    assert jax.grad(losses.hinge, 1)(110.0, 120.0) == 0  # beyond the margin a fake is left alone


def test_real_or_fake_against_the_logarithms(rng):
    logits = rng.normal(0, 3, size=50).astype(np.float32)
    d = 1 / (1 + np.exp(-logits.astype(np.float64)))
    np.testing.assert_allclose(losses.real_or_fake(logits, real=True), -np.log(d), rtol=1e-5)
    np.testing.assert_allclose(losses.real_or_fake(logits, real=False), -np.log(1 - d), rtol=1e-5)


def test_real_or_fake_stays_finite_where_the_logarithm_does_not():
    far = jnp.array([-200.0, 200.0])
    np.testing.assert_allclose(losses.real_or_fake(far, real=True), [200, 0], atol=1e-5)
    np.testing.assert_allclose(losses.real_or_fake(far, real=False), [0, 200], atol=1e-5)


def test_standard_normal_log_density(rng):
    z = rng.normal(size=(7, 5)).astype(np.float32)
    expected = np.log(np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)).sum(1)
    np.testing.assert_allclose(losses.standard_normal_log_density(z), expected, rtol=1e-5)
