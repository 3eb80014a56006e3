"""Soft-IntroVAE (Daniel & Tamar 2021, arXiv 2012.13253): IntroVAE's game with an exponential in the margin's place."""

import math
from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from scipy.special import lambertw

from genmodels import losses
from genmodels.images import to_unit
from genmodels.methods import check, introspection, optim, posterior
from genmodels.methods.introspection import Players
from genmodels.methods.method import Method
from genmodels.methods.spec import Game, Spec
from genmodels.methods.state import TrainState

# Soft margins, see `soft_margin`, as multiples of the KL(x) at which the warm-up ends.
BEST_MARGIN, HIGH_MARGIN = 2.0, 5.0


class SoftIntroVAE(NamedTuple):
    """L(a, b) = |a - b|^2 on pixels in [0, 1], KL(x) = KL(q(z|x) || N(0, I)); x_r and x_p as made by Players.

    Codes of both fakes are sampled and decoded again, to x_rr and x_pr, as one batch. Weights and factors are those of
    the public code, which has the paper's 1/2 before the exponential of x_p as 1/4 each before those of x_r and x_p.
    """

    players: Players
    scale: float  # s = 1 / (3 H W), of every term
    beta_rec: float  # weight of the squared error
    beta_kl: float  # weight of KL(x), and of the fakes' KL in the decoder's turn
    beta_neg: float  # weight of the fakes' KL in the encoder's turn
    gamma_r: float  # weight, within beta_rec, of fakes' own errors in the decoder's turn; 0 saves their decoding

    def encoder_loss(self, phi, theta, x, noise, z_p, fake_noise):
        """L_E = s (b_rec L(x, x_r) + b_kl KL(x)) + 1/4 sum_{s=r,p} E exp(-2 s (b_rec L(x_s, x_ss) + b_neg KL(x_s))).

        Equation 6; the x_s are stopped. Also returns z, the sample [B, Z] of q(z|x) that the decoder's turn reuses, and
        the terms to log.
        """
        players, mean = self.players, self.players.mean
        q = players.q(phi, x)
        z = posterior.reparameterise(q, noise)
        fakes = players.fakes(theta, z, z_p)
        kl, error = mean(losses.kl_divergence(*q)), mean(losses.squared_error(x, fakes[: len(x)]))

        # The encoder learns to discriminate these images, not to change what the decoder makes.
        fakes = jax.lax.stop_gradient(fakes)
        q_fakes = players.q(phi, fakes)
        kl_fakes = losses.kl_divergence(*q_fakes)  # [2 b]: of x_r, then of x_p
        again = players.codec.decode(theta, posterior.reparameterise(q_fakes, fake_noise))
        bounds = self.beta_rec * losses.squared_error(fakes, again) + self.beta_neg * kl_fakes
        # The exponential is each image's own: the lower its bound already is, the less it is pushed further.
        exp_r, exp_p = self._means(jnp.exp(-2 * self.scale * bounds))

        loss = self.scale * (self.beta_rec * error + self.beta_kl * kl) + (exp_r + exp_p) / 4
        kl_r, kl_p = self._means(kl_fakes)
        terms = {"L_E": loss, "L_AE": error / 2, "KL(x)": kl, "KL(x_r)": kl_r, "KL(x_p)": kl_p}
        return loss, (z, terms | {"exp(x_r)": exp_r, "exp(x_p)": exp_p})

    def decoder_loss(self, theta, phi, z, x, z_p, fake_noise):
        """L_D = s (b_rec L(x, x_r) + 1/2 sum_{s=r,p} (b_kl KL(x_s) + gamma_r b_rec L(ng(x_s), x_ss))), equation 7.

        The KL's gradients pass through E to the x_s; the codes of the x_ss are stopped.
        """
        players = self.players
        fakes = players.fakes(theta, z, z_p)
        q_fakes = players.q(phi, fakes)
        terms = self.beta_kl * losses.kl_divergence(*q_fakes)
        if self.gamma_r:
            codes = jax.lax.stop_gradient(posterior.reparameterise(q_fakes, fake_noise))
            errors = losses.squared_error(jax.lax.stop_gradient(fakes), players.codec.decode(theta, codes))
            terms += self.gamma_r * self.beta_rec * errors
        of_r, of_p = self._means(terms)
        error = players.mean(losses.squared_error(x, fakes[: len(x)]))
        loss = self.scale * (self.beta_rec * error + (of_r + of_p) / 2)
        return loss, {"L_D": loss}

    def warmup_loss(self, error: jax.Array, kl: jax.Array) -> jax.Array:
        """s (b_rec L(x, x_r) + b_kl KL(x)).

        Without s the warm-up would leave Adam with second moments 1 / s^2 times too large for the game, whose updates
        would then be a thousandth of their size for thousands of steps.
        """
        return self.scale * (self.beta_rec * error + self.beta_kl * kl)

    def game_step(self, state: TrainState, images: jax.Array, key: jax.Array):
        """One step of the game: the encoder's turn, then the decoder's."""
        keys = jax.random.split(key, 4)
        x = to_unit(images)
        noise, z_p, noise_r, noise_p = (self.players.noise(each, len(x)) for each in keys)
        shared = {"x": x, "z_p": z_p, "fake_noise": jnp.concatenate([noise_r, noise_p])}
        encoder_loss = partial(self.encoder_loss, noise=noise, **shared)
        return self.players.play(state, encoder_loss, partial(self.decoder_loss, **shared))

    def _means(self, values: jax.Array) -> tuple[jax.Array, jax.Array]:
        """The means over the global batch of values [2 b] of x_r and of x_p."""
        of_r, of_p = jnp.split(values, 2)
        return self.players.mean(of_r), self.players.mean(of_p)


