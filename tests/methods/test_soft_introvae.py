"""Soft-IntroVAE's losses against numpy, its phases' equal scale, and what is said of beta_neg."""

import math
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genmodels import methods, training
from genmodels.methods import introspection, soft_introvae
from genmodels.methods.introspection import Players
from genmodels.methods.replicas import Replicas
from genmodels.methods.soft_introvae import SoftIntroVAE
from tests.support import tiny, tiny_runs

S, REC, KL, NEG, GAMMA = 0.01, 3.0, 0.5, 20.0, 0.7
PHI, THETA = np.float32([[0.5, -1.0], [2.0, 0.3]]), np.float32([[1.0, 0.4], [-0.6, 0.8]])
CODEC = SimpleNamespace(  # images of 1x2 pixels in one channel, codes of two numbers with log variances of -1
    latent=2,
    encode=lambda phi, x: jnp.concatenate([x[:, 0, :, 0] @ phi, jnp.full((len(x), 2), -1.0)], 1),
    decode=lambda theta, z: jnp.tanh(z @ theta)[:, None, :, None],
)
METHOD = SoftIntroVAE(Players(CODEC, {}, Replicas(), 0.0), S, REC, KL, NEG, GAMMA)
RNG = np.random.default_rng(0)
X = np.float32(RNG.uniform(size=(3, 1, 2, 1)))
NOISE, PRIOR, FAKE_NOISE = (np.float32(RNG.normal(size=(n, 2))) for n in (3, 3, 6))


def mean(x):
    return x[:, 0, :, 0] @ PHI


def code(x, noise):
    return mean(x) + math.exp(-0.5) * noise


def decode(z):
    return np.tanh(z @ THETA)[:, None, :, None]


def kl(x):
    """Per image, term by term: the variances are 1 / e."""
    return np.array([sum(0.5 * (m**2 + math.exp(-1) - 1 + 1) for m in each) for each in mean(x)])


def error(x, y):
    return np.array([sum((a - b) ** 2 for a, b in zip(u.flat, v.flat, strict=True)) for u, v in zip(x, y, strict=True)])


X_R, X_P = decode(code(X, NOISE)), decode(PRIOR)
X_RR, X_PR = decode(code(X_R, FAKE_NOISE[:3])), decode(code(X_P, FAKE_NOISE[3:]))


def test_encoder_loss_against_numpy():
    found, (z, terms) = METHOD.encoder_loss(PHI, THETA, X, NOISE, PRIOR, FAKE_NOISE)
    exp_r = np.mean([math.exp(-2 * S * (REC * e + NEG * k)) for e, k in zip(error(X_R, X_RR), kl(X_R), strict=True)])
    exp_p = np.mean([math.exp(-2 * S * (REC * e + NEG * k)) for e, k in zip(error(X_P, X_PR), kl(X_P), strict=True)])
    expected = S * (REC * error(X, X_R).mean() + KL * kl(X).mean()) + 0.25 * exp_r + 0.25 * exp_p
    assert found == pytest.approx(expected, rel=1e-5)
    np.testing.assert_allclose(z, code(X, NOISE), rtol=1e-5)
    assert {name: float(value) for name, value in terms.items()} == pytest.approx(
        {
            "L_E": expected,
            "L_AE": error(X, X_R).mean() / 2,
            "KL(x)": kl(X).mean(),
            "KL(x_r)": kl(X_R).mean(),
            "KL(x_p)": kl(X_P).mean(),
            "exp(x_r)": exp_r,
            "exp(x_p)": exp_p,
        },
        rel=1e-5,
    )


def test_decoder_loss_against_numpy():
    found, terms = METHOD.decoder_loss(THETA, PHI, code(X, NOISE), X, PRIOR, FAKE_NOISE)
    of_fakes = KL / 2 * (kl(X_R).mean() + kl(X_P).mean())
    own = GAMMA * REC / 2 * (error(X_R, X_RR).mean() + error(X_P, X_PR).mean())
    expected = S * (REC * error(X, X_R).mean() + of_fakes + own)
    assert found == pytest.approx(expected, rel=1e-5)
    assert terms == {"L_D": found}


def test_without_gamma_fakes_are_not_decoded_again():
    def passes(gamma_r):
        decoded = []
        codec = SimpleNamespace(**vars(CODEC) | {"decode": lambda *args: decoded.append(0) or CODEC.decode(*args)})
        method = METHOD._replace(players=METHOD.players._replace(codec=codec), gamma_r=gamma_r)
        method.decoder_loss(THETA, PHI, code(X, NOISE), X, PRIOR, FAKE_NOISE)
        return len(decoded)

    assert (passes(GAMMA), passes(0.0)) == (2, 1)


def test_gradients_by_finite_differences_with_the_stopped_held():
    """d L_D / d theta, where the targets x_r, x_p and the codes of x_rr and x_pr do not move."""
    codes = np.concatenate([code(X_R, FAKE_NOISE[:3]), code(X_P, FAKE_NOISE[3:])])
    targets = np.concatenate([X_R, X_P])

    def held(theta):
        x_r, x_p = (np.tanh(z @ theta)[:, None, :, None] for z in (code(X, NOISE), PRIOR))
        again = np.tanh(codes @ theta)[:, None, :, None]
        return S * (REC * error(X, x_r).mean() + KL * kl(np.concatenate([x_r, x_p])).mean()) + (
            S * GAMMA * REC * error(targets, again).mean()
        )

    found = jax.grad(lambda t: METHOD.decoder_loss(t, PHI, code(X, NOISE), X, PRIOR, FAKE_NOISE)[0])(jnp.asarray(THETA))
    theta = np.float64(THETA)
    for i in np.ndindex(theta.shape):
        step = np.zeros_like(theta)
        step[i] = 1e-5
        np.testing.assert_allclose(found[i], (held(theta + step) - held(theta - step)) / 2e-5, rtol=1e-3, atol=1e-7)


