"""WAE-GAN (Tolstikhin et al. 2018, arXiv 1711.01558, algorithm 1)."""

from typing import NamedTuple, cast

import jax
import jax.numpy as jnp
import ml_collections
import optax

from genmodels import losses
from genmodels.methods import check, optim, wae
from genmodels.methods.autoencoder import autoencoder_params, signed
from genmodels.methods.method import Method
from genmodels.methods.replicas import Replicas
from genmodels.methods.spec import Spec
from genmodels.methods.wae import WAE
from genmodels.nets.codec import Params
from genmodels.nets.critic import Critic


class WAEGAN(NamedTuple):
    """The WAE whose divergence is -log D(z), D a critic that tells codes z from z_p ~ P_z.

    The critic maximises log D(z_p) + log(1 - D(z)). As in the public implementation the autoencoder moves first and the
    critic then sees the codes of the updated encoder on the same batch.
    """

    wae: WAE
    critic: Critic
    critic_optimiser: optax.GradientTransformation

    def init(self, key):
        """The state at step 0."""
        codec_key, critic_key = jax.random.split(key)
        state = self.wae.init(codec_key)
        params = self.critic.init(critic_key, jnp.zeros((1, self.wae.autoencoder.codec.latent)))
        return state.replace(
            params=state.params | {"critic": params},
            optimisers=state.optimisers | {"critic": self.critic_optimiser.init(params)},
        )

    def logits(self, critic_params: Params, z: jax.Array) -> jax.Array:
        """The critic's logits [b] of codes [b, Z]."""
        return cast(jax.Array, self.critic.apply(critic_params, z))

    def autoencoder_loss(self, params, critic_params, x, input_key, gen_key):
        """c(x, G(z)) - penalty * log D(z), images x [b, H, W, 3] in [-1, 1] -> [] and the terms to log."""
        replicas = self.wae.autoencoder.replicas

        def divergence(z):
            logits = self.logits(critic_params, z)
            return "-log D(z)", replicas.mean(jnp.mean(losses.real_or_fake(logits, real=True)))

        return self.wae.loss(params, x, input_key, gen_key, divergence)

    def critic_loss(self, params, q, p):
        """-log D(p) - log(1 - D(q)) of codes q and prior codes p, [b, Z] each -> [] and the critic's accuracy."""
        replicas = self.wae.autoencoder.replicas
        of_prior, of_codes = self.logits(params, p), self.logits(params, q)
        right = (jnp.mean(of_prior > 0) + jnp.mean(of_codes < 0)) / 2
        loss = jnp.mean(losses.real_or_fake(of_prior, real=True)) + jnp.mean(losses.real_or_fake(of_codes, real=False))
        return replicas.mean(loss), {"critic accuracy": replicas.mean(right)}

    def step(self, state, images, key):
        """One step of the autoencoder's Adam, then one of the critic's."""
        input_key, prior_key, gen_key = jax.random.split(key, 3)
        replicas, x = self.wae.autoencoder.replicas, signed(images)
        critic_params = state.params["critic"]
        (value, terms), gradient = replicas.value_and_grad(self.autoencoder_loss)(
            autoencoder_params(state), critic_params, x, input_key, gen_key
        )
        state, norms = self.wae.autoencoder.update(state, gradient)

        q = self.wae.encode(state.params, x, input_key)
        p = replicas.normal(prior_key, q.shape)
        (critic_value, accuracy), gradient = replicas.value_and_grad(self.critic_loss)(critic_params, q, p)
        critic_params, moments, critic_norms = optim.update(
            self.critic_optimiser, "critic", gradient, state.optimisers["critic"], critic_params
        )
        state = state.replace(
            params=state.params | {"critic": critic_params}, optimisers=state.optimisers | {"critic": moments}
        )
        return state, {"loss": value, "L_D": critic_value, **terms, **accuracy, **norms, **critic_norms}


def build(config: ml_collections.ConfigDict, replicas: Replicas) -> WAEGAN:
    """The WAE-GAN that a config describes; raises UsageError naming the invalid field."""
    check.positive(config, "model.critic_features", "model.critic_layers", "optim.critic_learning_rate")
    critic = Critic(config.model.critic_features, config.model.critic_layers)
    optimiser = optim.of(config, config.optim.critic_learning_rate, first=config.loss.warmup_steps)
    return WAEGAN(wae.build(config, replicas), critic, optimiser)


def make(config: ml_collections.ConfigDict, replicas: Replicas) -> Method:
    """The method of the WAE-GAN that a config describes; raises UsageError as `build` does."""
    gan = build(config, replicas)
    return gan.wae.method(gan.init, gan.step)


SPEC = Spec(
    name="wae_gan",
    title="WAE-GAN",
    objective=(
        "critic: max log D(z) + log(1 − D(E(x))), z ~ P<sub>z</sub>; &ensp; "
        "autoencoder: min c(x, G(E(x))) − λ log D(E(x))"
    ),
    summary=(
        "The same with a critic of codes in place of the discrepancy: it learns to tell codes of images from codes of "
        "the prior, and the encoder learns to make codes that pass for the prior's."
    ),
    make=make,
    paper="Tolstikhin et al. 2018, https://arxiv.org/abs/1711.01558",
    improved=True,
)
