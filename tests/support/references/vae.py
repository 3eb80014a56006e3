"""The VAE's step: beta * 1/2 SSE on [0, 1] + KL, both summed over an image and averaged over the batch."""

import jax
import jax.numpy as jnp
import numpy as np

from genmodels.methods.replicas import Replicas
from tests.support import reference, tiny
from tests.support.reference import Expected, Reference

FAULTS = (
    "mean over pixels",
    "no half",
    "error on [-1, 1]",
    "beta weighs the KL",
    "KL averaged over the code",
    "KL summed over the batch",
    "sigma is the variance",
)


def expected_step(run, state, images, key, fault=None) -> Expected:
    """One Adam moves both nets."""
    encoder, decoder = reference.nets("vae")
    x = 2 * jnp.asarray(images / np.float32(255)) - 1
    noise = Replicas().normal(key, (tiny.BATCH, tiny.LATENT))

    def loss(params):
        features = encoder(params["encoder"], x)
        mean, logvar = features[:, : tiny.LATENT], jnp.clip(features[:, tiny.LATENT :], -10, 10)
        sigma = jnp.exp(logvar if fault == "sigma is the variance" else logvar / 2)
        y = decoder(params["decoder"], mean + sigma * noise)
        squares = jnp.square(x - y) if fault == "error on [-1, 1]" else jnp.square((x - y) / 2)
        error = jnp.mean(squares, (1, 2, 3)) if fault == "mean over pixels" else jnp.sum(squares, (1, 2, 3))
        error = error.mean() if fault == "no half" else error.mean() / 2
        kl = (jnp.square(mean) + jnp.exp(logvar) - 1 - logvar) / 2
        kl = kl.mean(1) if fault == "KL averaged over the code" else kl.sum(1)
        kl = kl.sum() if fault == "KL summed over the batch" else kl.mean()
        beta = run.config.loss.beta
        value = error + beta * kl if fault == "beta weighs the KL" else beta * error + kl
        return value, {"loss": value, "L_AE": error, "KL(x)": kl}

    gradient, metrics = jax.grad(loss, has_aux=True)(state.params)
    adam = reference.adam(run.config, run.config.optim.learning_rate)
    params, _ = reference.moved(adam, gradient, state.optimisers["autoencoder"], state.params)
    return Expected(jax.tree.map(float, metrics), params)


REFERENCES = (Reference("vae", "training", expected_step, FAULTS, {"autoencoder": ("encoder", "decoder")}),)
