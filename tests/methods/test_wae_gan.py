import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genmodels.methods.replicas import Replicas
from tests.support import reference, tiny

encoder, decoder = map(reference.in_training, tiny.nets("wae_gan"))

FAULTS = (
    "logits broadcast to [N, N]",
    "no log prior",
    "critic sees the old encoder",
    "critic moves first",
    "missing 1-",
    "saturating loss",
    "mean over pixels",
)


def logits(params, z, fault):
    """A dense net written out, plus log N(z; 0, I): [N, 1]."""
    layers = [params["params"][f"Dense_{i}"] for i in range(5)]
    h = z
    for i, layer in enumerate(layers):
        h = h @ layer["kernel"] + layer["bias"][None]
        h = jnp.maximum(h, 0) if i < 4 else h
    log_prior = -0.5 * jnp.sum(jnp.square(z), 1) - 0.5 * tiny.LATENT * np.log(2 * np.pi)
    if fault == "no log prior":
        return h
    return h + (log_prior[None] if fault == "logits broadcast to [N, N]" else log_prior[:, None])


def expected_step(run, state, pictures, key, fault=None):
    """Both losses and all new parameters: autoencoder on c - log D(z), then critic on the updated encoder's codes."""
    input_key, prior_key, _ = jax.random.split(key, 3)
    x = 2 * jnp.asarray(pictures / np.float32(255)) - 1
    noisy = x + 0.01 * Replicas().truncated_normal(input_key, x.shape)
    prior = Replicas().normal(prior_key, (tiny.BATCH, tiny.LATENT))

    def autoencoder_loss(params, critic):
        z = encoder(params["encoder"], noisy)
        squares = jnp.square(x - decoder(params["decoder"], z))
        error = jnp.mean(squares, (1, 2, 3)) if fault == "mean over pixels" else jnp.sum(squares, (1, 2, 3))
        d = jax.nn.sigmoid(logits(critic, z, fault))
        fooling = jnp.log(1 - d) if fault == "saturating loss" else -jnp.log(d)
        return 0.05 * 64**2 / tiny.SIZE**2 * error.mean() + fooling.mean()

    def critic_loss(critic, autoencoder):
        z = encoder(autoencoder["encoder"], noisy)
        of_prior, of_codes = (jax.nn.sigmoid(logits(critic, codes, fault)) for codes in (prior, z))
        fake = of_codes if fault == "missing 1-" else 1 - of_codes
        return -jnp.mean(jnp.log(of_prior)) - jnp.mean(jnp.log(fake))

    def move_critic(autoencoder):
        value, gradient = jax.value_and_grad(critic_loss)(old["critic"], autoencoder)
        optimiser = reference.adam(run.config, run.config.optim.critic_learning_rate)
        return value, reference.moved(optimiser, gradient, state.optimisers["critic"], old["critic"])[0]

    def move_autoencoder(critic):
        value, gradient = jax.value_and_grad(autoencoder_loss)(pair, critic)
        optimiser = reference.adam(run.config, run.config.optim.learning_rate)
        return value, reference.moved(optimiser, gradient, state.optimisers["autoencoder"], pair)[0]

    old = state.params
    pair = {name: old[name] for name in ("encoder", "decoder")}
    if fault == "critic moves first":
        critic_value, critic = move_critic(pair)
        value, pair = move_autoencoder(critic)
    else:
        value, moved = move_autoencoder(old["critic"])
        critic_value, critic = move_critic(pair if fault == "critic sees the old encoder" else moved)
        pair = moved
    return value, critic_value, pair | {"critic": critic}


@pytest.fixture(scope="module")
def step():
    return tiny.one_step("wae_gan", "training")


def test_step_is_that_of_the_formulas(step):
    value, critic_value, params = expected_step(step.run, step.before, tiny.pictures(), step.key)
    assert step.metrics["loss"] == pytest.approx(float(value), rel=1e-5)
    assert step.metrics["L_D"] == pytest.approx(float(critic_value), rel=1e-5)
    assert reference.gap(step.before.params, step.after.params, params) < 1e-4
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), step.after.params, params)


def gap_of(fault):
    """How far the step is from the formulas with a fault, by an Adam that makes much of little."""
    step = tiny.one_step("wae_gan", "training", fresh=True)
    *_, params = expected_step(step.run, step.before, tiny.pictures(), step.key, fault)
    return reference.gap(step.before.params, step.after.params, params)


@pytest.mark.parametrize("fault", FAULTS)
def test_no_wrong_version_gives_this_step(fault):
    assert gap_of(fault) > 0.2


def test_only_the_right_version_does():
    assert gap_of(None) < 0.05


def test_each_player_moves_by_its_own_loss_only(step):
    nets = ("encoder", "decoder")
    still, _ = step.run.steps["training"](reference.frozen(step.before, "critic"), tiny.pictures(), step.key)
    assert reference.equal(still.params["critic"], step.before.params["critic"])
    assert reference.equal([still.params[n] for n in nets], [step.after.params[n] for n in nets])

    still, _ = step.run.steps["training"](reference.frozen(step.before, "autoencoder"), tiny.pictures(), step.key)
    assert reference.equal([still.params[n] for n in nets], [step.before.params[n] for n in nets])
    *_, seen = expected_step(step.run, step.before, tiny.pictures(), step.key, "critic sees the old encoder")
    assert reference.gap(step.before.params, still.params, {"critic": seen["critic"]}) < 1e-4


def test_average_of_the_weights_leaves_the_critic_out(step):
    assert sorted(step.after.ema) == ["decoder", "encoder"]
    expected = jax.tree.map(
        lambda old, new: 0.9 * old + 0.1 * new, step.before.ema, {n: step.after.params[n] for n in step.after.ema}
    )
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), step.after.ema, expected)
    assert step.after.generating is step.after.ema
    assert reference.equal(step.run.start.ema, {n: step.run.start.params[n] for n in ("encoder", "decoder")})


def test_critic_accuracy_is_the_share_of_right_guesses(step):
    assert (16 * step.metrics["critic accuracy"]) % 1 == 0  # of eight codes and eight draws
    assert 0 <= step.metrics["critic accuracy"] <= 1


def test_learns_eight_pictures_by_heart():
    metrics = tiny.fitted("wae_gan")[1][-1]
    cost_of_mean = 0.05 * 64**2 / tiny.SIZE**2 * 4 * tiny.spread(tiny.pictures())  # [-1, 1] is twice as wide as [0, 1]
    assert metrics["c(x,G(z))"] < 0.4 * cost_of_mean
    assert metrics["L_D"] > 0.5  # the critic has not won
