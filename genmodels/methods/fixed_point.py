"""How far a generated image is from a fixed point of the autoencoder, whatever its contrast ("improved sampling")."""

import jax
import jax.numpy as jnp

from genmodels import losses

EPSILON = 1e-8  # added to the variance: a flat image is not divided by zero


def normalise_contrast(images: jax.Array) -> jax.Array:
    """cn(u) = u / sqrt(var u + 1e-8), the variance over all values of an image in [-1, 1] -> [B, H, W, 3]."""
    return images / jnp.sqrt(jnp.var(images, axis=(1, 2, 3), keepdims=True) + EPSILON)


def error(gen: jax.Array, again: jax.Array) -> jax.Array:
    """|cn(gen) - cn(again)|^2 of images in [-1, 1] and of their reconstructions, summed over an image -> [B]."""
    return losses.squared_error(normalise_contrast(gen), normalise_contrast(again))
