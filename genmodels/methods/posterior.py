"""The Gaussian posterior q(z|x) of the VAE and of IntroVAE."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Float

from genmodels.arrays import AnyArray

LOGVAR_LIMIT = 10.0  # unbounded, exp(logvar) overflows within a few steps of an adversarial game


class Posterior(NamedTuple):
    """N(mean, diag exp(logvar))."""

    mean: Float[jax.Array, "b z"]
    logvar: Float[jax.Array, "b z"]


def from_features(features: Float[AnyArray, "b features"]) -> Posterior:
    """The posterior that an encoder's output describes: [B, 2 Z] -> mean and log variance [B, Z] in [-10, 10].

    The limits stop values, not gradients: a log variance beyond them is drawn back by its KL.
    """
    mean, logvar = jnp.split(features, 2, axis=-1)
    within = jnp.clip(logvar, -LOGVAR_LIMIT, LOGVAR_LIMIT)
    return Posterior(mean, logvar + jax.lax.stop_gradient(within - logvar))


def reparameterise(posterior: Posterior, noise: Float[AnyArray, "b z"]) -> Float[jax.Array, "b z"]:
    """A code z = mean + sigma * noise with noise ~ N(0, I) (Kingma & Welling 2014, section 2.4)."""
    return posterior.mean + jnp.exp(0.5 * posterior.logvar) * noise
