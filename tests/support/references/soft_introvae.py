"""Soft-IntroVAE's steps from equations 6 and 7, with the public code's factors; x_r and x_p share every batch."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from genmodels.methods.replicas import Replicas
from tests.support import reference, tiny
from tests.support.reference import Expected, Reference, divergence

S = 1 / (3 * tiny.SIZE**2)
ERROR_UNSCALED = "scale left out of the error"
WARMUP_FAULTS = (
    "KL summed over the batch",
    "half of the error",
    ERROR_UNSCALED,
    "scale left out of the KL",
    "code without noise",
)
GAME_FAULTS = (
    # of the encoder's turn
    "fakes not stopped in the encoder's turn",
    "fakes stopped as images, not as targets",  # as in the public code
    "exponential of the mean",
    "scale left out of the exponent",
    "scale left out of the exponentials' gradient",
    ERROR_UNSCALED,
    "exponentials by a half",
    "no exponential of x_r",
    "no errors in the exponent",
    "fakes' KL by beta_kl in the exponent",
    "fakes' codes without noise",
    # of the decoder's
    "codes not stopped in the decoder's turn",
    "x_p detached for the decoder",
    "scale left out of the decoder's KL",
    "decoder's KL without its half",
    "no errors of fakes for the decoder",
    "decoder answers the old encoder",
    "z drawn again from the new encoder",
)


def stop(x):
    return jax.lax.stop_gradient(x)


def error(x, y):
    """L(x, y) of each image."""
    return jnp.sum(jnp.square(x - y), (1, 2, 3))


class Losses(NamedTuple):
    """What the players minimise on one batch."""

    encoder: Callable
    decoder: Callable
    constants: object  # config.loss
    x: jax.Array  # images in [0, 1]
    noise: jax.Array  # of q(z|x)
    prior: jax.Array  # z_p
    fake_noise: jax.Array  # of q(z|x_r), then of q(z|x_p)
    fault: str | None

    def posterior(self, phi, x):
        return reference.posterior(self.encoder(phi, x))

    def code(self, q, noise):
        mean, logvar = q
        return mean + jnp.exp(logvar / 2) * noise

    def of_vae(self, params):
        noise = 0 if self.fault == "code without noise" else self.noise
        q = self.posterior(params["encoder"], self.x)
        x_r = self.decoder(params["decoder"], self.code(q, noise))
        errors, kls = error(self.x, x_r), divergence(q)
        kl = kls.sum() if self.fault == "KL summed over the batch" else kls.mean()
        of_error = 0.5 if self.fault == "half of the error" else 1 / S if self.fault == ERROR_UNSCALED else 1
        of_kl = 1 / S if self.fault == "scale left out of the KL" else 1
        value = S * (of_error * self.constants.beta_rec * errors.mean() + of_kl * self.constants.beta_kl * kl)
        return value, {"loss": value, "L_AE": errors.mean() / 2, "KL(x)": kl}

    def of_encoder(self, phi, theta):
        fault, c = self.fault, self.constants
        q = self.posterior(phi, self.x)
        made = self.decoder(theta, jnp.concatenate([self.code(q, self.noise), self.prior]))
        kl, of_x = divergence(q).mean(), error(self.x, made[: tiny.BATCH]).mean()

        seen = made if fault == "fakes not stopped in the encoder's turn" else stop(made)
        target = made if fault == "fakes stopped as images, not as targets" else seen
        q_fakes = self.posterior(phi, seen)
        again = self.decoder(theta, self.code(q_fakes, 0 if fault == "fakes' codes without noise" else self.fake_noise))
        kls, errors = divergence(q_fakes), error(target, again)
        beta_neg = c.beta_kl if fault == "fakes' KL by beta_kl in the exponent" else c.beta_neg
        beta_rec = 0 if fault == "no errors in the exponent" else c.beta_rec
        exponents = -2 * (1 if fault == "scale left out of the exponent" else S) * (beta_rec * errors + beta_neg * kls)
        of_r, of_p = exponents[: tiny.BATCH], exponents[tiny.BATCH :]
        if fault == "exponential of the mean":
            exp_r, exp_p = jnp.exp(of_r.mean()), jnp.exp(of_p.mean())
        else:
            exp_r, exp_p = jnp.exp(of_r).mean(), jnp.exp(of_p).mean()
        weights = {"exponentials by a half": (0.5, 0.5), "no exponential of x_r": (0, 0.25)}.get(fault, (0.25, 0.25))
        if fault == "scale left out of the exponentials' gradient":
            weights = (0.25 / S, 0.25 / S)
        of_error = 1 / S if fault == ERROR_UNSCALED else 1
        value = S * (of_error * c.beta_rec * of_x + c.beta_kl * kl) + weights[0] * exp_r + weights[1] * exp_p
        of_fakes = {"KL(x_r)": kls[: tiny.BATCH].mean(), "KL(x_p)": kls[tiny.BATCH :].mean()}
        terms = {"loss": value, "L_E": value, "L_AE": of_x / 2, "KL(x)": kl, "exp(x_r)": exp_r, "exp(x_p)": exp_p}
        return value, terms | of_fakes

    def of_decoder(self, theta, phi, z):
        fault, c = self.fault, self.constants
        x_r, x_p = jnp.split(self.decoder(theta, jnp.concatenate([z, self.prior])), 2)
        seen = jnp.concatenate([x_r, stop(x_p) if fault == "x_p detached for the decoder" else x_p])
        q = self.posterior(phi, seen)
        codes = self.code(q, self.fake_noise)
        again = self.decoder(theta, codes if fault == "codes not stopped in the decoder's turn" else stop(codes))
        kls, errors = divergence(q).mean(), error(stop(seen), again).mean()  # of x_r and x_p: twice their mean
        gamma = 0 if fault == "no errors of fakes for the decoder" else c.gamma_r
        of_kl = {"scale left out of the decoder's KL": 1 / S, "decoder's KL without its half": 2}.get(fault, 1)
        terms = c.beta_rec * error(self.x, x_r).mean() + of_kl * c.beta_kl * kls + gamma * c.beta_rec * errors
        return S * terms, {"L_D": S * terms}


def expected_warmup(run, state, images, key, fault=None) -> Expected:
    """A VAE's loss, each net updated by its own Adam."""
    losses = _losses(run, images, fault, noise(key))
    gradient, metrics = jax.grad(losses.of_vae, has_aux=True)(state.params)
    params = {
        net: reference.moved(_adam(run), gradient[net], state.optimisers[net], state.params[net])[0] for net in gradient
    }
    return Expected(jax.tree.map(float, metrics), params)


