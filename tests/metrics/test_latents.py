import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genmodels import metrics
from genmodels.metrics import latents


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def rotation(rng, size):
    return np.linalg.qr(rng.normal(size=(size, size)))[0]


def alignment(plane, truth):
    """Cosine of the largest angle between two planes [Z, 2]: 1 when they are the same."""
    return np.linalg.svd(np.asarray(plane).T @ truth)[1].min()


def test_moments_against_numpy(rng):
    codes = rng.normal(size=(500, 6)) @ rng.normal(size=(6, 6)) + rng.normal(size=6)
    found = metrics.moments(codes.astype(np.float32))
    correlation = np.abs(np.corrcoef(codes.T)[~np.eye(6, dtype=bool)])
    np.testing.assert_allclose(found.mean, codes.mean(0), atol=1e-6)
    np.testing.assert_allclose(found.std, codes.std(0), rtol=1e-6)
    assert found.largest_correlation == pytest.approx(correlation.max(), rel=1e-6)
    assert found.mean_correlation == pytest.approx(correlation.mean(), rel=1e-6)


def test_a_dead_dimension_is_uncorrelated(rng):
    codes = rng.normal(size=(100, 3))
    codes[:, 1] = 4
    found = metrics.moments(codes)
    expected = abs(np.corrcoef(codes[:, 0], codes[:, 2])[0, 1])
    assert found.std[1] == 0
    assert found.largest_correlation == pytest.approx(expected)
    assert found.mean_correlation == pytest.approx(expected / 3)
    assert metrics.moments(codes[:, :1])[2:] == (0, 0)


def test_active_units_counts_variances_over_the_threshold():
    wave = np.tile([-1.0, 1.0], 50)[:, None]
    means = 3 + wave * np.sqrt([0.5, 0.011, 0.009, 0.0])[None]  # variances .5, .011, .009, 0
    assert metrics.active_units(means) == 2
    assert metrics.active_units(means, threshold=0.1) == 1


def test_finds_a_plane_that_is_too_wide(rng):
    basis = rotation(rng, 16)
    scale = np.r_[2.0, 1.7, np.ones(14)]
    codes = (rng.normal(size=(4000, 16)) * scale) @ basis.T
    plane = metrics.least_gaussian_plane(codes, jax.random.key(0))
    np.testing.assert_allclose(plane.T @ plane, np.eye(2), atol=1e-5)
    assert alignment(plane, basis[:, :2]) > 0.99


def test_finds_collapsed_dimensions_that_random_starts_miss(rng):
    basis = rotation(rng, 16)
    scale = np.r_[0.02, 0.05, np.full(14, 1.3)]  # random directions start wider than the prior and only widen
    codes = (rng.normal(size=(4000, 16)) * scale) @ basis.T
    assert alignment(metrics.least_gaussian_plane(codes, jax.random.key(0)), basis[:, :2]) > 0.99


def test_finds_a_shifted_mean(rng):
    basis = rotation(rng, 16)
    codes = rng.normal(size=(4000, 16)) + 2 * basis[:, 0]
    plane = metrics.least_gaussian_plane(codes, jax.random.key(0))
    assert np.linalg.norm(basis[:, 0] @ plane) > 0.99


def test_search_reaches_the_closed_form_of_zero_mean_codes(rng):
    codes = (rng.normal(size=(4000, 16)) * np.linspace(1.2, 2, 16)) @ rotation(rng, 16)
    codes -= codes.mean(0)
    cov = codes.T @ codes / len(codes)
    best = np.sort((np.linalg.eigvalsh(cov) - 1) ** 2)[-2:].sum()
    starts = np.stack([rotation(rng, 16)[:, :2] for _ in range(3)]).astype(np.float32)
    found = jax.jit(latents._ascend, static_argnums=3)(starts, jnp.zeros(16), jnp.asarray(cov, jnp.float32), 500)
    for plane in (metrics.least_gaussian_plane(codes, jax.random.key(1)), *found):
        plane = np.asarray(plane, np.float64)
        np.testing.assert_allclose(plane.T @ plane, np.eye(2), atol=1e-5)
        assert np.sum((plane.T @ cov @ plane - np.eye(2)) ** 2) == pytest.approx(best, rel=1e-3)
    assert alignment(plane, metrics.farthest_eigenvectors(jnp.asarray(cov, jnp.float32))) > 0.99
