"""The training steps, compiled or lowered for devices that are not attached."""

import importlib.util
import json
import os
import subprocess
import sys

import jax
import pytest

from genmodels import methods
from genmodels.benchmark import plan
from genmodels.errors import UsageError
from genmodels.training import parallel
from genmodels.training.parallel import Parallel
from tests.support import tiny

needs_libtpu = pytest.mark.skipif(
    importlib.util.find_spec("libtpu") is None, reason="no libtpu, the TPU's compiler: .ci/run has it in .venv-tpu"
)

PROGRAM = """
import json
from genmodels.benchmark import plan
from tests.support import tiny
config = tiny.config("introvae", **{"parallel.mode": "pmap", "train.batch_size": 16})
made = plan.make(config, "v5e:2x4", images=1_000, utilisation=0.5)
print(json.dumps(made._replace(phases={phase: need._asdict() for phase, need in made.phases.items()})._asdict()))
"""


@pytest.mark.slow
@pytest.mark.tpu
@needs_libtpu
def test_a_run_s_steps_compile_for_eight_tpus(in_the_repository):
    # In its own process: libtpu locks the machine, and aborts on XLA flags that only CPUs know.
    environment = os.environ | plan.QUIET | {"XLA_FLAGS": "", "PYTHONPATH": "."}
    out = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True, env=environment)
    made = json.loads(out.stdout.splitlines()[-1])
    assert (made["kind"], made["chips"]) == ("TPU v5 lite", 8)
    warmup, game = made["phases"]["VAE warm-up"], made["phases"]["game"]
    assert 0 < warmup["flops"] < game["flops"]
    for phase in (warmup, game):  # which of them needs more is up to the compiler
        assert 4 * 16 / 8 * 3 * 32**2 < phase["memory"] < made["available"]
    assert 16 < made["largest_batch"] < 8 * made["available"] / (4 * 3 * 32**2)  # the images alone take that much
    longest = max(game["flops"] / (0.5 * 197e12), game["traffic"] / 819e9)
    assert made["epoch_seconds"] == pytest.approx(1_000 / 16 * longest)


@pytest.mark.tpu
@needs_libtpu
@pytest.mark.parametrize(
    ("topology", "words"),
    [("v99:2x4", "--topology=v99:2x4 is not available"), ("v5e:3", "--topology=v5e:3 is not available")],
)
def test_an_unknown_topology_is_refused(topology, words):
    with pytest.raises(UsageError, match=words) as error:
        plan.make(tiny.config("vae"), topology, 1_000, 0.5)
    assert len(str(error.value).splitlines()) == 2


@pytest.mark.parametrize("name", tiny.METHODS)
def test_every_step_lowers_for_cuda_and_for_tpu(name):
    devices = Parallel("jit", tuple(jax.devices()[:2]))
    config = tiny.config(name)
    method = methods.make(config, devices.replicas)
    for phase in method.phases:
        program = devices.compile(phase.step, lambda _, images: images)
        arguments = plan.shapes(method, config, devices, config.train.batch_size)
        exported = jax.export.export(program, platforms=["cuda", "tpu"])(*arguments)
        assert exported.platforms == ("cuda", "tpu")
        assert exported.nr_devices == 2


def test_needs_on_this_machine_grow_with_the_batch():
    config, devices = tiny.config("vae"), parallel.build("pmap", 2, 8).devices
    small, large = (plan.need(config, devices, "training", batch) for batch in (8, 32))
    assert 2 < large.flops / small.flops < 4.5
    assert large.memory > small.memory


def test_the_largest_batch_lies_on_the_line_through_two():
    assert plan.largest_batch(1e9, (100, 2e8), (200, 3e8), 32) == 900
    assert plan.largest_batch(1e9, (100, 2e8), (200, 2e8), 32) == 100 + int(8e8 / (3 * 4 * 32**2))
    assert plan.largest_batch(1e8, (100, 2e8), (200, 4e8), 32) == 50
    assert plan.largest_batch(1e8, (100, 9e8), (200, 11e8), 32) == 0  # the weights alone are too large


def test_a_step_is_bound_by_arithmetic_or_by_memory():
    chip = plan.Chip(memory=1e9, flops=1e12, bandwidth=1e11)
    assert plan.step_seconds(plan.Need(flops=1e12, traffic=1e11, memory=0), chip, 0.5) == 2.0
    assert plan.step_seconds(plan.Need(flops=1e12, traffic=4e11, memory=0), chip, 0.5) == 4.0
