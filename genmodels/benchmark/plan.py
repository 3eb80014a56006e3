"""What training would take on TPUs that are not attached: its own step, compiled for a named topology."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import ml_collections
from jax.experimental import topologies

from genmodels import methods
from genmodels.errors import UsageError
from genmodels.training.parallel import Device, Parallel

QUIET = {  # environment variables, set before libtpu is loaded: it would search for TPUs that are not attached
    "TPU_SKIP_MDS_QUERY": "1",
    "TPU_WORKER_HOSTNAMES": "localhost",
    "TPU_ACCELERATOR_TYPE": "v5litepod-8",
    "TPU_MIN_LOG_LEVEL": "3",
    "ALLOW_MULTIPLE_LIBTPU_LOAD": "1",  # alongside training on the same machine
}


class Chip(NamedTuple):
    """A TPU's memory in bytes, bfloat16 FLOP/s and memory bandwidth in bytes/s, from Google Cloud's documentation."""

    memory: float
    flops: float
    bandwidth: float


CHIPS = {  # by jax's device_kind
    "TPU v5 lite": Chip(16 * 2**30, 197e12, 819e9),  # v5e
    "TPU v5": Chip(95 * 2**30, 459e12, 2765e9),  # v5p
    "TPU v6 lite": Chip(32 * 2**30, 918e12, 1640e9),  # v6e
}


class Need(NamedTuple):
    """What one step needs on each chip."""

    flops: float
    traffic: float  # bytes read and written in the chip's memory
    memory: int  # bytes


class Plan(NamedTuple):
    """The needs of each phase of training on `chips` chips, and what follows from the most demanding one."""

    kind: str
    chips: int
    available: float  # bytes on each chip
    phases: dict[str, Need]
    largest_batch: int  # over all chips, extrapolated from the memory of two batch sizes
    epoch_seconds: float


def make(config: ml_collections.ConfigDict, topology: str, images: int, utilisation: float) -> Plan:
    """The plan for a topology such as 'v5e:2x4', an epoch of `images` images and a share of the chips' peak FLOP/s.

    Raises UsageError for a topology that libtpu does not know, or where libtpu is missing.
    """
    devices = _devices(topology)
    if devices[0].device_kind not in CHIPS:
        raise UsageError(f"--topology={topology}: {devices[0].device_kind} is not one of {', '.join(CHIPS)}.")
    chip, batch = CHIPS[devices[0].device_kind], config.train.batch_size
    if batch % len(devices):
        raise UsageError(f"config.train.batch_size={batch} cannot be shared equally by {len(devices)} chips.")
    phases = methods.make(config).phases
    needs = {phase.name: need(config, devices, phase.name, batch) for phase in phases}
    heaviest = max(needs, key=lambda name: needs[name].memory)
    per_chip = batch // len(devices)
    # Far from the first batch: in two small ones the weights dominate, and the compiler adds noise.
    roomy = 4 * needs[heaviest].memory < chip.memory
    other = 4 * per_chip if roomy else per_chip // 2 or 2
    second = need(config, devices, heaviest, other * len(devices)).memory
    fits = largest_batch(chip.memory, (per_chip, needs[heaviest].memory), (other, second), config.image_size)
    longest = max(step_seconds(each, chip, utilisation) for each in needs.values())
    return Plan(
        kind=devices[0].device_kind,
        chips=len(devices),
        available=chip.memory,
        phases=needs,
        largest_batch=fits * len(devices),
        epoch_seconds=images / batch * longest,
    )


def step_seconds(need: Need, chip: Chip, utilisation: float) -> float:
    """What bounds a step: its arithmetic at a share of the chip's peak, or its memory traffic at the full bandwidth."""
    return max(need.flops / (utilisation * chip.flops), need.traffic / chip.bandwidth)


def largest_batch(available: float, first: tuple[int, float], second: tuple[int, float], image_size: int) -> int:
    """How many images of image_size^2 pixels fit in `available` bytes, by extrapolation from two (images, bytes)."""
    (some, memory), (others, other_memory) = first, second
    more = (other_memory - memory) / (others - some)  # bytes per additional image
    each = max(more, 3 * 4 * image_size**2)  # at least its own float32 values
    return max(0, some + int((available - memory) / each))


def need(config: ml_collections.ConfigDict, devices: tuple[Device, ...], phase: str, batch: int) -> Need:
    """What a step of `phase` needs on each of `devices`, which need not be attached, by their compiler's count."""
    parallel = Parallel(config.parallel.mode, devices)
    method = methods.make(config, parallel.replicas)
    step = next(each.step for each in method.phases if each.name == phase)
    program = parallel.compile(step, lambda _, images: images)
    try:
        compiled = program.lower(*shapes(method, config, parallel, batch)).compile()
    except jax.errors.JaxRuntimeError as error:
        if "RESOURCE_EXHAUSTED" not in str(error):
            raise
        raise UsageError(
            f"config.train.batch_size={batch} does not fit {len(devices)} x {devices[0].device_kind}: "
            "use fewer images, bfloat16, or more chips."
        ) from error
    cost = compiled.cost_analysis()
    return Need(cost["flops"], cost["bytes accessed"], device_bytes(compiled))


def device_bytes(compiled: jax.stages.Compiled) -> int:
    """The memory that a program needs on each device: arguments, results and temporaries, by XLA's count."""
    memory = compiled.memory_analysis()
    assert memory is not None  # available on CPU, GPU and TPU
    held = memory.argument_size_in_bytes + memory.output_size_in_bytes - memory.alias_size_in_bytes
    return held + memory.temp_size_in_bytes


def shapes(method: methods.Method, config: ml_collections.ConfigDict, parallel: Parallel, batch: int) -> tuple:
    """The shapes of the arguments of a one-step program made by `Parallel.compile`."""
    state = jax.eval_shape(method.init, jax.random.key(0))
    size = config.image_size
    shares = (len(parallel.devices), batch // len(parallel.devices)) if parallel.mode == "pmap" else (batch,)
    images = jax.ShapeDtypeStruct((1, *shares, size, size, 3), jnp.uint8)
    return state, images, jax.eval_shape(lambda: jax.random.key(0)), None


def _devices(topology: str) -> tuple[Device, ...]:
    try:
        return tuple(topologies.get_topology_desc(topology_name=topology, platform="tpu").devices)
    except Exception as error:  # from jax, from libtpu, or for a missing library
        reason = (str(error).strip() or repr(error)).splitlines()[0][:120]
        raise UsageError(
            f"--topology={topology} is not available: {reason}\n"
            'Name one such as v5e:2x4, and have the TPU compiler: pip install "jax[tpu]"'
        ) from error
