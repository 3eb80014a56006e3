import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genmodels import losses
from genmodels.methods import posterior


def test_features_are_means_then_log_variances_within_limits():
    features = jnp.array([[1.0, 2.0, -50.0, 3.0], [5.0, -20.0, 50.0, -9.5]])
    found = posterior.from_features(features)
    np.testing.assert_array_equal(found.mean, [[1, 2], [5, -20]])
    np.testing.assert_array_equal(found.logvar, [[-10, 3], [10, -9.5]])


@pytest.mark.parametrize("logvar", [-50.0, -9.5, 3.0, 50.0])
def test_the_kl_draws_log_variances_back_from_beyond_the_limits(logvar):
    """dKL/dlogvar = (exp(logvar) - 1) / 2, of the limited value: a clip alone would leave an encoder stuck there."""

    def kl(x):
        return losses.kl_divergence(*posterior.from_features(jnp.stack([jnp.zeros(()), x])[None]))[0]

    limited = np.clip(logvar, -10, 10)
    assert jax.grad(kl)(jnp.float32(logvar)) == pytest.approx((np.exp(limited) - 1) / 2, rel=1e-5)


def test_reparameterised_codes_have_the_posterior_s_moments():
    mean, logvar = jnp.array([[0.5, -2.0]]), jnp.log(jnp.array([[4.0, 0.25]]))
    noise = jax.random.normal(jax.random.key(0), (40_000, 2))
    many = posterior.Posterior(jnp.repeat(mean, 40_000, 0), jnp.repeat(logvar, 40_000, 0))
    z = np.asarray(posterior.reparameterise(many, noise))
    np.testing.assert_allclose(z.mean(0), [0.5, -2], atol=0.04)  # four standard errors of the wider one
    np.testing.assert_allclose(z.std(0), [2, 0.5], rtol=0.015)
    np.testing.assert_allclose((z - mean) / jnp.array([[2.0, 0.5]]), noise, atol=1e-4)


@pytest.mark.parametrize(("mean", "logvar"), [(0.3, -1.2), (-1.0, 0.4)])
def test_gradients_reach_mean_and_log_variance(mean, logvar):
    """dz/dmean = 1, dz/dlogvar = sigma * noise / 2."""

    def code(*of_one):
        q = posterior.Posterior(*(jnp.full((1, 1), value) for value in of_one))
        return posterior.reparameterise(q, jnp.full((1, 1), 1.7))[0, 0]

    assert jax.grad(code, 0)(mean, logvar) == 1
    assert jax.grad(code, 1)(mean, logvar) == pytest.approx(np.exp(logvar / 2) * 1.7 / 2)
