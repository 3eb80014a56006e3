"""bfloat16 nets, and nets that recompute: the same training, less exactly or in less memory."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genmodels.benchmark import plan
from tests.support import reference, tiny

HALF = {"model.dtype": "bfloat16"}
FIRST = {"vae": "training", "introvae": "VAE warm-up"}
LAST = {"vae": "training", "wae_mmd": "training", "wae_gan": "training", "introvae": "game", "soft_introvae": "game"}
TERMS = {
    "vae": ["L_AE", "KL(x)"],
    "wae_mmd": ["c(x,G(z))"],
    "wae_gan": ["c(x,G(z))", "L_D"],
    "introvae": ["L_AE", "KL(x)"],
    "soft_introvae": ["L_AE", "KL(x)"],
}


@pytest.mark.parametrize("name", ["vae", "introvae"])
def test_bfloat16_arithmetic_keeps_parameters_and_losses_in_float32(name):
    phase = FIRST[name]
    wide, narrow = tiny.run(name), tiny.run(name, **{"model.dtype": "bfloat16"})
    state, metrics = narrow.steps[phase](wide.start, tiny.images(), jax.random.key(5))
    _, expected = wide.steps[phase](wide.start, tiny.images(), jax.random.key(5))
    for leaf in jax.tree.leaves((state.params, state.optimisers, metrics)):
        assert leaf.dtype in (jnp.float32, jnp.int32)
        assert np.isfinite(leaf).all()
    assert metrics["L_AE"] == pytest.approx(float(expected["L_AE"]), rel=0.02)
    assert metrics["L_AE"] != expected["L_AE"]  # the arithmetic differs
    assert metrics["KL(x)"] == pytest.approx(float(expected["KL(x)"]), rel=0.1)


@pytest.mark.parametrize("name", tiny.METHODS)
def test_a_step_in_bfloat16_is_within_five_percent_of_one_in_float32(name):
    exact = tiny.one_step(name, LAST[name])
    half = tiny.run(name, **HALF)
    after, metrics = half.steps[LAST[name]](exact.before, tiny.images(), exact.key)
    for term in TERMS[name]:
        assert float(metrics[term]) == pytest.approx(exact.metrics[term], rel=0.05), term
        assert float(metrics[term]) != exact.metrics[term]  # the arithmetic does differ
    kept = jax.tree.leaves((after, metrics))
    assert {leaf.dtype for leaf in kept} <= {jnp.dtype("float32"), jnp.dtype("int32")}


@pytest.mark.parametrize("name", tiny.METHODS)
def test_a_long_run_in_bfloat16_stays_finite_and_learns_as_in_float32(name):
    (_, exact), (_, half) = tiny.fitted(name), tiny.fitted(name, **HALF)
    assert all(np.isfinite(list(metrics.values())).all() for metrics in half)
    # Comparing single steps would compare noise: a loss against an adversary varies by half from one step to the next.
    wide, narrow = (np.median([metrics[TERMS[name][0]] for metrics in history[-20:]]) for history in (exact, half))
    assert narrow < 1.25 * wide


@pytest.mark.parametrize("name", ["wae_mmd", "introvae"])
def test_recomputing_changes_no_number(name):
    kept = tiny.one_step(name, LAST[name])
    again = tiny.run(name, **{"model.remat": True})
    after, metrics = again.steps[LAST[name]](kept.before, tiny.images(), kept.key)
    assert {term: float(value) for term, value in metrics.items()} == pytest.approx(kept.metrics, rel=1e-3)
    assert reference.gap(kept.before.params, after.params, kept.after.params) < 2e-2


@pytest.mark.parametrize(("nets", "less"), [("residual", 0.8), ("dcgan", 0.9)])
def test_recomputing_takes_less_memory(nets, less):
    fields = {"model.nets": nets, "model.channels": (32, 32, 32), "train.batch_size": 64}
    devices = (jax.devices()[0],)
    kept, again = (
        plan.need(tiny.config("introvae", **fields, **{"model.remat": remat}), devices, "VAE warm-up", 64)
        for remat in (False, True)
    )
    assert again.memory < less * kept.memory
    assert again.flops < 1.02 * kept.flops  # no convolution is done twice
