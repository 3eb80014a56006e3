"""One step, any mode, any number of devices: the same numbers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genmodels.errors import UsageError
from genmodels.methods import make
from genmodels.methods.replicas import AXIS, Replicas
from genmodels.training import parallel
from genmodels.training.parallel import Parallel
from tests.support import tiny

STEPS = 3
BATCHES = np.random.default_rng(1).integers(0, 256, (STEPS, tiny.BATCH, 32, 32, 3), dtype=np.uint8)
PHASES = [
    ("vae", "training"),
    ("wae_mmd", "encoder warm-up"),
    ("wae_mmd", "training"),
    ("wae_gan", "training"),
    ("introvae", "VAE warm-up"),
    ("introvae", "game"),
    ("soft_introvae", "VAE warm-up"),
    ("soft_introvae", "game"),
]
FIELDS = {"wae_gan": {"loss.fixed_point_weight": 0.1}}  # its noise and its BatchNorm span the global batch, too
LAYOUTS = [("pmap", 1), ("pmap", 2), ("pmap", 4), ("jit", 4)]  # each against jit on one device

# Rounding changes losses and parameter updates by at most 1e-5, relatively. But a gradient jumps where an activation is
# within rounding of the kink of a ReLU: one such jump was seen to change a gradient by 2 percent, the parameter update
# by half a percent, and the following losses by 3e-5. Wrong implementations are far off, see below.
LOSSES, GRADIENTS, WAY = 1e-4, 5e-2, 2e-2


def run(name: str, phase: str, devices: Parallel, replicas: Replicas | None = None):
    """What STEPS steps of a phase have changed in each net, as one vector, and the metrics of each step."""
    method = make(tiny.config(name, **FIELDS.get(name, {})), replicas or devices.replicas)
    step = devices.compile(next(p.step for p in method.phases if p.name == phase), as_sent)
    start = tiny.run(name).start
    state, metrics = devices.replicate(start), []
    for batch in BATCHES:
        state, found = jax.block_until_ready(step(state, devices.place(batch[None]), jax.random.key(1), None))
        metrics.append({name: values[0] for name, values in jax.device_get(found).items()})
    assert state.step == STEPS
    return {net: flat(state.params[net]) - flat(start.params[net]) for net in start.params}, metrics


def as_sent(table, batch):
    assert table is None
    return batch


def flat(tree) -> np.ndarray:
    return np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(tree)])


def apart(a: np.ndarray, b: np.ndarray) -> float:
    """The distance of two updates, relative to their length; 0 for two nets that have not changed."""
    return float(np.linalg.norm(a - b) / max(np.linalg.norm(a), 1e-12))


@pytest.mark.parametrize(("name", "phase"), PHASES)
def test_every_mode_and_number_of_devices_gives_the_same_numbers(name, phase):
    ways, metrics = run(name, phase, parallel.build("jit", 1, tiny.BATCH))
    assert max(np.linalg.norm(way) for way in ways.values()) > 0.01  # something was trained
    for mode, count in LAYOUTS:
        other_ways, other_metrics = run(name, phase, parallel.build(mode, count, tiny.BATCH))
        found = {net: apart(way, other_ways[net]) for net, way in ways.items()}
        assert max(found.values()) < WAY, (mode, count, found)
        for values, others in zip(metrics, other_metrics, strict=True):
            assert values.keys() == others.keys()
            for term, value in values.items():
                tolerance = GRADIENTS if term.startswith("norm/gradient") else LOSSES
                np.testing.assert_allclose(others[term], value, tolerance, 1e-5, err_msg=f"{mode} {count} {term}")


class Ungathered(Replicas):
    """Every device takes the MMD of its own codes."""

    def gather(self, x):
        return x


class LocalGradients(Replicas):
    """Every device takes the gradient of its own loss, and only the gradients are averaged."""

    def keys(self, key, count):
        return Replicas(AXIS).keys(key, count)

    def value_and_grad(self, loss):
        def averaged(*args):
            value, gradient = jax.value_and_grad(loss, has_aux=True)(*args)
            return value, jax.lax.pmean(gradient, AXIS)

        return averaged


@pytest.mark.parametrize(("name", "wrong"), [("wae_mmd", Ungathered(AXIS)), ("vae", LocalGradients(None))])
def test_averages_of_local_terms_would_not_pass(name, wrong):
    ways, _ = run(name, "training", parallel.build("jit", 1, tiny.BATCH))
    wrong_ways, _ = run(name, "training", parallel.build("pmap", 4, tiny.BATCH), wrong)
    assert apart(ways["encoder"], wrong_ways["encoder"]) > 10 * WAY


def across(devices: int, function, *arrays):
    """function(replicas, *local arrays) with each array split over the devices; the results of all of them, stacked."""
    parts = [array.reshape(devices, -1, *array.shape[1:]) for array in arrays]
    program = jax.pmap(lambda *local: function(Replicas(AXIS), *local), AXIS, devices=jax.devices()[:devices])
    return np.asarray(program(*parts))


@pytest.mark.parametrize("devices", [2, 4])
@pytest.mark.parametrize("draw", ["normal", "truncated_normal"])
def test_noise_belongs_to_the_example_not_to_the_device(devices, draw):
    key = jax.random.key(3)
    whole = getattr(Replicas(), draw)(key, (8, 5))
    parts = across(devices, lambda replicas, x: getattr(replicas, draw)(key, x.shape), np.zeros((8, 5)))
    np.testing.assert_array_equal(parts.reshape(8, 5), whole)
    assert len(np.unique(whole)) == 8 * 5  # no two examples share theirs


@pytest.mark.parametrize(("mode", "count"), [("pmap", 1), ("pmap", 4), ("jit", 4)])
def test_rows_of_a_table_that_the_devices_share(mode, count):
    table = np.random.default_rng(0).integers(0, 256, (11, 2, 3), dtype=np.uint8)  # no multiple of four
    indices = np.array([3, 10, 0, 7, 7, 9, 1, 4], np.int32)
    devices = parallel.build(mode, count, len(indices))

    def step(state, rows, key):
        return state, {"rows": devices.replicas.gather(rows)}

    program = devices.compile(step, devices.replicas.rows)
    state = devices.replicate(tiny.run("vae").start)
    _, found = program(state, devices.place(indices[None]), jax.random.key(0), devices.spread(table))
    assert found["rows"].dtype == np.uint8
    np.testing.assert_array_equal(found["rows"][0], table[indices])


@pytest.mark.parametrize("mode", ["pmap", "jit"])
def test_steps_in_a_loop_are_those_without_one(mode, monkeypatch):
    """Accelerators loop over a call's steps; here a CPU is made to."""
    method = make(tiny.config("vae"), parallel.build(mode, 2, tiny.BATCH).replicas)

    def trained(loops: bool):
        monkeypatch.setattr(Parallel, "loops", loops)
        devices = parallel.build(mode, 2, tiny.BATCH)
        program = devices.compile(method.phases[0].step, as_sent)
        args = devices.replicate(tiny.run("vae").start), devices.place(BATCHES), jax.random.key(1), None
        state, metrics = jax.block_until_ready(program(*args))
        return program.lower(*args).as_text().count("stablehlo.while"), flat(state.params), metrics["loss"]

    start = flat(tiny.run("vae").start.params)
    (whiles, params, losses), (more_whiles, looped, looped_losses) = trained(loops=False), trained(loops=True)
    assert more_whiles > whiles
    assert len(losses) == STEPS
    np.testing.assert_allclose(looped_losses, losses, LOSSES)
    assert apart(params - start, looped - start) < WAY


