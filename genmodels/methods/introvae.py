"""IntroVAE (Huang et al. 2018, arXiv 1807.06358): the encoder is the discriminator of its own decoder."""

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from genmodels import losses
from genmodels.images import to_unit
from genmodels.methods import optim, posterior
from genmodels.methods.method import Method, Phase
from genmodels.methods.replicas import Replicas
from genmodels.methods.state import TrainState
from genmodels.nets.codec import Codec, eval_pass, train_pass, train_pass_with_statistics

# Margins, as multiples of the KL(x) at which the warm-up ends. The game raises KL(x) itself, by a sixth to a quarter on
# drawn faces and on CelebA, so one that is barely above is soon below. results/experiments.md has what was tried.
LOW_MARGIN, BEST_MARGIN, HIGH_MARGIN = 1.2, 1.5, 5.0
SETTLING = 100  # steps at the end of the warm-up over which that KL(x) is averaged


class Game(NamedTuple):
    """The constants of equations 11 and 12, and how long the VAE warm-up before the game is."""

    margin: float | None  # m, nats; None: BEST_MARGIN times the KL(x) at which the warm-up ends
    alpha: float  # weight of the adversarial terms
    beta: float  # weight of L_AE
    hinge_per_picture: bool  # mean of [m - KL]^+ instead of [m - mean KL]^+, which the official code takes
    warmup_steps: int