def test_updates_are_as_long_after_the_change_of_phase_as_before():
    """Unscaled, the warm-up would leave Adam with second moments far too large for the game."""

    this = tiny.run("soft_introvae")
    loss = this.config.loss

    def shortest(warmup):
        """The shortest update of either net in the game's first steps, relative to the last one of the warm-up."""
        state, step = this.start, jax.jit(warmup)
        for i in range(30):
            state, metrics = step(state, tiny.images(), jax.random.key(i))
        _, game = tiny.train(this, state, "game", [tiny.images()] * 60)  # the first moments, too, become the game's own
        norms = ("norm/update_encoder", "norm/update_decoder")
        return min(each[norm] / float(metrics[norm]) for each in game for norm in norms)

    assert shortest(this.method.phases[0].step) > 0.2
    players = introspection.build(this.config, Replicas())
    assert shortest(players.warmup(lambda error, kl: loss.beta_rec * error + loss.beta_kl * kl)) < 0.05


def test_epsilon_of_adam_is_as_small_as_the_gradients():
    players = methods.make(tiny.config("soft_introvae")).decode.__self__
    gradient = {"w": jnp.float32(1e-8 / (3 * tiny.SIZE**2))}
    optimiser = players.optimisers["encoder"]
    change, _ = optimiser.update(gradient, optimiser.init(gradient), gradient)
    assert -change["w"] == pytest.approx(0.01 / 2, rel=1e-3)  # half of the learning rate: epsilon equals the gradient


@pytest.mark.parametrize(
    ("beta_neg", "size", "margin"),
    [(128, 64, 200), (256, 64, 116), (512, 64, 66), (256, 128, 466), (1024, 128, 150), (1470, 128, 110)],
)
def test_soft_margin_is_where_the_slopes_are_equal(beta_neg, size, margin):
    s = 1 / (3 * size**2)
    found = soft_introvae.soft_margin(beta_neg, 1.0, s)
    assert found == pytest.approx(margin, abs=0.6)
    slope = (math.exp(-2 * s * beta_neg * (found + 1e-3)) - math.exp(-2 * s * beta_neg * (found - 1e-3))) / 4 / 2e-3
    assert slope == pytest.approx(-s, rel=1e-4)
    assert soft_introvae.beta_neg_for(found, 1.0, s) == pytest.approx(beta_neg, rel=1e-6)


def test_beta_neg_of_a_margin_that_none_has_is_that_of_the_largest():
    s = 1 / (3 * 64**2)
    best = soft_introvae.beta_neg_for(1e6, 0.5, s)
    assert best == pytest.approx(math.e, rel=1e-5)
    margins = [soft_introvae.soft_margin(b, 0.5, s) for b in (0.9 * best, best, 1.1 * best)]
    assert margins[1] == max(margins)
    assert soft_introvae.soft_margin(1.0, 0.5, s) == 0  # from here on it would be negative
    assert soft_introvae.soft_margin(0.1, 0.5, s) == 0


@pytest.mark.parametrize(
    ("settled", "words"),
    [
        (50.0, "ended at KL(x) = 50.0 nats; beta_neg=256 has its soft margin at 116.4, above it, as it should be"),
        (24.0, "as it should be"),
        (23.0, "far above it: fakes will outweigh real images; try --config.loss.beta_neg=800 in another --workdir"),
        (95.0, "as it should be"),
        (99.0, "which KL(x) will exceed in the game: KL cannot then tell fakes apart; try --config.loss.beta_neg=129"),
    ],
)
def test_advice_on_beta_neg(settled, words):
    method = METHOD._replace(scale=1 / (3 * 64**2), beta_neg=256.0, beta_kl=1.0)
    assert words in soft_introvae.advise_on_beta_neg(method, {"KL(x)": settled})


def test_beta_neg_is_spoken_of_when_the_warm_up_ends(image_folder, tmp_path, capsys):
    fields = {"loss.warmup_steps": 2, "train.steps": 3, "loss.beta_neg": 1e6}
    training.train(tiny_runs.config("soft_introvae", image_folder, **fields), tmp_path / "run")
    lines = capsys.readouterr().out.splitlines()
    told = next(i for i, line in enumerate(lines) if line.startswith("warning: the warm-up ended at KL(x)"))
    assert "beta_neg=1e+06 has its soft margin at 0.0, which KL(x) will exceed" in lines[told]
    assert lines[told - 1].startswith("step 2/3 VAE warm-up")
    assert lines[told + 1].startswith("step 3/3 game")


def test_its_game_is_alive_after_it_has_learnt_eight_images():
    last = tiny.fitted("soft_introvae")[1][-1]
    assert all(1 < last[term] < 60 for term in ("KL(x)", "KL(x_r)", "KL(x_p)"))
    assert all(1e-3 < last[term] < 0.9 for term in ("exp(x_r)", "exp(x_p)"))
