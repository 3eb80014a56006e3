"""Loss terms, per example: one value for each image or code; the methods take the means over the global batch."""

import jax
import jax.numpy as jnp
import optax


def squared_error(x: jax.Array, y: jax.Array) -> jax.Array:
    """Sum over pixels and channels of (x - y)^2: images [B, H, W, C] of any one range -> [B]."""
    return jnp.sum(jnp.square(x - y), axis=(1, 2, 3))


def kl_divergence(mean: jax.Array, logvar: jax.Array) -> jax.Array:
    """KL(N(mean, exp(logvar)) || N(0, I)) in nats, summed over the latent axis: [B, Z], [B, Z] -> [B].

    Kingma & Welling 2014 (arXiv 1312.6114), appendix B; the L_REG of IntroVAE (arXiv 1807.06358), equation 6.
    """
    return -0.5 * jnp.sum(1 + logvar - jnp.square(mean) - jnp.exp(logvar), axis=-1)


def hinge(margin: float, energy: jax.Array) -> jax.Array:
    """[m - E]^+ = max(0, m - E), elementwise (IntroVAE, arXiv 1807.06358, equation 1)."""
    return jnp.maximum(0.0, margin - energy)


def real_or_fake(logits: jax.Array, real: bool) -> jax.Array:
    """Binary cross-entropy of critic logits [B] against one label: -log D if `real`, else -log(1 - D) -> [B]."""
    return optax.sigmoid_binary_cross_entropy(logits, jnp.full_like(logits, float(real)))


def standard_normal_log_density(z: jax.Array) -> jax.Array:
    """log N(z; 0, I) in nats: codes [B, Z] -> [B]."""
    return jnp.sum(jax.scipy.stats.norm.logpdf(z), axis=-1)
