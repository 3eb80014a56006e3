import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genmodels import methods
from genmodels.methods import wae, wae_mmd
from genmodels.methods.replicas import Replicas
from tests.support import reference, tiny

encoder, decoder = map(reference.in_training, tiny.nets("wae_mmd"))

FAULTS = (
    "MMD per device",
    "biased MMD",
    "kernel blind to the dimension",
    "mean over pixels",
    "weight of 64 px",
    "square root of the cost",
    "noise in the target",
    "no noise",
)


def imq(a, b, dim=tiny.LATENT):
    distances = jnp.sum(jnp.square(a[:, None] - b[None]), -1)
    scales = [s * 2 * dim for s in (0.1, 0.2, 0.5, 1, 2, 5, 10)]
    return sum(c / (c + distances) for c in scales)


def mmd(q, p, kernel, fault=None):
    n = len(q)
    if fault == "MMD per device":
        return (mmd(q[: n // 2], p[: n // 2], kernel) + mmd(q[n // 2 :], p[n // 2 :], kernel)) / 2
    others = jnp.ones((n, n)) if fault == "biased MMD" else 1 - jnp.eye(n)
    within = jnp.sum(others * (kernel(q, q) + kernel(p, p))) / others.sum()
    return within - 2 * kernel(q, p).mean()


def expected_step(run, state, pictures, key, fault=None):
    """Loss and new parameters for c + 100 MMD, c = .05 * 64^2 / size^2 * SSE on [-1, 1], averaged over the batch."""
    input_key, prior_key, _ = jax.random.split(key, 3)
    x = 2 * jnp.asarray(pictures / np.float32(255)) - 1
    sigma = 0 if fault == "no noise" else run.config.loss.input_noise
    noisy = x + sigma * Replicas().truncated_normal(input_key, x.shape)
    target = noisy if fault == "noise in the target" else x
    prior = Replicas().normal(prior_key, (tiny.BATCH, tiny.LATENT))
    weight = 0.05 if fault == "weight of 64 px" else 0.05 * 64**2 / tiny.SIZE**2

    def loss(params):
        z = encoder(params["encoder"], noisy)
        squares = jnp.square(target - decoder(params["decoder"], z))
        error = jnp.mean(squares, (1, 2, 3)) if fault == "mean over pixels" else jnp.sum(squares, (1, 2, 3))
        error = jnp.sqrt(error) if fault == "square root of the cost" else error
        kernel = (lambda a, b: imq(a, b, 1)) if fault == "kernel blind to the dimension" else imq
        return weight * error.mean() + 100 * mmd(z, prior, kernel, fault)

    value, gradient = jax.value_and_grad(loss)(state.params)
    optimiser = reference.adam(run.config, run.config.optim.learning_rate)
    return value, reference.moved(optimiser, gradient, state.optimisers["autoencoder"], state.params)[0]


@pytest.fixture(scope="module")
def step():
    return tiny.one_step("wae_mmd", "training")


def test_step_is_that_of_the_formulas(step):
    value, params = expected_step(step.run, step.before, tiny.pictures(), step.key)
    assert step.metrics["loss"] == pytest.approx(float(value), rel=1e-5)
    assert reference.gap(step.before.params, step.after.params, params) < 1e-4
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), step.after.params, params)


def gap_of(fault):
    """How far the step is from the formulas with a fault, by an Adam that makes much of little."""
    step = tiny.one_step("wae_mmd", "training", fresh=True)
    *_, params = expected_step(step.run, step.before, tiny.pictures(), step.key, fault)
    return reference.gap(step.before.params, step.after.params, params)


@pytest.mark.parametrize("fault", FAULTS)
def test_no_wrong_version_gives_this_step(fault):
    assert gap_of(fault) > 0.2


def test_only_the_right_version_does():
    assert gap_of(None) < 0.05


def test_the_kernel_of_the_config_compares_the_codes(monkeypatch):
    seen = []
    monkeypatch.setattr(wae_mmd, "mmd", lambda q, p, kernel: seen.append((q.shape, p.shape, kernel)) or jnp.zeros(()))
    method = methods.make(tiny.config("wae_mmd", **{"loss.kernel": "rbf"}))
    jax.eval_shape(method.phases[-1].step, tiny.run("wae_mmd").start, tiny.pictures(), jax.random.key(0))
    assert seen == [((tiny.BATCH, tiny.LATENT), (tiny.BATCH, tiny.LATENT), "rbf")]


def test_learns_eight_pictures_by_heart():
    metrics = tiny.fitted("wae_mmd")[1][-1]
    cost_of_mean = 0.05 * 64**2 / tiny.SIZE**2 * 4 * tiny.spread(tiny.pictures())  # [-1, 1] is twice as wide as [0, 1]
    assert metrics["c(x,G(z))"] < 0.4 * cost_of_mean


def test_cost_weight_keeps_the_balance_of_64_px():
    assert wae.cost_weight(0.05, 64) == 0.05
    assert wae.cost_weight(0.05, 128) == 0.0125


def test_moment_distance_against_numpy():
    rng = np.random.default_rng(0)
    q, p = rng.normal(size=(2, 30, 4)) * [[[2]], [[1]]]
    means = np.mean((q.mean(0) - p.mean(0)) ** 2)
    expected = means + np.mean((np.cov(q, rowvar=False) - np.cov(p, rowvar=False)) ** 2)
    assert wae.moment_distance(jnp.float32(q), jnp.float32(p)) == pytest.approx(expected, rel=1e-5)


def test_warm_up_moves_the_encoder_only():
    step = tiny.one_step("wae_mmd", "encoder warm-up")
    x = 2 * jnp.asarray(tiny.pictures() / np.float32(255)) - 1
    prior = Replicas().normal(step.key, (tiny.BATCH, tiny.LATENT))
    old = step.before.params["encoder"]
    value, gradient = jax.value_and_grad(lambda params: wae.moment_distance(encoder(params, x), prior))(old)
    optimiser = reference.adam(step.run.config, step.run.config.optim.learning_rate)
    new, _ = reference.moved(optimiser, gradient, step.before.optimisers["encoder_warmup"], old)
    assert step.metrics["loss"] == pytest.approx(float(value), rel=1e-5)
    assert reference.gap(step.before.params, step.after.params, {"encoder": new}) < 1e-4
    assert reference.equal(step.before.params["decoder"], step.after.params["decoder"])
    expected = jax.tree.map(lambda old, new: 0.9 * old + 0.1 * new, step.before.ema, step.after.params)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), step.after.ema, expected)
    assert reference.equal(step.before.optimisers["autoencoder"], step.after.optimisers["autoencoder"])


def test_warm_up_stands_still_once_the_moments_are_near_enough():
    """On the same noise over and over the distance falls below 0.1, and from then on the encoder stays as it is."""
    run, key = tiny.run("wae_mmd"), jax.random.key(0)
    state, near = run.start, 0
    for _ in range(150):
        after, metrics = run.steps["encoder warm-up"](state, tiny.pictures(), key)
        still = reference.equal(after.params["encoder"], state.params["encoder"])
        assert still == (metrics["loss"] < 0.1)
        near += still
        state = after
        if near == 3:
            break
    assert near == 3
