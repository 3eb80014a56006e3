"""Improved sampling: the descent on codes, step by step."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from genmodels import methods, sampling
from genmodels.methods import fixed_point
from genmodels.sampling import improved
from tests.support import tiny

RATE = 0.02


@pytest.fixture(scope="module")
def wae():
    """A WAE trained on eight images, its weights calibrated on those, and prior codes."""
    run, (state, _) = tiny.run("wae_mmd"), tiny.fitted("wae_mmd")
    statistics = run.method.phases[-1].statistics(state.generating, tiny.images(), jax.random.key(0))
    weights = {net: {"params": params, "batch_stats": statistics[net]} for net, params in state.generating.items()}
    return run.method, weights, jax.random.normal(jax.random.key(1), (6, tiny.LATENT))


def errors(method, weights, codes):
    signed = 2 * method.decode(weights, codes) - 1
    again = 2 * method.decode(weights, method.encode(weights, (signed + 1) / 2)) - 1
    return fixed_point.error(signed, again)


def by_hand(method, weights, codes, max_steps, check_every, tolerance):
    """The descent as a plain loop on the host."""
    adam = optax.adam(RATE)
    moments, last = adam.init(codes), None
    slope = jax.jit(jax.value_and_grad(lambda z: errors(method, weights, z).sum()))
    for step in range(max_steps):
        loss, gradient = slope(codes)
        if step % check_every == 0:
            if last is not None and abs(loss - last) / last < tolerance:
                return codes, step
            last = loss
        change, moments = adam.update(gradient, moments)
        codes = optax.apply_updates(codes, change)
    return codes, max_steps


@pytest.mark.parametrize("tolerance", [0.0, 0.5, 0.9])
def test_descent_is_the_one_of_a_plain_loop(wae, monkeypatch, tolerance):
    """It runs to the end, stops at a later check, or stops at the first one."""
    monkeypatch.setattr(improved, "MAX_STEPS", 30)
    monkeypatch.setattr(improved, "CHECK_EVERY", 10)
    monkeypatch.setattr(improved, "TOLERANCE", tolerance)
    codes, steps = by_hand(*wae, 30, 10, tolerance)
    refined = sampling.refine(*wae, RATE)
    assert refined.steps == steps
    np.testing.assert_allclose(refined.codes, codes, atol=1e-3)
    np.testing.assert_allclose(refined.before, errors(*wae), rtol=1e-4)
    np.testing.assert_allclose(refined.after, errors(wae[0], wae[1], codes), rtol=1e-2)


def test_descent_lowers_the_error_and_leaves_the_nets(wae):
    refined = sampling.refine(*wae, RATE)
    assert refined.after.sum() < 0.7 * refined.before.sum()
    assert 0 < jnp.abs(refined.codes - wae[2]).max() < improved.MAX_STEPS * RATE


def test_any_method_can_be_refined(wae):
    run = tiny.run("introvae")
    params = run.start.generating
    statistics = run.method.phases[0].statistics(params, tiny.images(), jax.random.key(0))
    weights = {net: {"params": params[net], "batch_stats": statistics[net]} for net in params}
    assert isinstance(run.method, methods.Method)
    refined = sampling.refine(run.method, weights, wae[2][:2], RATE)
    assert np.isfinite(refined.after).all()
