import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genmodels.nets import residual
from genmodels.parallel import Replicas
from tests import reference, tiny

encoder = reference.in_training(residual.Encoder(2 * tiny.LATENT, tiny.CHANNELS["introvae"]))
decoder = reference.in_training(residual.Decoder(tiny.CHANNELS["introvae"][::-1]))

ENCODER_FAULTS = (
    "encoder not stopped at the fakes",
    "alpha scales one hinge only",
    "hinge per picture",
    "KL summed over the batch",
    "square root of the cost",
    "error without its half",
)
DECODER_FAULTS = (
    "x_p detached for the decoder",
    "no reconstruction for the decoder",
    "decoder answers the old encoder",
    "z drawn again from the new encoder",
    "one Adam for both",
)


def posterior(phi, x):
    features = encoder(phi, x)
    return features[:, : tiny.LATENT], jnp.clip(features[:, tiny.LATENT :], -10, 10)


def divergence(phi, x):
    mean, logvar = posterior(phi, x)
    return 0.5 * jnp.sum(jnp.square(mean) + jnp.exp(logvar) - 1 - logvar, 1)


class Reference:
    """RECIPES' step of the game. x_r and x_p are decoded together and encoded together, see genmodels.methods.introvae."""

    def __init__(self, run, pictures, key, fault=None):
        posterior_key, prior_key = jax.random.split(key)
        self.loss, self.fault = run.config.loss, fault
        self.x = jnp.asarray(pictures / np.float32(255))
        self.noise = Replicas().normal(posterior_key, (tiny.BATCH, tiny.LATENT))
        self.prior = Replicas().normal(prior_key, (tiny.BATCH, tiny.LATENT))

    def code(self, phi):
        mean, logvar = posterior(phi, self.x)
        return mean + jnp.exp(logvar / 2) * self.noise

    def mean(self, kl):
        return kl.sum() if self.fault == "KL summed over the batch" else kl.mean()

    def error(self, x_r):
        error = jnp.sum(jnp.square(self.x - x_r), (1, 2, 3))
        error = jnp.sqrt(error) if self.fault == "square root of the cost" else error
        return error.mean() if self.fault == "error without its half" else error.mean() / 2

    def encoder_loss(self, phi, theta):
        fakes = decoder(theta, jnp.concatenate([self.code(phi), self.prior]))
        seen = fakes if self.fault == "encoder not stopped at the fakes" else jax.lax.stop_gradient(fakes)
        kl = divergence(phi, seen)
        kl_r, kl_p = kl[: tiny.BATCH], kl[tiny.BATCH :]
        if self.fault == "hinge per picture":
            hinge_r, hinge_p = (jnp.maximum(0, self.loss.margin - kl).mean() for kl in (kl_r, kl_p))
        else:
            hinge_r, hinge_p = (jnp.maximum(0, self.loss.margin - self.mean(kl)) for kl in (kl_r, kl_p))
        alpha_p = 1 if self.fault == "alpha scales one hinge only" else self.loss.alpha
        adversarial = self.loss.alpha * hinge_r + alpha_p * hinge_p
        return self.mean(divergence(phi, self.x)) + adversarial + self.loss.beta * self.error(fakes[: tiny.BATCH])

    def decoder_loss(self, theta, phi, z):
        fakes = decoder(theta, jnp.concatenate([z, self.prior]))
        x_r, x_p = fakes[: tiny.BATCH], fakes[tiny.BATCH :]
        if self.fault == "x_p detached for the decoder":
            x_p = jax.lax.stop_gradient(x_p)
        kl = divergence(phi, jnp.concatenate([x_r, x_p]))
        adversarial = self.loss.alpha * (self.mean(kl[: tiny.BATCH]) + self.mean(kl[tiny.BATCH :]))
        beta = 0 if self.fault == "no reconstruction for the decoder" else self.loss.beta
        return adversarial + beta * self.error(x_r)


def expected_step(run, state, pictures, key, fault=None):
    """Both losses and the new parameters."""
    reference_ = Reference(run, pictures, key, fault)
    phi, theta = state.params["encoder"], state.params["decoder"]
    adam = reference.adam(run.config, run.config.optim.learning_rate)

    loss_e, gradient = jax.value_and_grad(reference_.encoder_loss)(phi, theta)
    z = reference_.code(phi)
    if fault == "one Adam for both":
        players = [state.optimisers[name] for name in ("encoder", "decoder")]
        both = lambda name: dict(zip(("encoder", "decoder"), [getattr(s[0], name) for s in players], strict=True))  # noqa
        moments = (players[0][0]._replace(mu=both("mu"), nu=both("nu")), players[0][1])
        rest = jax.tree.map(jnp.zeros_like, theta)
        params, moments = reference.moved(adam, {"encoder": gradient, "decoder": rest}, moments, state.params)
        loss_g, gradient = jax.value_and_grad(reference_.decoder_loss)(params["decoder"], params["encoder"], z)
        rest = jax.tree.map(jnp.zeros_like, phi)
        params, _ = reference.moved(adam, {"encoder": rest, "decoder": gradient}, moments, params)
        return loss_e, loss_g, params

    new_phi, _ = reference.moved(adam, gradient, state.optimisers["encoder"], phi)
    if fault == "z drawn again from the new encoder":
        z = reference_.code(new_phi)
    judge = phi if fault == "decoder answers the old encoder" else new_phi
    loss_g, gradient = jax.value_and_grad(reference_.decoder_loss)(theta, judge, z)
    new_theta, _ = reference.moved(adam, gradient, state.optimisers["decoder"], theta)
    return loss_e, loss_g, {"encoder": new_phi, "decoder": new_theta}


@pytest.fixture(scope="module")
def step():
    return tiny.one_step("introvae", "game")


def test_step_is_that_of_the_formulas(step):
    loss_e, loss_g, params = expected_step(step.run, step.before, tiny.pictures(), step.key)
    print(step.metrics)
    assert step.metrics["L_E"] == pytest.approx(float(loss_e), rel=1e-5)
    assert step.metrics["L_G"] == pytest.approx(float(loss_g), rel=1e-5)
    print(reference.gap(step.before.params, step.after.params, params))
    assert reference.gap(step.before.params, step.after.params, params) < 1e-4
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), step.after.params, params)


@pytest.mark.parametrize("fault", ENCODER_FAULTS + DECODER_FAULTS)
def test_no_wrong_version_gives_this_step(step, fault):
    *_, params = expected_step(step.run, step.before, tiny.pictures(), step.key, fault)
    gap = {net: reference.gap(step.before.params, step.after.params, {net: params[net]}) for net in params}
    print(fault, gap)
    assert max(gap.values()) > 0.02