def expected_step(run, state, images, key, fault=None) -> Expected:
    """The encoder's turn, then the decoder's."""
    losses = _losses(run, images, fault, *(noise(each) for each in jax.random.split(key, 4)))
    phi, theta = state.params["encoder"], state.params["decoder"]
    gradient, of_encoder = jax.grad(losses.of_encoder, has_aux=True)(phi, theta)
    new_phi, _ = reference.moved(_adam(run), gradient, state.optimisers["encoder"], phi)
    coder = new_phi if fault == "z drawn again from the new encoder" else phi
    z = losses.code(losses.posterior(coder, losses.x), losses.noise)
    judge = phi if fault == "decoder answers the old encoder" else new_phi
    gradient, of_decoder = jax.grad(losses.of_decoder, has_aux=True)(theta, judge, z)
    new_theta, _ = reference.moved(_adam(run), gradient, state.optimisers["decoder"], theta)
    return Expected(jax.tree.map(float, of_encoder | of_decoder), {"encoder": new_phi, "decoder": new_theta})


def noise(key):
    return Replicas().normal(key, (tiny.BATCH, tiny.LATENT))


def _losses(run, images, fault, noise, prior=None, of_r=None, of_p=None) -> Losses:
    fake_noise = None if of_r is None else jnp.concatenate([of_r, of_p])
    x = jnp.asarray(images / np.float32(255))
    return Losses(*reference.nets("soft_introvae"), run.config.loss, x, noise, prior, fake_noise, fault)


def _adam(run):
    return reference.adam(run.config, run.config.optim.learning_rate, eps=1e-8 * S)


PLAYERS = {"encoder": ("encoder",), "decoder": ("decoder",)}
REFERENCES = (
    Reference("soft_introvae", "VAE warm-up", expected_warmup, WARMUP_FAULTS, PLAYERS),
    Reference("soft_introvae", "game", expected_step, GAME_FAULTS, PLAYERS),
)
