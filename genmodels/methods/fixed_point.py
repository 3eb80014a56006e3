"""How far a generated picture is from a fixed point of the autoencoder, whatever its contrast ("improved sampling")."""

import jax
import jax.numpy as jnp

from genmodels import losses

EPSILON = 1e-8  # added to the variance: a flat picture is not divided by zero


def normalise_contrast(pictures: jax.Array) -> jax.Array:
    """cn(u) = u / sqrt(var u + 1e-8), the variance over all values of a picture in [-1, 1] -> [B, H, W, 3]."""
    return pictures / jnp.sqrt(jnp.var(pictures, axis=(1, 2, 3), keepdims=True) + EPSILON)


def error(gen: jax.Array, again: jax.Array) -> jax.Array:
    """|cn(gen) - cn(again)|^2 of pictures in [-1, 1] and of their reconstructions, summed over a picture -> [B]."""
    return losses.squared_error(normalise_contrast(gen), normalise_contrast(again))
