"""IntroVAE's steps from equations 11 and 12, and its warm-up; x_r and x_p share one batch in both nets."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from genmodels.methods.replicas import Replicas
from tests.support import reference, tiny
from tests.support.reference import Expected, Reference, divergence

COST_FAULTS = ("KL summed over the batch", "square root of the cost", "error without its half")
GAME_FAULTS = (
    *COST_FAULTS,
    # of the encoder's turn
    "encoder not stopped at the fakes",
    "the other hinge",
    "alpha scales one hinge only",
    # of the decoder's
    "x_p detached for the decoder",
    "no reconstruction for the decoder",
    "decoder answers the old encoder",
    "z drawn again from the new encoder",
    "one Adam for both",
)
SAMPLE_FAULTS = ("the other hinge", "no hinge at x_r")
WARMUP_FAULTS = (*COST_FAULTS, "code without noise")


class Losses(NamedTuple):
    """What the players minimise on one batch."""

    encoder: Callable
    decoder: Callable
    constants: object  # config.loss
    x: jax.Array  # images in [0, 1]
    noise: jax.Array  # of q(z|x)
    prior: jax.Array  # z_p
    fault: str | None

    def posterior(self, phi, x):
        return reference.posterior(self.encoder(phi, x))

    def code(self, q):
        mean, logvar = q
        return mean + jnp.exp(logvar / 2) * (0 if self.fault == "code without noise" else self.noise)

    def mean(self, kl):
        return kl.sum() if self.fault == "KL summed over the batch" else kl.mean()

    def error(self, x_r):
        error = jnp.sum(jnp.square(self.x - x_r), (1, 2, 3))
        error = jnp.sqrt(error) if self.fault == "square root of the cost" else error
        return error.mean() if self.fault == "error without its half" else error.mean() / 2

    def hinge(self, kl):
        of_each_image = (self.constants.hinge == "sample") != (self.fault == "the other hinge")
        return jnp.maximum(0, self.constants.margin - (kl if of_each_image else self.mean(kl))).mean()

    def of_vae(self, params):
        q = self.posterior(params["encoder"], self.x)
        kl, error = self.mean(divergence(q)), self.error(self.decoder(params["decoder"], self.code(q)))
        value = kl + self.constants.beta * error
        return value, {"loss": value, "L_AE": error, "KL(x)": kl}

    def of_encoder(self, phi, theta):
        q = self.posterior(phi, self.x)
        fakes = self.decoder(theta, jnp.concatenate([self.code(q), self.prior]))
        seen = fakes if self.fault == "encoder not stopped at the fakes" else jax.lax.stop_gradient(fakes)
        kl_r, kl_p = jnp.split(divergence(self.posterior(phi, seen)), 2)
        kl, error = self.mean(divergence(q)), self.error(fakes[: tiny.BATCH])
        alpha_r = alpha_p = self.constants.alpha
        if self.fault == "alpha scales one hinge only":
            alpha_p = 1
        if self.fault == "no hinge at x_r":
            alpha_r = 0
        adversarial = alpha_r * self.hinge(kl_r) + alpha_p * self.hinge(kl_p)
        value = kl + adversarial + self.constants.beta * error
        of_fakes = {"KL(x_r)": self.mean(kl_r), "KL(x_p)": self.mean(kl_p)}
        return value, {"loss": value, "L_E": value, "L_AE": error, "KL(x)": kl, **of_fakes}

    def of_decoder(self, theta, phi, z):
        x_r, x_p = jnp.split(self.decoder(theta, jnp.concatenate([z, self.prior])), 2)
        if self.fault == "x_p detached for the decoder":
            x_p = jax.lax.stop_gradient(x_p)
        kl_r, kl_p = jnp.split(divergence(self.posterior(phi, jnp.concatenate([x_r, x_p]))), 2)
        beta = 0 if self.fault == "no reconstruction for the decoder" else self.constants.beta
        value = self.constants.alpha * (self.mean(kl_r) + self.mean(kl_p)) + beta * self.error(x_r)
        return value, {"L_G": value}


def expected_warmup(run, state, images, key, fault=None) -> Expected:
    """A VAE's loss, each net updated by its own Adam."""
    losses = _losses(run, images, key, None, fault)
    gradient, metrics = jax.grad(losses.of_vae, has_aux=True)(state.params)
    adam = reference.adam(run.config, run.config.optim.learning_rate)
    params = {
        net: reference.moved(adam, gradient[net], state.optimisers[net], state.params[net])[0] for net in gradient
    }
    return Expected(jax.tree.map(float, metrics), params)


