"""One step, any mode, any number of devices: the same numbers."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest


from genmodels import parallel
from genmodels.errors import UsageError
from genmodels.methods import make
from genmodels.parallel import AXIS, Parallel, Replicas
from tests import tiny

STEPS = 3
BATCHES = np.random.default_rng(0).integers(0, 256, (STEPS, 8, 32, 32, 3), dtype=np.uint8)
PHASES = [
    ("vae", "training"),
    ("wae_mmd", "encoder warm-up"),
    ("wae_mmd", "training"),
    ("wae_gan", "training"),
    ("introvae", "VAE warm-up"),
    ("introvae", "game"),
]
LAYOUTS = [("pmap", 1), ("pmap", 2), ("pmap", 4), ("jit", 2), ("jit", 4)]


@functools.cache
def start(name):
    return jax.device_get(jax.jit(make(tiny.config(name)).init)(jax.random.key(0)))


def run(config, phase, devices: Parallel, replicas=None, steps=STEPS):
    """The states after 0, 1, ... steps of one phase and the metrics of each step, on the host."""
    method = make(config, replicas or devices.replicas)
    step = devices.compile(next(p for p in method.phases if p.name == phase).step)
    state = devices.replicate(start(config.method))
    states, metrics = [jax.device_get(state)], []
    for batch in BATCHES[:steps]:
        state, found = jax.block_until_ready(step(state, devices.place(batch), jax.random.key(1)))
        states.append(jax.device_get(state))
        metrics.append(jax.device_get(found))
    return states, metrics


@pytest.mark.parametrize(("method", "phase"), PHASES)
def test_every_mode_and_number_of_devices_gives_the_same_numbers(method, phase):
    states, metrics = run(tiny.config(method), phase, parallel.build("jit", 1, 8))
    for mode, count in LAYOUTS:
        others, other_metrics = run(tiny.config(method), phase, parallel.build(mode, count, 8))
        a, b = states[-1], others[-1]
        for k in metrics[0]:
            print(method, phase, mode, count, k, [abs(x[k] - y[k])/abs(x[k]) for x, y in zip(metrics, other_metrics)], metrics[-1][k])
        d = jax.tree.map(lambda x,y,z: (np.abs(x-y).max(), np.abs(x-z).max(), np.linalg.norm(x-y)/np.linalg.norm(x-z)), a.params, b.params, states[0].params)
        print(jax.tree.leaves(d, is_leaf=lambda x: isinstance(x, tuple)))
        m = jax.tree.map(lambda x,y: np.linalg.norm(x-y)/max(1e-30,np.linalg.norm(x)) if x.ndim else 0, a.optimisers, b.optimisers)
        print("M", jax.tree.leaves(m))
    assert 0
