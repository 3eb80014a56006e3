"""WAE-GAN (Tolstikhin et al. 2018, arXiv 1711.01558, algorithm 1)."""

import jax
import jax.numpy as jnp
import optax

from genmodels import losses, optim
from genmodels.codec import train_pass
from genmodels.methods import wae
from genmodels.methods.autoencoder import Autoencoder, autoencoder_params, signed
from genmodels.methods.method import Method
from genmodels.nets.critic import Critic


def make(
    autoencoder: Autoencoder,
    critic: Critic,
    critic_optimiser: optax.GradientTransformation,
    *,
    weight: float,
    penalty: float,
    noise: float,
    warmup: wae.Warmup,
) -> Method:
    """The autoencoder minimises c(x, G(z)) - penalty * log D(z), z = E(x + noise); the critic tells z from z_p ~ P_z.

    The critic maximises log D(z_p) + log(1 - D(z)). As in the public implementation the autoencoder moves first and the
    critic then sees the codes of the updated encoder on the same batch.
    """
    codec, replicas = autoencoder.codec, autoencoder.replicas

    def init(key):
        codec_key, critic_key = jax.random.split(key)
        state = wae.init(autoencoder, warmup, codec_key)
        params = critic.init(critic_key, jnp.zeros((1, codec.latent)))
        return state.replace(
            params=state.params | {"critic": params},
            optimisers=state.optimisers | {"critic": critic_optimiser.init(params)},
        )

    def autoencoder_loss(params, critic_params, x, key):
        z, y = wae.reconstruct(autoencoder, params, x, key, noise)
        cost = wae.cost(autoencoder, x, y, weight)
        fooling = replicas.mean(jnp.mean(losses.real_or_fake(critic.apply(critic_params, z), real=True)))
        return cost + penalty * fooling, {"c(x,G(z))": cost, "-log D(z)": fooling}

    def critic_loss(params, q, p):
        of_prior, of_codes = critic.apply(params, p), critic.apply(params, q)  # [B] each
        right = (jnp.mean(of_prior > 0) + jnp.mean(of_codes < 0)) / 2
        loss = jnp.mean(losses.real_or_fake(of_prior, real=True)) + jnp.mean(losses.real_or_fake(of_codes, real=False))
        return replicas.mean(loss), {"critic accuracy": replicas.mean(right)}

    def step(state, pictures, key):
        input_key, prior_key = jax.random.split(key)
        x = signed(pictures)
        critic_params = state.params["critic"]
        (value, terms), gradient = replicas.value_and_grad(autoencoder_loss)(
            autoencoder_params(state), critic_params, x, input_key
        )
        state, norms = autoencoder.update(state, gradient)

        noisy = x + noise * replicas.truncated_normal(input_key, x.shape)
        q = train_pass(codec.encoder, state.params["encoder"], noisy)
        p = replicas.normal(prior_key, q.shape)
        (critic_value, accuracy), gradient = replicas.value_and_grad(critic_loss)(critic_params, q, p)
        critic_params, moments, critic_norms = optim.update(
            critic_optimiser, "critic", gradient, state.optimisers["critic"], critic_params
        )
        state = state.replace(
            params=state.params | {"critic": critic_params}, optimisers=state.optimisers | {"critic": moments}
        )
        return state, {"loss": value, "L_D": critic_value, **terms, **accuracy, **norms, **critic_norms}

    return Method(
        init=init,
        phases=wae.phases(autoencoder, warmup, step),
        encode=autoencoder.features,
        decode=autoencoder.decode,
    )
