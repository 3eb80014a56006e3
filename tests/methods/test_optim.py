import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from genmodels.methods import optim, replicas, wae_gan
from tests.support import tiny


def test_adam_against_its_formulas():
    """Kingma & Ba 2015, algorithm 1, with the learning rate falling by `decay` over `steps`."""
    rng = np.random.default_rng(0)
    b1, b2, rate, decay, steps = 0.5, 0.999, 1e-2, 100.0, 8
    optimiser = optim.adam(rate, b1, b2, decay, steps)
    params = {"w": jnp.float32(rng.normal(size=(3, 2)))}
    state = optimiser.init(params)
    expected, m, v = np.float64(params["w"]), 0.0, 0.0
    for t in range(steps):
        g = rng.normal(size=(3, 2))
        params, state, _ = optim.update(optimiser, "player", {"w": jnp.float32(g)}, state, params)
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
        unbiased = m / (1 - b1 ** (t + 1)), v / (1 - b2 ** (t + 1))
        expected -= rate * decay ** (-t / steps) * unbiased[0] / (np.sqrt(unbiased[1]) + 1e-8)
        np.testing.assert_allclose(params["w"], expected, atol=1e-6)


@pytest.mark.parametrize(("decay", "last"), [(100.0, 1e-5), (1.0, 1e-3)])
def test_rate_falls_smoothly_by_its_factor(decay, last):
    """Under a constant gradient each of Adam's steps is as long as its learning rate."""
    optimiser = optim.adam(1e-3, 0.5, 0.999, decay, 50)
    params = {"w": jnp.zeros(())}
    state, rates = optimiser.init(params), []
    for _ in range(51):
        change, state = optimiser.update({"w": jnp.float32(1)}, state, params)
        rates.append(-float(change["w"]))
    assert rates[0] == pytest.approx(1e-3, rel=1e-4)
    assert rates[50] == pytest.approx(last, rel=1e-4)
    np.testing.assert_allclose(np.diff(np.log(rates)), np.log(last / 1e-3) / 50, atol=1e-4)


@pytest.mark.parametrize("warmup", [0, 30])
def test_rates_after_a_wae_s_warm_up_fall_over_the_steps_that_are_left(warmup):
    rates = {"optim.learning_rate": 1e-3, "optim.critic_learning_rate": 1e-3, "optim.decay": 100.0}
    config = tiny.config("wae_gan", **rates | {"train.steps": 50, "loss.warmup_steps": warmup})
    gan = wae_gan.build(config, replicas.Replicas())
    for optimiser in (gan.wae.autoencoder.optimiser, gan.critic_optimiser):
        params = {"w": jnp.zeros(())}
        state, change = optimiser.init(params), {}
        for _ in range(50 - warmup + 1):
            change, state = optimiser.update({"w": jnp.float32(1)}, state, params)
        assert -float(change["w"]) == pytest.approx(1e-5, rel=1e-4)


def test_norms_are_those_of_gradient_parameters_and_update():
    params = {"a": jnp.array([3.0]), "b": {"c": jnp.array([[4.0]])}}
    gradient = {"a": jnp.array([6.0]), "b": {"c": jnp.array([[8.0]])}}
    optimiser = optax.sgd(0.5)
    moved, _, norms = optim.update(optimiser, "critic", gradient, optimiser.init(params), params)
    assert norms == {"norm/gradient_critic": 10, "norm/parameters_critic": 5, "norm/update_critic": 5}
    assert moved == {"a": 0, "b": {"c": 0}}


def test_average_follows_the_two_nets_only():
    params = {name: {"w": jnp.array([value])} for name, value in (("encoder", 1.0), ("decoder", 2.0), ("critic", 3.0))}
    ema = optim.start_average(params, 0.9)
    assert sorted(ema) == ["decoder", "encoder"]
    later = jax.tree.map(lambda x: x + 1, params)
    for _ in range(3):
        ema = optim.average(ema, later, 0.9)
    expected = {"encoder": {"w": 1 + (1 - 0.9**3)}, "decoder": {"w": 2 + (1 - 0.9**3)}}
    assert jax.tree.map(lambda x: float(x[0]), ema) == jax.tree.map(lambda x: pytest.approx(x, rel=1e-6), expected)


def test_average_can_be_off():
    params = {"encoder": {"w": jnp.ones(1)}, "decoder": {"w": jnp.ones(1)}}
    assert optim.start_average(params, 0.0) == {}
    assert optim.average({}, params, 0.0) == {}