class IntroVAE(NamedTuple):
    """The encoder phi and the decoder theta, L_AE = 1/2 |x - x_r|^2 on pixels in [0, 1], L_REG = KL(q(z|.) || N(0, I)).

    x_r = G(z) and x_p = G(z_p) are decoded as one batch, and are encoded as one batch, so BatchNorm normalises a
    sample by the same statistics as a reconstruction: the decoder is one function of z, in training and afterwards.
    """

    codec: Codec
    optimisers: dict[str, optax.GradientTransformation]  # of 'encoder' and 'decoder'
    replicas: Replicas
    ema_decay: float
    game: Game

    def init(self, key: jax.Array) -> TrainState:
        """The state at step 0."""
        params = self.codec.init(key)
        return TrainState(
            step=jnp.zeros((), jnp.int32),
            params=params,
            optimisers={name: self.optimisers[name].init(params[name]) for name in ("encoder", "decoder")},
            ema=optim.start_average(params, self.ema_decay),
            measured={"KL(x)": jnp.zeros(())} if self.game.margin is None else {},
        )

    def margin(self, state: TrainState) -> jax.Array | float:
        """m, nats: the given one, or the one that the warm-up has measured."""
        return BEST_MARGIN * state.measured["KL(x)"] if self.game.margin is None else self.game.margin

    def encoder_loss(self, phi, theta, x, noise, z_p, margin):
        """L_E = L_REG(E(x)) + alpha sum_{s=r,p} [m - L_REG(E(ng(x_s)))]^+ + beta L_AE(x, x_r), equation 11.

        Also gives z = q(z|x)'s sample [B, Z], which the decoder's turn uses again, and the terms to log.
        """
        q = self._posterior(phi, x)
        z = posterior.reparameterise(q, noise)
        fakes = self._decode(theta, z, z_p)
        # ng(.): the encoder learns to tell these pictures apart, not to have others made.
        kl_r, kl_p = self._divergences(phi, jax.lax.stop_gradient(fakes))
        kl, error = self._mean(losses.kl_divergence(*q)), self._error(x, fakes)
        hinges = self._hinge(margin, kl_r) + self._hinge(margin, kl_p)
        loss = kl + self.game.alpha * hinges + self.game.beta * error
        terms = {"L_E": loss, "L_AE": error, "KL(x)": kl, "KL(x_r)": self._mean(kl_r), "KL(x_p)": self._mean(kl_p)}
        return loss, (z, terms)

    def decoder_loss(self, theta, phi, x, z, z_p):
        """L_G = alpha sum_{s=r,p} L_REG(E(x_s)) + beta L_AE(x, x_r), equation 12; gradients pass through E to x_s."""
        fakes = self._decode(theta, z, z_p)
        kl_r, kl_p = self._divergences(phi, fakes)
        loss = self.game.alpha * (self._mean(kl_r) + self._mean(kl_p)) + self.game.beta * self._error(x, fakes)
        return loss, {"L_G": loss}

    def vae_loss(self, params, x, noise):
        """L_REG(E(x)) + beta L_AE(x, x_r): the warm-up, in which both players pull together."""
        q = self._posterior(params["encoder"], x)
        x_r = train_pass(self.codec.decoder, params["decoder"], posterior.reparameterise(q, noise))
        kl, error = self._mean(losses.kl_divergence(*q)), self._error(x, x_r)
        return kl + self.game.beta * error, {"L_AE": error, "KL(x)": kl}

    def warmup_step(self, state: TrainState, pictures: jax.Array, key: jax.Array):
        """One step of VAE training, each player by its own Adam."""
        x = to_unit(pictures)
        noise = self.replicas.normal(key, (x.shape[0], self.codec.latent))
        (value, terms), gradients = self.replicas.value_and_grad(self.vae_loss)(state.params, x, noise)
        state, encoder_norms = self._move(state, "encoder", gradients["encoder"])
        state, decoder_norms = self._move(state, "decoder", gradients["decoder"])
        state = state.replace(measured=_settle(state, terms["KL(x)"]))
        return self._finish(state), {"loss": value, **terms, **encoder_norms, **decoder_norms}

    def game_step(self, state: TrainState, pictures: jax.Array, key: jax.Array):
        """One step of the game: the encoder's turn, then the decoder's."""
        posterior_key, prior_key = jax.random.split(key)
        x = to_unit(pictures)
        shape = (x.shape[0], self.codec.latent)
        noise, z_p = self.replicas.normal(posterior_key, shape), self.replicas.normal(prior_key, shape)

        phi, theta, margin = state.params["encoder"], state.params["decoder"], self.margin(state)
        encoder_gradient = self.replicas.value_and_grad(self.encoder_loss)
        (value, (z, terms)), gradient = encoder_gradient(phi, theta, x, noise, z_p, margin)
        state, encoder_norms = self._move(state, "encoder", gradient)

        # The decoder answers the updated encoder with the very pictures that this has just judged.
        phi = state.params["encoder"]
        (_, decoder_terms), gradient = self.replicas.value_and_grad(self.decoder_loss)(theta, phi, x, z, z_p)
        state, decoder_norms = self._move(state, "decoder", gradient)
        norms = encoder_norms | decoder_norms
        return self._finish(state), {"loss": value, **terms, **decoder_terms, "margin": margin, **norms}

    def posterior(self, weights, pictures: jax.Array) -> posterior.Posterior:
        """q(z|x) of pictures in [0, 1], at fixed weights."""
        return posterior.from_features(eval_pass(self.codec.encoder, weights["encoder"], pictures))

    def decode(self, weights, codes: jax.Array) -> jax.Array:
        """Pictures [B, H, W, 3] around [0, 1] of codes [B, Z], at fixed weights."""
        return eval_pass(self.codec.decoder, weights["decoder"], codes)

    def warmup_statistics(self, params, pictures: jax.Array, key: jax.Array):
        """BatchNorm's statistics by net while the VAE is trained: the decoder sees codes of pictures."""
        of_encoder, z = self._encoder_statistics(params, pictures, key)
        return {"encoder": of_encoder, "decoder": self._decoder_statistics(params, z)}

    def game_statistics(self, params, pictures: jax.Array, key: jax.Array):
        """BatchNorm's statistics by net in the game: the decoder sees codes of pictures and of the prior, half each."""
        posterior_key, prior_key = jax.random.split(key)
        of_encoder, z = self._encoder_statistics(params, pictures, posterior_key)
        both = jnp.concatenate([z, jax.random.normal(prior_key, z.shape)])
        return {"encoder": of_encoder, "decoder": self._decoder_statistics(params, both)}

    def _posterior(self, phi, pictures):
        return posterior.from_features(train_pass(self.codec.encoder, phi, pictures))

    def _decode(self, theta, z, z_p):
        """x_r and x_p, one after the other: [2 b, H, W, 3]."""
        return train_pass(self.codec.decoder, theta, jnp.concatenate([z, z_p]))

    def _divergences(self, phi, fakes):
        """L_REG(E(x_r)) and L_REG(E(x_p)) of each picture: [b], [b]."""
        return jnp.split(losses.kl_divergence(*self._posterior(phi, fakes)), 2)

    def _error(self, x, fakes):
        """L_AE of the global batch; the first half of `fakes` are the reconstructions."""
        return self._mean(losses.squared_error(x, fakes[: x.shape[0]])) / 2

    def _mean(self, values):
        return self.replicas.mean(jnp.mean(values))

    def _hinge(self, margin, kl):
        if self.game.hinge_per_picture:
            return self._mean(losses.hinge(margin, kl))
        return losses.hinge(margin, self._mean(kl))

    def _move(self, state, player, gradient):
        params, moments, norms = optim.update(
            self.optimisers[player], player, gradient, state.optimisers[player], state.params[player]
        )
        state = state.replace(params=state.params | {player: params}, optimisers=state.optimisers | {player: moments})
        return state, norms

    def _finish(self, state):
        return state.replace(step=state.step + 1, ema=optim.average(state.ema, state.params, self.ema_decay))

    def _encoder_statistics(self, params, pictures, key):
        features, of_encoder = train_pass_with_statistics(self.codec.encoder, params["encoder"], to_unit(pictures))
        q = posterior.from_features(features)
        return of_encoder, posterior.reparameterise(q, jax.random.normal(key, q.mean.shape))

    def _decoder_statistics(self, params, codes):
        return train_pass_with_statistics(self.codec.decoder, params["decoder"], codes)[1]


