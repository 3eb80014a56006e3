import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genmodels.nets import dcgan
from genmodels.parallel import Replicas
from tests import reference, tiny

CHANNELS = tiny.OVERRIDES["vae"]["model.channels"]
encoder = reference.in_training(dcgan.Encoder(2 * tiny.LATENT, CHANNELS))
decoder = reference.in_training(dcgan.Decoder(tiny.SIZE, CHANNELS[::-1]))

FAULTS = (
    "mean over pixels",
    "no half",
    "error on [-1, 1]",
    "KL averaged over the code",
    "KL summed over the batch",
    "sigma is the variance",
)


def expected_step(run, state, pictures, key, fault=None):
    """RECIPES' VAE: 1/2 SSE on [0, 1] + KL, each summed over a picture or code and averaged over the batch."""
    x = 2 * jnp.asarray(pictures / np.float32(255)) - 1
    noise = Replicas().normal(key, (tiny.BATCH, tiny.LATENT))

    def loss(params):
        features = encoder(params["encoder"], x)
        mean, logvar = features[:, : tiny.LATENT], jnp.clip(features[:, tiny.LATENT :], -10, 10)
        sigma = jnp.exp(logvar if fault == "sigma is the variance" else logvar / 2)
        y = decoder(params["decoder"], mean + sigma * noise)
        squares = jnp.square(x - y) if fault == "error on [-1, 1]" else jnp.square((x - y) / 2)
        error = squares.reshape(tiny.BATCH, -1)
        error = error.mean(1) if fault == "mean over pixels" else error.sum(1)
        kl = (jnp.square(mean) + jnp.exp(logvar) - 1 - logvar) / 2
        kl = kl.mean(1) if fault == "KL averaged over the code" else kl.sum(1)
        kl = kl.sum() if fault == "KL summed over the batch" else kl.mean()
        return (1 if fault == "no half" else 0.5) * error.mean() + kl

    params = state.params
    value, gradient = jax.value_and_grad(loss)(params)
    optimiser = reference.adam(run.config, run.config.optim.learning_rate)
    return value, reference.moved(optimiser, gradient, state.optimisers["autoencoder"], params)[0]


@pytest.fixture(scope="module")
def step():
    """A step in the midst of training: run, state before, key, state after, metrics."""
    run = tiny.run("vae")
    before, _ = tiny.train(run, run.start, "training", [tiny.pictures()] * 3)
    key = jax.random.key(5)
    after, metrics = run.steps["training"](before, tiny.pictures(), key)
    return run, before, key, after, metrics


def test_step_is_that_of_the_formulas(step):
    run, before, key, after, metrics = step
    value, params = expected_step(run, before, tiny.pictures(), key)
    print(reference.gap(before.params, after.params, params), jax.tree.reduce(max, jax.tree.map(lambda a,b: abs(a-b).max(), after.params, params)))
    assert metrics["loss"] == pytest.approx(float(value), rel=1e-5)
    assert reference.gap(before.params, after.params, params) < 1e-3
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), after.params, params)


@pytest.mark.parametrize("fault", FAULTS)
def test_no_wrong_version_gives_this_step(step, fault):
    run, before, key, after, _ = step
    _, params = expected_step(run, before, tiny.pictures(), key, fault)
    print(fault, reference.gap(before.params, after.params, params))
    assert reference.gap(before.params, after.params, params) > 0.05
