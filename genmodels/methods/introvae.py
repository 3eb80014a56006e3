"""IntroVAE (Huang et al. 2018, arXiv 1807.06358): the encoder is the discriminator of its own decoder."""

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from genmodels import losses
from genmodels.errors import UsageError
from genmodels.images import to_unit
from genmodels.methods import check, introspection, posterior
from genmodels.methods.introspection import Players
from genmodels.methods.method import Method
from genmodels.methods.spec import Game, Spec
from genmodels.methods.state import TrainState

# Margins, as multiples of the KL(x) at which the warm-up ends. results/experiments.md has what was tried.
BEST_MARGIN, HIGH_MARGIN = 1.5, 8.0
SETTLING = 100  # steps at the end of the warm-up over which that KL(x) is averaged


class IntroVAE(NamedTuple):
    """L_AE = 1/2 |x - x_r|^2 on pixels in [0, 1], L_REG = KL(q(z|.) || N(0, I)); x_r and x_p as made by Players."""

    players: Players
    margin: float | None  # m, nats; None: BEST_MARGIN times the KL(x) at which the warm-up ends
    alpha: float  # weight of the adversarial terms
    beta: float  # weight of L_AE
    hinge_per_image: bool  # mean of [m - KL]^+ instead of [m - mean KL]^+, which the official code uses

    def init(self, key: jax.Array) -> TrainState:
        """The state at step 0."""
        state = self.players.init(key)
        return state if self.margin is not None else state.replace(measured={"KL(x)": jnp.zeros(())})

    def encoder_loss(self, phi, theta, x, noise, z_p, margin):
        """L_E = L_REG(E(x)) + alpha sum_{s=r,p} [m - L_REG(E(ng(x_s)))]^+ + beta L_AE(x, x_r), equation 11.

        Also returns z, the sample [B, Z] of q(z|x) that the decoder's turn reuses, and the terms to log.
        """
        mean = self.players.mean
        q = self.players.q(phi, x)
        z = posterior.reparameterise(q, noise)
        fakes = self.players.fakes(theta, z, z_p)
        # ng(.): the encoder learns to discriminate these images, not to change what the decoder makes.
        kl_r, kl_p = self.players.divergences(phi, jax.lax.stop_gradient(fakes))
        kl, error = mean(losses.kl_divergence(*q)), self._error(x, fakes)
        hinges = self._hinge(margin, kl_r) + self._hinge(margin, kl_p)
        loss = kl + self.alpha * hinges + self.beta * error
        terms = {"L_E": loss, "L_AE": error, "KL(x)": kl, "KL(x_r)": mean(kl_r), "KL(x_p)": mean(kl_p)}
        return loss, (z, terms)

    def decoder_loss(self, theta, phi, z, x, z_p):
        """L_G = alpha sum_{s=r,p} L_REG(E(x_s)) + beta L_AE(x, x_r), equation 12; gradients pass through E to x_s."""
        fakes = self.players.fakes(theta, z, z_p)
        kl_r, kl_p = self.players.divergences(phi, fakes)
        kls = self.players.mean(kl_r) + self.players.mean(kl_p)
        loss = self.alpha * kls + self.beta * self._error(x, fakes)
        return loss, {"L_G": loss}

    def warmup_step(self, state: TrainState, images: jax.Array, key: jax.Array):
        """One step on L_REG(E(x)) + beta L_AE(x, x_r), and the running mean of KL(x) if the margin needs it."""
        step = self.players.warmup(lambda error, kl: kl + self.beta * (error / 2))
        moved, metrics = step(state, images, key)
        return moved.replace(measured=_settle(state, metrics["KL(x)"])), metrics

    def game_step(self, state: TrainState, images: jax.Array, key: jax.Array):
        """One step of the game: the encoder's turn, then the decoder's."""
        players = self.players
        posterior_key, prior_key = jax.random.split(key)
        x = to_unit(images)
        noise, z_p = players.noise(posterior_key, len(x)), players.noise(prior_key, len(x))
        margin = BEST_MARGIN * state.measured["KL(x)"] if self.margin is None else self.margin
        encoder_loss = partial(self.encoder_loss, x=x, noise=noise, z_p=z_p, margin=margin)
        state, metrics = players.play(state, encoder_loss, partial(self.decoder_loss, x=x, z_p=z_p))
        return state, metrics | {"margin": jnp.asarray(margin)}

    def _error(self, x, fakes):
        """L_AE of the global batch; the first half of `fakes` are the reconstructions."""
        return self.players.mean(losses.squared_error(x, fakes[: len(x)])) / 2

    def _hinge(self, margin, kl):
        if self.hinge_per_image:
            return self.players.mean(losses.hinge(margin, kl))
        return losses.hinge(margin, self.players.mean(kl))


def _settle(state: TrainState, kl: jax.Array) -> dict[str, jax.Array]:
    """The running mean of KL(x) over about the last SETTLING steps, if the margin is derived from it."""
    weight = 1 / jnp.minimum(state.step + 1, SETTLING)
    return {name: mean + weight * (kl - mean) for name, mean in state.measured.items()}


def advise_on_margin(margin: float | None, metrics: Mapping[str, float]) -> str:
    """What the KL(x) at the end of the warm-up says of the margin m, in nats; a wrong margin is why most games fail."""
    settled = metrics["KL(x)"]
    if margin is None:
        return f"{introspection.settled_at(settled)}; the margin is {BEST_MARGIN} times its running mean"
    remedy = f"loss.margin={BEST_MARGIN * settled:.0f}"
    return introspection.advise(settled, margin, f"the margin is {margin:g}", HIGH_MARGIN, remedy)


def make(config, replicas) -> Method:
    """The IntroVAE that a config describes: a VAE warm-up, then the game."""
    check.one_of(config, "loss.hinge", ("batch", "sample"))
    check.positive(config, "loss.margin", "loss.alpha", "loss.beta")
    check.not_negative(config, "loss.warmup_steps")
    loss = config.loss
    if loss.margin_from_warmup and not loss.warmup_steps:
        raise UsageError("config.loss.margin_from_warmup needs a warm-up: set config.loss.warmup_steps above zero.")
    margin = None if loss.margin_from_warmup else loss.margin
    players = introspection.build(config, replicas)
    method = IntroVAE(players, margin, loss.alpha, loss.beta, hinge_per_image=loss.hinge == "sample")
    advice = partial(advise_on_margin, margin)
    return players.method(method.init, loss.warmup_steps, method.warmup_step, advice, method.game_step)


SPEC = Spec(
    name="introvae",
    title="IntroVAE",
    objective=(
        "encoder: KL(x) + α Σ<sub>s=r,p</sub> [m − KL(ng(x<sub>s</sub>))]⁺ + β L<sub>AE</sub>; &ensp; "
        "decoder: α Σ<sub>s=r,p</sub> KL(x<sub>s</sub>) + β L<sub>AE</sub>"
    ),
    summary=(
        "A VAE whose encoder is also the critic: it gives reconstructions x<sub>r</sub> and samples x<sub>p</sub> "
        "codes far from the prior, up to a margin m, while the decoder makes images whose codes are close to it; ng "
        "stops gradients."
    ),
    make=make,
    paper="Huang et al. 2018, https://arxiv.org/abs/1807.06358",
    game=Game(
        real="KL(x)",
        fake="KL(x_p)",
        shown=("KL(x)", "KL(x_r)", "KL(x_p)", "margin"),
        remedy="a larger loss.alpha, or a loss.margin of 1.5 to 6 times the KL(x) at which the warm-up ends",
    ),
)