def _settle(state: TrainState, kl: jax.Array) -> dict[str, jax.Array]:
    """The running mean of KL(x) over about the last SETTLING steps, where the margin is to come from it."""
    weight = 1 / jnp.minimum(state.step + 1, SETTLING)
    return {name: mean + weight * (kl - mean) for name, mean in state.measured.items()}


def advise_on_margin(margin: float | None, metrics: Mapping[str, float]) -> str:
    """What the KL(x) at which the warm-up ended says of the margin m, in nats; a wrong one is why most games fail.

    The encoder raises the KL of fakes up to m, and is to tell them from real pictures by it: below KL(x) it cannot, far
    above it the fakes' term outweighs all others.
    """
    settled = metrics["KL(x)"]
    if margin is None:
        return f"the warm-up ended at KL(x) = {settled:.1f} nats; the margin is {BEST_MARGIN} times its running mean"
    found = f"the warm-up ended at KL(x) = {settled:.1f} nats; the margin is {margin:g}"
    remedy = f"try --config.loss.margin={BEST_MARGIN * settled:.0f} in another --workdir"
    if margin < LOW_MARGIN * settled:
        return f"warning: {found}, which the game's own KL(x) will pass: fakes cannot be told by a smaller KL; {remedy}"
    if margin > HIGH_MARGIN * settled:
        return f"warning: {found}, far above it: fakes will outweigh pictures; {remedy}"
    return f"{found}, above it, as it should be"


def make(
    codec: Codec, optimisers: dict[str, optax.GradientTransformation], replicas: Replicas, ema_decay: float, game: Game
) -> Method:
    """IntroVAE as a Method: a VAE warm-up, then the game; `optimisers` holds one Adam for each player."""
    model = IntroVAE(codec, optimisers, replicas, ema_decay, game)
    advice = partial(advise_on_margin, game.margin)
    warmup = Phase("VAE warm-up", 0, model.warmup_step, model.warmup_statistics, advice)
    playing = Phase("game", game.warmup_steps, model.game_step, model.game_statistics)
    return Method(
        init=model.init,
        phases=(warmup, playing) if game.warmup_steps else (playing,),
        encode=lambda weights, pictures: model.posterior(weights, pictures).mean,
        decode=model.decode,
        posterior=model.posterior,
    )
