"""Loss terms, per example: one value for each image or code; the methods take the means over the global batch."""

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Float

from genmodels.arrays import AnyArray


def squared_error(x: Float[AnyArray, "b h w c"], y: Float[AnyArray, "b h w c"]) -> Float[jax.Array, " b"]:
    """Sum over pixels and channels of (x - y)^2, images of any one range."""
    return jnp.sum(jnp.square(x - y), axis=(1, 2, 3))


def kl_divergence(mean: Float[AnyArray, "b z"], logvar: Float[AnyArray, "b z"]) -> Float[jax.Array, " b"]:
    """KL(N(mean, exp(logvar)) || N(0, I)) in nats, summed over the latent axis.

    Kingma & Welling 2014 (arXiv 1312.6114), appendix B; the L_REG of IntroVAE (arXiv 1807.06358), equation 6.
    """
    return -0.5 * jnp.sum(1 + logvar - jnp.square(mean) - jnp.exp(logvar), axis=-1)


def hinge(margin: float | Float[AnyArray, ""], energy: Float[AnyArray, "*b"]) -> Float[jax.Array, "*b"]:
    """[m - E]^+ = max(0, m - E), elementwise (IntroVAE, arXiv 1807.06358, equation 1)."""
    return jnp.maximum(0.0, margin - energy)


def real_or_fake(logits: Float[AnyArray, " b"], real: bool) -> Float[jax.Array, " b"]:
    """Binary cross-entropy of a critic's logits against one label: -log D if `real`, else -log(1 - D)."""
    return optax.sigmoid_binary_cross_entropy(logits, jnp.full_like(logits, float(real)))


def standard_normal_log_density(z: Float[AnyArray, "b z"]) -> Float[jax.Array, " b"]:
    """log N(z; 0, I) of codes in nats."""
    return jnp.sum(jax.scipy.stats.norm.logpdf(z), axis=-1)
