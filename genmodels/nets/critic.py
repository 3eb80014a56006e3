"""The latent discriminator D_gamma of WAE-GAN (arXiv 1711.01558, appendix C.2)."""

import math

import flax.linen as nn
import jax
from jaxtyping import Float

from genmodels.arrays import AnyArray
from genmodels.losses import standard_normal_log_density


class Critic(nn.Module):
    """Dense layers on codes -> the logit of "z comes from the prior".

    log p(z) is added to the net's output: the optimal logit is log p(z) - log q(z) and p is known, so the net learns
    -log q(z) only; its bias starts at the prior's entropy, the mean of -log q(z) at Q = P, so that it starts undecided.
    The result is a vector: a column [B, 1] added to a vector [B] would broadcast to [B, B].
    """

    features: int = 1024
    layers: int = 4

    @nn.compact
    def __call__(self, z: Float[AnyArray, "b z"]) -> Float[jax.Array, " b"]:
        h = z
        for _ in range(self.layers):
            h = nn.relu(nn.Dense(self.features)(h))
        entropy = z.shape[-1] / 2 * (1 + math.log(2 * math.pi))  # nats
        h = nn.Dense(1, bias_init=nn.initializers.constant(entropy))(h)[:, 0]
        return h + standard_normal_log_density(z)
