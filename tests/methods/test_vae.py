import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genmodels.methods.replicas import Replicas
from tests.support import reference, tiny

encoder, decoder = map(reference.in_training, tiny.nets("vae"))

FAULTS = (
    "mean over pixels",
    "no half",
    "error on [-1, 1]",
    "KL averaged over the code",
    "KL summed over the batch",
    "sigma is the variance",
)


def expected_step(run, state, pictures, key, fault=None):
    """Loss and new parameters for beta * 1/2 SSE on [0, 1] + KL, summed over a picture, averaged over the batch."""
    x = 2 * jnp.asarray(pictures / np.float32(255)) - 1
    noise = Replicas().normal(key, (tiny.BATCH, tiny.LATENT))

    def loss(params):
        features = encoder(params["encoder"], x)
        mean, logvar = features[:, : tiny.LATENT], jnp.clip(features[:, tiny.LATENT :], -10, 10)
        sigma = jnp.exp(logvar if fault == "sigma is the variance" else logvar / 2)
        y = decoder(params["decoder"], mean + sigma * noise)
        squares = jnp.square(x - y) if fault == "error on [-1, 1]" else jnp.square((x - y) / 2)
        error = jnp.mean(squares, (1, 2, 3)) if fault == "mean over pixels" else jnp.sum(squares, (1, 2, 3))
        half = 1 if fault == "no half" else 0.5
        kl = (jnp.square(mean) + jnp.exp(logvar) - 1 - logvar) / 2
        kl = kl.mean(1) if fault == "KL averaged over the code" else kl.sum(1)
        kl = kl.sum() if fault == "KL summed over the batch" else kl.mean()
        return run.config.loss.beta * half * error.mean() + kl

    value, gradient = jax.value_and_grad(loss)(state.params)
    optimiser = reference.adam(run.config, run.config.optim.learning_rate)
    return value, reference.moved(optimiser, gradient, state.optimisers["autoencoder"], state.params)[0]


@pytest.fixture(scope="module")
def step():
    return tiny.one_step("vae", "training")


def test_step_is_that_of_the_formulas(step):
    value, params = expected_step(step.run, step.before, tiny.pictures(), step.key)
    assert step.metrics["loss"] == pytest.approx(float(value), rel=1e-5)
    assert reference.gap(step.before.params, step.after.params, params) < 1e-4
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), step.after.params, params)


def gap_of(fault):
    """How far the step is from the formulas with a fault, by an Adam that makes much of little."""
    step = tiny.one_step("vae", "training", fresh=True)
    *_, params = expected_step(step.run, step.before, tiny.pictures(), step.key, fault)
    return reference.gap(step.before.params, step.after.params, params)


@pytest.mark.parametrize("fault", FAULTS)
def test_no_wrong_version_gives_this_step(fault):
    assert gap_of(fault) > 0.2


def test_only_the_right_version_does():
    assert gap_of(None) < 0.05


def test_both_nets_move_and_nothing_else_is_kept(step):
    before, after = step.before, step.after
    assert after.step == before.step + 1
    for net in ("encoder", "decoder"):
        assert not reference.equal(before.params[net], after.params[net])
    assert list(after.optimisers) == ["autoencoder"]
    assert after.ema == {}
    assert reference.equal(after.generating, after.params)


def test_learns_eight_pictures_by_heart():
    metrics = tiny.fitted("vae")[1][-1]
    assert 2 * metrics["L_AE"] < 0.4 * tiny.spread(tiny.pictures())