def expected_step(run, state, images, key, fault=None) -> Expected:
    """The encoder's turn, then the decoder's."""
    losses = _losses(run, images, *jax.random.split(key), fault)
    phi, theta = state.params["encoder"], state.params["decoder"]
    adam = reference.adam(run.config, run.config.optim.learning_rate)

    gradient, of_encoder = jax.grad(losses.of_encoder, has_aux=True)(phi, theta)
    z = losses.code(losses.posterior(phi, losses.x))
    if fault == "one Adam for both":
        params, of_decoder = _shared_adam(losses, state, adam, gradient, z)
    else:
        new_phi, _ = reference.moved(adam, gradient, state.optimisers["encoder"], phi)
        if fault == "z drawn again from the new encoder":
            z = losses.code(losses.posterior(new_phi, losses.x))
        judge = phi if fault == "decoder answers the old encoder" else new_phi
        gradient, of_decoder = jax.grad(losses.of_decoder, has_aux=True)(theta, judge, z)
        new_theta, _ = reference.moved(adam, gradient, state.optimisers["decoder"], theta)
        params = {"encoder": new_phi, "decoder": new_theta}
    metrics = of_encoder | of_decoder | {"margin": run.config.loss.margin}
    return Expected(jax.tree.map(float, metrics), params)


def _losses(run, images, posterior_key, prior_key, fault) -> Losses:
    noise, prior = (
        None if key is None else Replicas().normal(key, (tiny.BATCH, tiny.LATENT)) for key in (posterior_key, prior_key)
    )
    x = jnp.asarray(images / np.float32(255))
    return Losses(*reference.nets("introvae"), run.config.loss, x, noise, prior, fault)


def _shared_adam(losses, state, adam, gradient, z):
    """All parameters and the decoder's metrics when one optimiser holds both nets and updates both in each turn."""
    (of_phi, rate), (of_theta, _) = state.optimisers["encoder"], state.optimisers["decoder"]
    mu = {"encoder": of_phi.mu, "decoder": of_theta.mu}
    nu = {"encoder": of_phi.nu, "decoder": of_theta.nu}
    moments = (of_phi._replace(mu=mu, nu=nu), rate)
    nothing = jax.tree.map(np.zeros_like, state.params)
    params, moments = reference.moved(adam, nothing | {"encoder": gradient}, moments, state.params)
    gradient, metrics = jax.grad(losses.of_decoder, has_aux=True)(params["decoder"], params["encoder"], z)
    return reference.moved(adam, nothing | {"decoder": gradient}, moments, params)[0], metrics


PLAYERS = {"encoder": ("encoder",), "decoder": ("decoder",)}
# The margin is above the mean KL of x_r and of x_p, but below that of some x_r; a missing beta of 1 would go unnoticed.
SAMPLE = {"loss.hinge": "sample", "loss.margin": 25.0, "loss.beta": 2.0}
REFERENCES = (
    Reference("introvae", "VAE warm-up", expected_warmup, WARMUP_FAULTS, PLAYERS),
    Reference("introvae", "game", expected_step, GAME_FAULTS, PLAYERS),
    Reference("introvae", "game", expected_step, SAMPLE_FAULTS, PLAYERS, SAMPLE),
)