def soft_margin(beta_neg: float, beta_kl: float, scale: float) -> float:
    """The KL, in nats, from which on the encoder raises a fake's KL with less force than it lowers KL(x).

    Where the derivative of 1/4 exp(-2 s b_neg KL) is -s b_kl: ln(b_neg / (2 b_kl)) / (2 s b_neg).
    """
    return max(0.0, math.log(beta_neg / (2 * beta_kl))) / (2 * scale * beta_neg)


def beta_neg_for(margin: float, beta_kl: float, scale: float) -> float:
    """The larger beta_neg whose soft margin is `margin` nats, or that of the largest soft margin, 2 e b_kl.

    u = b_neg / (2 b_kl) solves ln(u) / u = 4 s b_kl margin, which is at most 1 / e.
    """
    right = 4 * scale * beta_kl * margin
    return 2 * beta_kl * math.exp(-lambertw(-right, -1).real if right < math.exp(-1) else 1.0)


def advise_on_beta_neg(method: SoftIntroVAE, metrics: Mapping[str, float]) -> str:
    """What the KL(x) at the end of the warm-up says about beta_neg, by its soft margin."""
    settled, margin = metrics["KL(x)"], soft_margin(method.beta_neg, method.beta_kl, method.scale)
    words = f"beta_neg={method.beta_neg:g} has its soft margin at {margin:.1f}"
    remedy = f"loss.beta_neg={beta_neg_for(BEST_MARGIN * settled, method.beta_kl, method.scale):.3g}"
    return introspection.advise(settled, margin, words, HIGH_MARGIN, remedy)


def make(config, replicas) -> Method:
    """The Soft-IntroVAE that a config describes: a VAE warm-up, then the game."""
    check.positive(config, "loss.beta_rec", "loss.beta_kl", "loss.beta_neg")
    check.not_negative(config, "loss.gamma_r", "loss.warmup_steps")
    loss, scale = config.loss, 1 / (3 * config.image_size**2)
    # Gradients are as small as the scale; unscaled, Adam's epsilon would be the larger part of its denominator.
    players = introspection.build(config, replicas, eps=optim.EPS * scale)
    method = SoftIntroVAE(players, scale, loss.beta_rec, loss.beta_kl, loss.beta_neg, loss.gamma_r)
    warmup, advice = players.warmup(method.warmup_loss), partial(advise_on_beta_neg, method)
    return players.method(players.init, loss.warmup_steps, warmup, advice, method.game_step)


SPEC = Spec(
    name="soft_introvae",
    title="Soft-IntroVAE",
    objective=(
        "encoder: −ELBO(x) + ¼ Σ<sub>s=r,p</sub> exp(2 ELBO<sub>neg</sub>(ng(x<sub>s</sub>))); &ensp; "
        "decoder: −ELBO(x) + ½ β<sub>kl</sub> Σ<sub>s=r,p</sub> KL(x<sub>s</sub>)"
    ),
    summary=(
        "IntroVAE without its margin: the encoder lowers the evidence bound (ELBO) of x<sub>r</sub> and x<sub>p</sub> "
        "through an exponential, which fades where an image is already far from the prior. In that bound the KL weighs "
        "β<sub>neg</sub>, which takes the margin's place."
    ),
    make=make,
    paper="Daniel & Tamar 2021, https://arxiv.org/abs/2012.13253",
    game=Game(
        real="KL(x)",
        fake="KL(x_p)",
        shown=("KL(x)", "KL(x_r)", "KL(x_p)"),
        remedy="a smaller loss.beta_neg, whose soft margin is 2 to 4 times the KL(x) at which the warm-up ends",
    ),
)
