"""What introspective methods share: an encoder and a decoder that play against each other after a VAE's warm-up."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import ml_collections
import optax

from genmodels import losses
from genmodels.images import to_unit
from genmodels.methods import optim, posterior
from genmodels.methods.method import Method, Phase, Step
from genmodels.methods.posterior import Posterior
from genmodels.methods.replicas import Replicas
from genmodels.methods.state import TrainState
from genmodels.nets import choice
from genmodels.nets.codec import Codec, Params, Weights

# A margin barely above the KL(x) at which the warm-up ends is soon below it: the game itself raises KL(x), by a sixth
# to a quarter on synthetic faces and on CelebA, see results/experiments.md.
LOW_MARGIN = 1.2


class Players(NamedTuple):
    """The encoder phi and the decoder theta, each with its own Adam; images in [0, 1].

    x_r = G(z) and x_p = G(z_p) are decoded as one batch and encoded as one batch, so BatchNorm normalises samples and
    reconstructions by the same statistics: the decoder is one function of z, in training and afterwards.
    """

    codec: Codec
    optimisers: dict[str, optax.GradientTransformation]  # of 'encoder' and 'decoder'
    replicas: Replicas
    ema_decay: float

    def init(self, key: jax.Array) -> TrainState:
        """The state at step 0."""
        params = self.codec.init(key)
        return TrainState(
            step=jnp.zeros((), jnp.int32),
            params=params,
            optimisers={name: self.optimisers[name].init(params[name]) for name in ("encoder", "decoder")},
            ema=optim.start_average(params, self.ema_decay),
        )

    def noise(self, key: jax.Array, count: int) -> jax.Array:
        """Standard normal noise for `count` local codes, [b, Z]."""
        return self.replicas.normal(key, (count, self.codec.latent))

    def q(self, phi: Params, x: jax.Array) -> Posterior:
        """q(z|x) of images x while training."""
        return posterior.from_features(self.codec.encode(phi, x))

    def fakes(self, theta: Params, z: jax.Array, z_p: jax.Array) -> jax.Array:
        """x_r and x_p, concatenated: [2 b, H, W, 3]."""
        return self.codec.decode(theta, jnp.concatenate([z, z_p]))

    def divergences(self, phi: Params, fakes: jax.Array) -> tuple[jax.Array, jax.Array]:
        """KL(x_r) and KL(x_p) of each image, nats: [b], [b]."""
        of_x_r, of_x_p = jnp.split(losses.kl_divergence(*self.q(phi, fakes)), 2)
        return of_x_r, of_x_p

    def mean(self, values: jax.Array) -> jax.Array:
        """The mean over the global batch of values [b] -> []."""
        return self.replicas.mean(jnp.mean(values))

    def vae_loss(self, params, x, noise, objective: Callable):
        """The warm-up's loss, which both players minimise together -> [] and the terms to log.

        `objective` combines the mean squared error, summed over an image, and the mean KL(x) into the loss.
        """
        q = self.q(params["encoder"], x)
        x_r = self.codec.decode(params["decoder"], posterior.reparameterise(q, noise))
        kl, error = self.mean(losses.kl_divergence(*q)), self.mean(losses.squared_error(x, x_r))
        return objective(error, kl), {"L_AE": error / 2, "KL(x)": kl}

    def warmup(self, objective: Callable) -> Step:
        """A step of VAE training, each player with its own Adam."""

        def step(state: TrainState, images: jax.Array, key: jax.Array):
            x = to_unit(images)

            def loss(params):
                return self.vae_loss(params, x, self.noise(key, len(x)), objective)

            (value, terms), gradients = self.replicas.value_and_grad(loss)(state.params)
            state, encoder_norms = self.move(state, "encoder", gradients["encoder"])
            state, decoder_norms = self.move(state, "decoder", gradients["decoder"])
            return self.finish(state), {"loss": value, **terms, **encoder_norms, **decoder_norms}

        return step

    def play(self, state: TrainState, encoder_loss: Callable, decoder_loss: Callable):
        """One step of the game: the encoder's turn, then the decoder's -> the state and the metrics.

        `encoder_loss`(phi, theta) -> [], (z, terms); z, the sample of q(z|x), is used again in the decoder's turn,
        `decoder_loss`(theta, phi, z) -> [], terms.
        """
        phi, theta = state.params["encoder"], state.params["decoder"]
        (value, (z, terms)), gradient = self.replicas.value_and_grad(encoder_loss)(phi, theta)
        state, encoder_norms = self.move(state, "encoder", gradient)

        # The decoder responds to the updated encoder with the very images that the encoder has just judged.
        phi = state.params["encoder"]
        (_, decoder_terms), gradient = self.replicas.value_and_grad(decoder_loss)(theta, phi, z)
        state, decoder_norms = self.move(state, "decoder", gradient)
        return self.finish(state), {"loss": value, **terms, **decoder_terms, **encoder_norms, **decoder_norms}

    def move(self, state: TrainState, player: str, gradient: Params):
        """One step of one player's Adam -> the state, and the norms to log."""
        params, moments, norms = optim.update(
            self.optimisers[player], player, gradient, state.optimisers[player], state.params[player]
        )
        state = state.replace(params=state.params | {player: params}, optimisers=state.optimisers | {player: moments})
        return state, norms

    def finish(self, state: TrainState) -> TrainState:
        """Counts the step and updates the averaged weights."""
        return state.replace(step=state.step + 1, ema=optim.average(state.ema, state.params, self.ema_decay))

    def posterior(self, weights: Weights, images: jax.Array) -> Posterior:
        """q(z|x) of images in [0, 1], at fixed weights."""
        return posterior.from_features(self.codec.features(weights, images))

    def decode(self, weights: Weights, codes: jax.Array) -> jax.Array:
        """Images [B, H, W, 3] around [0, 1] of codes [B, Z], at fixed weights."""
        return self.codec.images(weights, codes)

    def warmup_statistics(self, params: Params, images: jax.Array, key: jax.Array) -> Params:
        """BatchNorm's statistics by net while the VAE is trained: the decoder sees codes of images."""
        of_encoder, z = self._encoder_statistics(params, images, key)
        return {"encoder": of_encoder, "decoder": self.codec.decode_with_statistics(params["decoder"], z)[1]}

    def game_statistics(self, params: Params, images: jax.Array, key: jax.Array) -> Params:
        """BatchNorm's statistics by net in the game: half of the decoder's codes are of images, half from the prior."""
        posterior_key, prior_key = jax.random.split(key)
        of_encoder, z = self._encoder_statistics(params, images, posterior_key)
        both = jnp.concatenate([z, jax.random.normal(prior_key, z.shape)])
        return {"encoder": of_encoder, "decoder": self.codec.decode_with_statistics(params["decoder"], both)[1]}

    def _encoder_statistics(self, params, images, key):
        features, of_encoder = self.codec.encode_with_statistics(params["encoder"], to_unit(images))
        q = posterior.from_features(features)
        return of_encoder, posterior.reparameterise(q, jax.random.normal(key, q.mean.shape))

    def method(self, init: Callable, warmup_steps: int, warmup: Step, advice: Callable, game: Step) -> Method:
        """The method with these two phases; without the warm-up and the advice at its end if it has no steps."""
        first = Phase("VAE warm-up", 0, warmup, self.warmup_statistics, advice)
        second = Phase("game", warmup_steps, game, self.game_statistics)
        return Method(
            init=init,
            phases=(first, second) if warmup_steps else (second,),
            encode=lambda weights, images: self.posterior(weights, images).mean,
            decode=self.decode,
            posterior=self.posterior,
        )


