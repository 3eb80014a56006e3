"""What WAE-MMD and WAE-GAN share (Tolstikhin et al. 2018, arXiv 1711.01558): cost, deterministic codes, warm-up."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from genmodels import losses
from genmodels.methods import fixed_point, optim
from genmodels.methods.autoencoder import Autoencoder, signed
from genmodels.methods.method import Phase, Step
from genmodels.methods.state import TrainState
from genmodels.nets.codec import Params, train_pass, train_pass_with_statistics

REFERENCE_PIXELS = 64 * 64  # of the pictures for which the paper states the weight of its cost
NEAR_ENOUGH = 0.1  # distance of moments at which the encoder's warm-up stands still


class Warmup(NamedTuple):
    """Steps that bring the moments of the codes near the prior's before training; 0 steps switch it off.

    From the public implementation of WAE; the paper does not mention it.
    """

    steps: int
    optimiser: optax.GradientTransformation


def cost_weight(weight: float, size: int) -> float:
    """The weight of the squared error's sum at `size` px that keeps the paper's balance with the penalty at 64 px."""
    return weight * REFERENCE_PIXELS / size**2


def reconstruct(autoencoder: Autoencoder, params: Params, x: jax.Array, key: jax.Array, noise: float):
    """Codes [B, Z] and reconstructions of pictures x in [-1, 1], noise of deviation `noise` added to the input."""
    codec = autoencoder.codec
    noisy = x + noise * autoencoder.replicas.truncated_normal(key, x.shape)
    z = train_pass(codec.encoder, params["encoder"], noisy)
    return z, train_pass(codec.decoder, params["decoder"], z)


def cost(autoencoder: Autoencoder, x: jax.Array, y: jax.Array, weight: float) -> jax.Array:
    """c(x, G(z)): the weighted sum of squared errors of a picture in [-1, 1], averaged over the global batch -> []."""
    return weight * autoencoder.replicas.mean(jnp.mean(losses.squared_error(x, y)))


def fixed_point_cost(autoencoder: Autoencoder, params: Params, key: jax.Array, count: int, weight: float) -> jax.Array:
    """a = c(gen, G(E(gen))) of contrast-normalised pictures gen = G(z), z ~ P_z, `count` on each device -> [].

    The deck's improved WAE adds a - c + stop_gradient(c), where c is a with gen detached. Both have the same gradient
    through the judging autoencoder, so what is left is a's through gen: a judge with detached parameters gives this
    value and this gradient without computing c.
    """
    codec, judge = autoencoder.codec, jax.lax.stop_gradient(params)  # a - c + stop_gradient(c)
    # Each pass is a batch of its own to BatchNorm: the pictures' statistics are neither used nor moved by those of gen,
    # and the gradient through gen includes the one through its statistics.
    gen = train_pass(codec.decoder, params["decoder"], autoencoder.replicas.normal(key, (count, codec.latent)))
    again = train_pass(codec.decoder, judge["decoder"], train_pass(codec.encoder, judge["encoder"], gen))
    return weight * autoencoder.replicas.mean(jnp.mean(fixed_point.error(gen, again)))


def _statistics(autoencoder: Autoencoder, params: Params, pictures: jax.Array, key: jax.Array) -> Params:
    """BatchNorm's statistics on a batch; the decoder sees codes of pictures, as it does in training."""
    del key  # codes are deterministic
    z, of_encoder = train_pass_with_statistics(autoencoder.codec.encoder, params["encoder"], signed(pictures))
    _, of_decoder = train_pass_with_statistics(autoencoder.codec.decoder, params["decoder"], z)
    return {"encoder": of_encoder, "decoder": of_decoder}


def moment_distance(q: jax.Array, p: jax.Array) -> jax.Array:
    """Mean squared distance of means plus that of covariances of two sets of codes [N, Z] -> []."""
    means = jnp.mean(jnp.square(jnp.mean(q, axis=0) - jnp.mean(p, axis=0)))
    return means + jnp.mean(jnp.square(jnp.cov(q, rowvar=False) - jnp.cov(p, rowvar=False)))


def init(autoencoder: Autoencoder, warmup: Warmup, key: jax.Array) -> TrainState:
    """The autoencoder's state at step 0, with the warm-up's optimiser where there is a warm-up."""
    state = autoencoder.init(key)
    if not warmup.steps:
        return state
    moments = warmup.optimiser.init(state.params["encoder"])
    return state.replace(optimisers=state.optimisers | {"encoder_warmup": moments})


def phases(autoencoder: Autoencoder, warmup: Warmup, step: Step) -> tuple[Phase, ...]:
    """The encoder's warm-up, if any, then training by `step`."""
    training = Phase("training", warmup.steps, step, partial(_statistics, autoencoder))
    if not warmup.steps:
        return (training,)
    return (Phase("encoder warm-up", 0, _warmup_step(autoencoder, warmup.optimiser), training.statistics), training)


def _warmup_step(autoencoder: Autoencoder, optimiser: optax.GradientTransformation) -> Step:
    replicas, encoder = autoencoder.replicas, autoencoder.codec.encoder

    def loss(params, x, key):
        z = train_pass(encoder, params, x)
        return moment_distance(replicas.gather(z), replicas.gather(replicas.normal(key, z.shape))), {}

    def step(state, pictures, key):
        params, moments = state.params["encoder"], state.optimisers["encoder_warmup"]
        (value, _), gradient = replicas.value_and_grad(loss)(params, signed(pictures), key)
        moved, moments, norms = optim.update(optimiser, "encoder_warmup", gradient, moments, params)
        params = jax.tree.map(lambda new, old: jnp.where(value < NEAR_ENOUGH, old, new), moved, params)
        params = state.params | {"encoder": params}
        state = state.replace(
            step=state.step + 1,
            params=params,
            optimisers=state.optimisers | {"encoder_warmup": moments},
            ema=optim.average(state.ema, params, autoencoder.ema_decay),
        )
        return state, {"loss": value, **norms}

    return step