def test_noise_is_standard_normal():
    noise = np.asarray(Replicas().normal(jax.random.key(0), (100, 100)))
    assert abs(noise.mean()) < 0.04  # four deviations of a mean of 10,000
    assert abs(noise.var() - 1) < 0.06
    assert np.abs(Replicas().truncated_normal(jax.random.key(0), (100, 100))).max() <= 2 < np.abs(noise).max()


def test_gather_and_mean_give_every_device_the_global_batch():
    x = np.arange(8.0)
    np.testing.assert_array_equal(across(4, lambda replicas, part: replicas.gather(part), x), np.tile(x, (4, 1)))
    np.testing.assert_array_equal(across(4, lambda replicas, part: replicas.mean(part.mean()), x), np.full(4, x.mean()))


def test_gradient_is_that_of_the_global_loss():
    """A loss with a mean, a product of means and pairs of examples, against jax.grad of the same on one device."""
    x = np.random.default_rng(0).normal(size=(8, 3)).astype(np.float32)
    w = jnp.array([0.5, -1.0, 2.0])

    def loss(w, replicas, x):
        y = jnp.sin(x @ w)
        mean, all_y = replicas.mean(jnp.mean(y)), replicas.gather(y)
        return jnp.square(mean) + jnp.mean(jnp.abs(all_y[:, None] - all_y[None, :])), {}

    expected = jax.grad(lambda w: loss(w, Replicas(), x)[0])(w)
    found = across(4, lambda replicas, part: replicas.value_and_grad(loss)(w, replicas, part)[1], x)
    np.testing.assert_allclose(found, np.tile(expected, (4, 1)), 1e-5)


@pytest.mark.parametrize("mode", ["pmap", "jit"])
def test_each_step_draws_other_noise_and_compiles_once(mode):
    traces = []

    def step(state, batch, key):
        traces.append(None)
        return state.replace(step=state.step + 1), {"noise": jax.random.normal(key)}

    devices = parallel.build(mode, 2, 8)
    program, state, noise = devices.compile(step, as_sent), devices.replicate(tiny.run("vae").start), []
    for _ in range(3):
        sent = devices.place(BATCHES[:1])
        state, metrics = jax.block_until_ready(program(state, sent, jax.random.key(0), None))
        noise.extend(metrics["noise"].tolist())
    assert len(set(noise)) == 3
    assert len(traces) == 1
    _, metrics = program(state, devices.place(BATCHES[:2]), jax.random.key(0), None)  # two steps to a call
    assert len({*noise, *metrics["noise"].tolist()}) == 5


@pytest.mark.parametrize(
    ("mode", "count", "batch_size", "words"),
    [
        ("pmap", 3, 8, r"train.batch_size=8 .* multiple of 3, or set config.parallel.devices"),
        ("jit", 0, 12, r"train.batch_size=12 .* multiple of 8"),
        ("pmap", 9, 9, r"parallel.devices=9.* has 8"),
        ("pmap", -1, 8, r"parallel.devices=-1"),
        ("vmap", 1, 8, r"parallel.mode='vmap'.* 'pmap' or 'jit'"),
    ],
)
def test_impossible_devices_are_refused(mode, count, batch_size, words):
    with pytest.raises(UsageError, match=words):
        parallel.build(mode, count, batch_size)


def test_all_devices_by_default():
    assert len(parallel.build("pmap", 0, 8).devices) == 8
