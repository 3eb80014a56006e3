"""WAE-GAN (Tolstikhin et al. 2018, arXiv 1711.01558, algorithm 1)."""

import jax
import jax.numpy as jnp
import optax

from genmodels import losses
from genmodels.methods import optim, wae
from genmodels.methods.autoencoder import Autoencoder, autoencoder_params, signed
from genmodels.methods.method import Method
from genmodels.nets.codec import train_pass
from genmodels.nets.critic import Critic


def make(
    autoencoder: Autoencoder,
    critic: Critic,
    critic_optimiser: optax.GradientTransformation,
    *,
    weight: float,
    penalty: float,
    noise: float,
    fixed_point_weight: float,
    warmup: wae.Warmup,
) -> Method:
    """The autoencoder minimises c(x, G(z)) - penalty * log D(z), z = E(x + noise); the critic tells z from z_p ~ P_z.

    The critic maximises log D(z_p) + log(1 - D(z)). As in the public implementation the autoencoder moves first and the
    critic then sees the codes of the updated encoder on the same batch. With a `fixed_point_weight` above zero the
    autoencoder also minimises that multiple of wae.fixed_point_cost.
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

    def autoencoder_loss(params, critic_params, x, input_key, gen_key):
        z, y = wae.reconstruct(autoencoder, params, x, input_key, noise)
        cost = wae.cost(autoencoder, x, y, weight)
        fooling = replicas.mean(jnp.mean(losses.real_or_fake(critic.apply(critic_params, z), real=True)))
        value, terms = cost + penalty * fooling, {"c(x,G(z))": cost, "-log D(z)": fooling}
        if fixed_point_weight:
            terms["fixed point"] = wae.fixed_point_cost(autoencoder, params, gen_key, len(x), weight)
            value += fixed_point_weight * terms["fixed point"]
        return value, terms

    def critic_loss(params, q, p):
        of_prior, of_codes = critic.apply(params, p), critic.apply(params, q)  # [B] each
        right = (jnp.mean(of_prior > 0) + jnp.mean(of_codes < 0)) / 2
        loss = jnp.mean(losses.real_or_fake(of_prior, real=True)) + jnp.mean(losses.real_or_fake(of_codes, real=False))
        return replicas.mean(loss), {"critic accuracy": replicas.mean(right)}

    def step(state, pictures, key):
        input_key, prior_key, gen_key = jax.random.split(key, 3)
        x = signed(pictures)
        critic_params = state.params["critic"]
        (value, terms), gradient = replicas.value_and_grad(autoencoder_loss)(
            autoencoder_params(state), critic_params, x, input_key, gen_key
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
