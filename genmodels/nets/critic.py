"""The latent discriminator D_gamma of WAE-GAN (arXiv 1711.01558, appendix C.2)."""

import flax.linen as nn
import jax

from genmodels.losses import standard_normal_log_density


class Critic(nn.Module):
    """Dense layers on codes [B, Z] -> the logit of "z comes from the prior" [B].

    log p(z) is added to the net's output: the optimal logit is log p(z) - log q(z) and p is known, so the net learns
    -log q(z) only. The result is a vector: a column [B, 1] added to a vector [B] would broadcast to [B, B].
    """

    features: int = 1024
    layers: int = 4

    @nn.compact
    def __call__(self, z: jax.Array) -> jax.Array:
        h = z
        for _ in range(self.layers):
            h = nn.relu(nn.Dense(self.features)(h))
        return nn.Dense(1)(h)[:, 0] + standard_normal_log_density(z)
