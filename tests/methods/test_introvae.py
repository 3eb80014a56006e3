import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genmodels.methods import introvae
from genmodels.methods.replicas import Replicas
from genmodels.nets.codec import Codec
from tests.support import reference, tiny

encoder, decoder = map(reference.in_training, tiny.nets("introvae"))

FAULTS = (
    # of the encoder's turn
    "encoder not stopped at the fakes",
    "alpha scales one hinge only",
    "KL summed over the batch",
    "square root of the cost",
    "error without its half",
    # of the decoder's
    "x_p detached for the decoder",
    "no reconstruction for the decoder",
    "decoder answers the old encoder",
    "z drawn again from the new encoder",
    "one Adam for both",
)


def posterior(phi, x):
    features = encoder(phi, x)
    return features[:, : tiny.LATENT], jnp.clip(features[:, tiny.LATENT :], -10, 10)


def divergence(phi, x):
    mean, logvar = posterior(phi, x)
    return 0.5 * jnp.sum(jnp.square(mean) + jnp.exp(logvar) - 1 - logvar, 1)


class Game:
    """The losses from their formulas; x_r and x_p share batches in both nets, as genmodels.methods.introvae says."""

    def __init__(self, run, pictures, key, fault=None):
        posterior_key, prior_key = jax.random.split(key)
        self.loss, self.fault = run.config.loss, fault
        self.x = jnp.asarray(pictures / np.float32(255))
        self.noise = Replicas().normal(posterior_key, (tiny.BATCH, tiny.LATENT))
        self.prior = Replicas().normal(prior_key, (tiny.BATCH, tiny.LATENT))

    def code(self, phi):
        mean, logvar = posterior(phi, self.x)
        return mean + jnp.exp(logvar / 2) * self.noise

    def mean(self, kl):
        return kl.sum() if self.fault == "KL summed over the batch" else kl.mean()

    def error(self, x_r):
        error = jnp.sum(jnp.square(self.x - x_r), (1, 2, 3))
        error = jnp.sqrt(error) if self.fault == "square root of the cost" else error
        return error.mean() if self.fault == "error without its half" else error.mean() / 2

    def encoder_loss(self, phi, theta):
        fakes = decoder(theta, jnp.concatenate([self.code(phi), self.prior]))
        seen = fakes if self.fault == "encoder not stopped at the fakes" else jax.lax.stop_gradient(fakes)
        kl = divergence(phi, seen)
        kl_r, kl_p = kl[: tiny.BATCH], kl[tiny.BATCH :]
        hinge_r, hinge_p = (jnp.maximum(0, self.loss.margin - self.mean(kl)) for kl in (kl_r, kl_p))
        alpha_p = 1 if self.fault == "alpha scales one hinge only" else self.loss.alpha
        adversarial = self.loss.alpha * hinge_r + alpha_p * hinge_p
        return self.mean(divergence(phi, self.x)) + adversarial + self.loss.beta * self.error(fakes[: tiny.BATCH])

    def decoder_loss(self, theta, phi, z):
        fakes = decoder(theta, jnp.concatenate([z, self.prior]))
        x_r, x_p = fakes[: tiny.BATCH], fakes[tiny.BATCH :]
        if self.fault == "x_p detached for the decoder":
            x_p = jax.lax.stop_gradient(x_p)
        kl = divergence(phi, jnp.concatenate([x_r, x_p]))
        adversarial = self.loss.alpha * (self.mean(kl[: tiny.BATCH]) + self.mean(kl[tiny.BATCH :]))
        beta = 0 if self.fault == "no reconstruction for the decoder" else self.loss.beta
        return adversarial + beta * self.error(x_r)


def expected_step(run, state, pictures, key, fault=None):
    """Both losses and the new parameters."""
    game = Game(run, pictures, key, fault)
    phi, theta = state.params["encoder"], state.params["decoder"]
    adam = reference.adam(run.config, run.config.optim.learning_rate)

    loss_e, gradient = jax.value_and_grad(game.encoder_loss)(phi, theta)
    z = game.code(phi)
    if fault == "one Adam for both":
        return loss_e, *shared_adam(game, state, adam, gradient, z)
    new_phi, _ = reference.moved(adam, gradient, state.optimisers["encoder"], phi)
    if fault == "z drawn again from the new encoder":
        z = game.code(new_phi)
    judge = phi if fault == "decoder answers the old encoder" else new_phi
    loss_g, gradient = jax.value_and_grad(game.decoder_loss)(theta, judge, z)
    new_theta, _ = reference.moved(adam, gradient, state.optimisers["decoder"], theta)
    return loss_e, loss_g, {"encoder": new_phi, "decoder": new_theta}


def shared_adam(game, state, adam, gradient, z):
    """The decoder's loss and all parameters when one optimiser holds both nets and moves both at each turn."""
    (of_phi, rate), (of_theta, _) = state.optimisers["encoder"], state.optimisers["decoder"]
    mu = {"encoder": of_phi.mu, "decoder": of_theta.mu}
    nu = {"encoder": of_phi.nu, "decoder": of_theta.nu}
    moments = (of_phi._replace(mu=mu, nu=nu), rate)
    nothing = jax.tree.map(jnp.zeros_like, state.params)
    params, moments = reference.moved(adam, nothing | {"encoder": gradient}, moments, state.params)
    loss_g, gradient = jax.value_and_grad(game.decoder_loss)(params["decoder"], params["encoder"], z)
    return loss_g, reference.moved(adam, nothing | {"decoder": gradient}, moments, params)[0]


