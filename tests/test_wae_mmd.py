import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genmodels.nets import dcgan
from genmodels.parallel import Replicas
from tests import reference, tiny

encoder = reference.in_training(dcgan.Encoder(tiny.LATENT, tiny.CHANNELS["wae_mmd"]))
decoder = reference.in_training(dcgan.Decoder(tiny.SIZE, tiny.CHANNELS["wae_mmd"][::-1]))

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


def rbf(q, p):
    """The kernel whose variance is the median rule's for these codes."""

    def of_numpy(a, b):
        return np.square(np.asarray(a)[:, None] - np.asarray(b)[None]).sum(-1)

    pairs = np.triu_indices(len(q), 1)
    variance = np.median(of_numpy(*map(jax.lax.stop_gradient, (q, p)))) + np.median(of_numpy(q, q)[pairs])
    return lambda a, b: jnp.exp(-jnp.sum(jnp.square(a[:, None] - b[None]), -1) / (2 * variance))


def mmd(q, p, kernel, fault=None):
    n = len(q)
    if fault == "MMD per device":
        return (mmd(q[: n // 2], p[: n // 2], kernel) + mmd(q[n // 2 :], p[n // 2 :], kernel)) / 2
    others = jnp.ones((n, n)) if fault == "biased MMD" else 1 - jnp.eye(n)
    within = jnp.sum(others * (kernel(q, q) + kernel(p, p))) / others.sum()
    return within - 2 * kernel(q, p).mean()


def expected_step(run, state, pictures, key, fault=None):
    """Loss and new parameters for c + 100 MMD, c = .05 * 64^2 / size^2 * SSE on [-1, 1], averaged over the batch."""
    input_key, prior_key = jax.random.split(key)
    x = 2 * jnp.asarray(pictures / np.float32(255)) - 1
    sigma = 0 if fault == "no noise" else 0.01
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
    print(reference.gap(step.before.params, step.after.params, params))
    assert reference.gap(step.before.params, step.after.params, params) < 1e-4
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), step.after.params, params)


@pytest.mark.parametrize("fault", FAULTS)
def test_no_wrong_version_gives_this_step(step, fault):
    _, params = expected_step(step.run, step.before, tiny.pictures(), step.key, fault)
    gap = reference.gap(step.before.params, step.after.params, params)
    print(fault, gap)
    assert gap > 0.02