def build(config: ml_collections.ConfigDict, replicas: Replicas, eps: float = optim.EPS) -> Players:
    """The players of a config, with the epsilon of their Adams; raises UsageError as nets.choice.build does."""
    codec = choice.build(config, 2 * config.model.latent, replicas.axis, signed=False)
    optimisers = {name: optim.of(config, config.optim.learning_rate, eps) for name in ("encoder", "decoder")}
    return Players(codec, optimisers, replicas, config.train.ema_decay)


def advise(settled: float, margin: float, words: str, high: float, remedy: str) -> str:
    """Whether a margin fits the KL(x) at which the warm-up has settled, both in nats; `words` say which margin it is.

    The encoder raises the KL of fakes up to the margin, and tells them from real images by it: with the margin below
    KL(x) it cannot, and with one above `high` times KL(x) the fakes' term outweighs all others.
    """
    found, remedy = f"{settled_at(settled)}; {words}", f"try --config.{remedy} in another --workdir"
    if margin < LOW_MARGIN * settled:
        return f"warning: {found}, which KL(x) will exceed in the game: KL cannot then tell fakes apart; {remedy}"
    if margin > high * settled:
        return f"warning: {found}, far above it: fakes will outweigh real images; {remedy}"
    return f"{found}, above it, as it should be"


def settled_at(kl: float) -> str:
    """How the warm-up ended, in words."""
    return f"the warm-up ended at KL(x) = {kl:.1f} nats"