@pytest.fixture(scope="module")
def step():
    return tiny.one_step("introvae", "game")


def test_step_is_that_of_the_formulas(step):
    loss_e, loss_g, params = expected_step(step.run, step.before, tiny.pictures(), step.key)
    assert step.metrics["L_E"] == pytest.approx(float(loss_e), rel=1e-5)
    assert step.metrics["L_G"] == pytest.approx(float(loss_g), rel=1e-5)
    assert reference.gap(step.before.params, step.after.params, params) < 1e-4
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), step.after.params, params)


def gap_of(fault):
    """How far the step is from the formulas with a fault, by an Adam that makes much of little."""
    step = tiny.one_step("introvae", "game", fresh=True)
    *_, params = expected_step(step.run, step.before, tiny.pictures(), step.key, fault)
    return reference.gap(step.before.params, step.after.params, params)


@pytest.mark.parametrize("fault", FAULTS)
def test_no_wrong_version_gives_this_step(fault):
    assert gap_of(fault) > 0.2


def test_only_the_right_version_does():
    assert gap_of(None) < 0.05


def test_each_player_moves_by_its_own_loss_only(step):
    game = step.run.steps["game"]
    still, _ = game(reference.frozen(step.before, "decoder"), tiny.pictures(), step.key)
    assert reference.equal(still.params["decoder"], step.before.params["decoder"])
    assert reference.equal(still.params["encoder"], step.after.params["encoder"])

    still, _ = game(reference.frozen(step.before, "encoder"), tiny.pictures(), step.key)
    assert reference.equal(still.params["encoder"], step.before.params["encoder"])
    *_, seen = expected_step(step.run, step.before, tiny.pictures(), step.key, "decoder answers the old encoder")
    assert reference.gap(step.before.params, still.params, {"decoder": seen["decoder"]}) < 1e-4


def test_average_of_the_weights(step):
    expected = jax.tree.map(lambda old, new: 0.9 * old + 0.1 * new, step.before.ema, step.after.params)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), step.after.ema, expected)
    assert step.after.generating is step.after.ema


def test_warm_up_is_a_vae_that_moves_both():
    step = tiny.one_step("introvae", "VAE warm-up")
    config, x = step.run.config, jnp.asarray(tiny.pictures() / np.float32(255))
    noise = Replicas().normal(step.key, (tiny.BATCH, tiny.LATENT))

    def loss(params):
        mean, logvar = posterior(params["encoder"], x)
        x_r = decoder(params["decoder"], mean + jnp.exp(logvar / 2) * noise)
        return divergence(params["encoder"], x).mean() + config.loss.beta * jnp.sum((x - x_r) ** 2) / tiny.BATCH / 2

    value, gradient = jax.value_and_grad(loss)(step.before.params)
    assert step.metrics["loss"] == pytest.approx(float(value), rel=1e-5)
    for player in ("encoder", "decoder"):
        moments, params = step.before.optimisers[player], step.before.params[player]
        adam = reference.adam(config, config.optim.learning_rate)
        expected, _ = reference.moved(adam, gradient[player], moments, params)
        assert reference.gap(step.before.params, step.after.params, {player: expected}) < 1e-4


@pytest.mark.parametrize("per_picture", [False, True])
def test_hinge_of_the_batch_s_mean_or_of_each_picture(step, per_picture):
    phi, theta = step.before.params["encoder"], step.before.params["decoder"]
    as_seen = Game(step.run, tiny.pictures(), step.key)
    fakes = decoder(theta, jnp.concatenate([as_seen.code(phi), as_seen.prior]))
    kl, kl_fakes = np.asarray(divergence(phi, as_seen.x)), np.asarray(divergence(phi, fakes)).reshape(2, -1)
    margin = float(kl_fakes.mean(1).max() + kl_fakes.max()) / 2  # beyond both means, yet not beyond every picture
    shortfall = np.clip(margin - (kl_fakes if per_picture else kl_fakes.mean(1)), 0, None)
    hinges = shortfall.mean(1).sum() if per_picture else shortfall.sum()

    game = introvae.Game(margin, alpha=0.25, beta=1.0, hinge_per_picture=per_picture, warmup_steps=0)
    codec = Codec(*tiny.nets("introvae"), tiny.SIZE, tiny.LATENT)
    model = introvae.IntroVAE(codec, {}, Replicas(), 0.0, game)
    loss, _ = jax.jit(model.encoder_loss)(phi, theta, as_seen.x, as_seen.noise, as_seen.prior, margin)
    expected = kl.mean() + 0.25 * hinges + float(as_seen.error(fakes[: tiny.BATCH]))
    assert loss == pytest.approx(expected, rel=1e-4)
    assert hinges > 1e-2 * expected


def test_learns_eight_pictures_by_heart_with_its_game_alive():
    metrics = tiny.fitted("introvae")[1][-1]
    assert 2 * metrics["L_AE"] < 0.7 * tiny.spread(tiny.pictures())
    assert 1 < metrics["KL(x)"] < 30
    assert 1 < metrics["KL(x_p)"] < 30
    assert 1 < metrics["KL(x_r)"] < 30
