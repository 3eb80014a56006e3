"""What WAE-MMD and WAE-GAN share (Tolstikhin et al. 2018, arXiv 1711.01558): all but the comparison of Q_z and P_z."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import ml_collections
import optax

from genmodels import losses
from genmodels.methods import autoencoder, check, fixed_point, optim
from genmodels.methods.autoencoder import Autoencoder, signed
from genmodels.methods.method import Method, Phase, Step
from genmodels.methods.replicas import Replicas
from genmodels.methods.state import TrainState
from genmodels.nets.codec import Params

REFERENCE_PIXELS = 64 * 64  # of the images for which the paper gives the weight of its cost
NEAR_ENOUGH = 0.1  # distance of moments below which the encoder's warm-up stops updating


class Warmup(NamedTuple):
    """Steps that bring the moments of the codes close to the prior's before training; 0 steps turn it off.

    From the public implementation of WAE; the paper does not mention it.
    """

    steps: int
    optimiser: optax.GradientTransformation


class WAE(NamedTuple):
    """Minimises c(x, G(z)) + penalty * D(Q_z, P_z), z = E(x + noise), c = weight * |x - G(z)|^2 on [-1, 1].

    D is the method's own divergence: equation 4 of the paper. A `fixed_point_weight` above zero adds that multiple of
    `fixed_point_cost`.
    """

    autoencoder: Autoencoder
    weight: float
    penalty: float  # lambda
    noise: float  # standard deviation of the noise on the encoder's input
    fixed_point_weight: float
    warmup: Warmup

    def loss(self, params: Params, x: jax.Array, input_key: jax.Array, gen_key: jax.Array, divergence: Callable):
        """The objective for images x [b, H, W, 3] in [-1, 1] -> [] and the terms to log.

        `divergence` maps codes [b, Z] to a name and a value [] of the global batch.
        """
        codec = self.autoencoder.codec
        z = self.encode(params, x, input_key)
        cost = self.cost(x, codec.decode(params["decoder"], z))
        name, discrepancy = divergence(z)
        value, terms = cost + self.penalty * discrepancy, {"c(x,G(z))": cost, name: discrepancy}
        if self.fixed_point_weight:
            terms["fixed point"] = self.fixed_point_cost(params, gen_key, len(x))
            value += self.fixed_point_weight * terms["fixed point"]
        return value, terms

    def encode(self, params: Params, x: jax.Array, key: jax.Array) -> jax.Array:
        """Codes [B, Z] of images x in [-1, 1], while training, noise added to the input."""
        noisy = x + self.noise * self.autoencoder.replicas.truncated_normal(key, x.shape)
        return self.autoencoder.codec.encode(params["encoder"], noisy)

    def cost(self, x: jax.Array, y: jax.Array) -> jax.Array:
        """c(x, y): the weighted sum of squared errors of an image, averaged over the global batch -> []."""
        return self.weight * self.autoencoder.replicas.mean(jnp.mean(losses.squared_error(x, y)))

    def fixed_point_cost(self, params: Params, key: jax.Array, count: int) -> jax.Array:
        """a = c(gen, G(E(gen))) of contrast-normalised images gen = G(z), z ~ P_z, `count` on each device -> [].

        The deck's improved WAE adds a - c + stop_gradient(c), where c is a with gen detached. Both have the same
        gradient through the judging autoencoder, so only a's through gen remains: a judge with detached parameters
        gives this value and this gradient without computing c.
        """
        codec, replicas = self.autoencoder.codec, self.autoencoder.replicas
        judge = jax.lax.stop_gradient(params)  # a - c + stop_gradient(c)
        # Each pass is a separate batch for BatchNorm: the images' statistics are neither used for gen nor changed by
        # it, and the gradient through gen includes the one through its statistics.
        gen = codec.decode(params["decoder"], replicas.normal(key, (count, codec.latent)))
        again = codec.decode(judge["decoder"], codec.encode(judge["encoder"], gen))
        return self.weight * replicas.mean(jnp.mean(fixed_point.error(gen, again)))

    def init(self, key: jax.Array) -> TrainState:
        """The autoencoder's state at step 0, with the warm-up's optimiser if there is a warm-up."""
        state = self.autoencoder.init(key)
        if not self.warmup.steps:
            return state
        moments = self.warmup.optimiser.init(state.params["encoder"])
        return state.replace(optimisers=state.optimisers | {"encoder_warmup": moments})

    def method(self, init: Callable[[jax.Array], TrainState], step: Step) -> Method:
        """The method that starts at `init`: the encoder's warm-up, if any, then training by `step`."""
        warmup = Phase("encoder warm-up", 0, self.warmup_step, self.statistics)
        training = Phase("training", self.warmup.steps, step, self.statistics)
        return Method(
            init=init,
            phases=(warmup, training) if self.warmup.steps else (training,),
            encode=self.autoencoder.features,
            decode=self.autoencoder.decode,
        )

    def statistics(self, params: Params, images: jax.Array, key: jax.Array) -> Params:
        """BatchNorm's statistics by net, as in training, without its noise: the decoder sees codes of images."""
        del key  # codes are deterministic
        codec = self.autoencoder.codec
        z, of_encoder = codec.encode_with_statistics(params["encoder"], signed(images))
        _, of_decoder = codec.decode_with_statistics(params["decoder"], z)
        return {"encoder": of_encoder, "decoder": of_decoder}

    def warmup_step(self, state: TrainState, images: jax.Array, key: jax.Array):
        """One step of the encoder alone on the distance of its codes' moments to the prior's."""
        replicas, optimiser = self.autoencoder.replicas, self.warmup.optimiser

        def loss(phi, x):
            z = self.autoencoder.codec.encode(phi, x)
            return moment_distance(replicas.gather(z), replicas.gather(replicas.normal(key, z.shape))), {}

        params, moments = state.params["encoder"], state.optimisers["encoder_warmup"]
        (value, _), gradient = replicas.value_and_grad(loss)(params, signed(images))
        moved, moments, norms = optim.update(optimiser, "encoder_warmup", gradient, moments, params)
        params = jax.tree.map(lambda new, old: jnp.where(value < NEAR_ENOUGH, old, new), moved, params)
        params = state.params | {"encoder": params}
        state = state.replace(
            step=state.step + 1,
            params=params,
            optimisers=state.optimisers | {"encoder_warmup": moments},
            ema=optim.average(state.ema, params, self.autoencoder.ema_decay),
        )
        return state, {"loss": value, **norms}


def build(config: ml_collections.ConfigDict, replicas: Replicas) -> WAE:
    """What both WAEs read of a config; raises UsageError naming the invalid field."""
    check.positive(config, "loss.penalty", "loss.cost_weight")
    check.not_negative(config, "loss.fixed_point_weight", "loss.warmup_steps")
    if config.loss.warmup_steps:
        check.at_least(config, "train.batch_size", 2, "the warm-up compares covariances of codes")
    return WAE(
        autoencoder.build(config, replicas, outputs=config.model.latent, first=config.loss.warmup_steps),
        weight=cost_weight(config.loss.cost_weight, config.image_size),
        penalty=config.loss.penalty,
        noise=config.loss.input_noise,
        fixed_point_weight=config.loss.fixed_point_weight,
        warmup=Warmup(config.loss.warmup_steps, optim.of(config, config.optim.learning_rate)),
    )


def cost_weight(weight: float, size: int) -> float:
    """The weight of the summed squared error at `size` px that keeps the paper's balance with the penalty at 64 px."""
    return weight * REFERENCE_PIXELS / size**2


def moment_distance(q: jax.Array, p: jax.Array) -> jax.Array:
    """Mean squared distance of means plus that of covariances of two sets of codes [N, Z] -> []."""
    means = jnp.mean(jnp.square(jnp.mean(q, axis=0) - jnp.mean(p, axis=0)))
    return means + jnp.mean(jnp.square(jnp.cov(q, rowvar=False) - jnp.cov(p, rowvar=False)))
