"""A phase's training step: what it takes to compile, to run and to feed."""

import contextlib
import itertools
import tempfile
import time
from collections.abc import Generator, Iterator
from typing import Any

import jax
import ml_collections
import numpy as np
from jax.experimental.compilation_cache import compilation_cache

from genmodels import methods
from genmodels.benchmark import plan, timing
from genmodels.runs.logs import Log
from genmodels.training import feed, parallel

WARM = 3  # calls before the clock starts


class Bench:
    """A method on its devices with images [N, H, W, 3], ready to run any of its phases."""

    def __init__(self, config: ml_collections.ConfigDict, train: np.ndarray):
        """`train` are uint8 images of config.image_size."""
        self.config = config
        self.devices = parallel.build(config.parallel.mode, config.parallel.devices, config.train.batch_size)
        self.method = methods.make(config, self.devices.replicas)
        self.feed = feed.build(config, train, self.devices)
        self.init_key, self.key = jax.random.split(jax.random.key(0))
        self.steps = config.train.steps_per_call

    def start(self) -> Any:
        """A fresh state on the devices; each call donates the state that it is given."""
        return self.devices.replicate(jax.jit(self.method.init)(self.init_key))

    def sent(self, count: int, steps: int | None = None) -> Generator[Any, None, None]:
        """The inputs of `count` calls, on the devices; of `steps` each, by default the config's."""
        each = self.steps if steps is None else steps
        return self.feed.stream([range(i * each, (i + 1) * each) for i in range(count)])

    def compile(self, phase: methods.Phase) -> dict[str, float | None]:
        """Seconds to trace and to compile, at first and from the persistent cache; FLOPs and bytes of a step, by XLA.

        The FLOPs are one device's, of the program as written: the compiled one no longer counts what was fused. Where
        jax counts compiled programs only, as on GPUs and TPUs, they are that one's. The bytes, read from and written to
        memory, are those of the compiled program. None: not counted here.
        """
        state = jax.tree.map(jax.typeof, self.start())
        a_call, a_step = (jax.tree.map(jax.typeof, next(self.sent(1, steps))) for steps in (self.steps, 1))

        def lowered(sent: Any) -> jax.stages.Lowered:
            jax.clear_caches()
            step = self.devices.compile(phase.step, self.feed.read)
            return step.lower(state, sent, jax.typeof(self.key), self.feed.table)

        with _empty_cache():
            began = time.perf_counter()
            program = lowered(a_call)
            traced = time.perf_counter()
            compiled = program.compile()
            cold = time.perf_counter() - traced
            program = lowered(a_call)
            again = time.perf_counter()
            program.compile()
            cached = time.perf_counter() - again
            counted = compiled
            if self.steps > 1:  # XLA counts a loop as one iteration of it, so a program of one step is counted
                program = lowered(a_step)
                counted = program.compile()
        cost = counted.cost_analysis() or {}
        return {
            "trace_s": traced - began,
            "compile_s": cold,
            "compile_cached_s": cached,
            "flops": (program.cost_analysis() or cost).get("flops"),
            "bytes": cost.get("bytes accessed"),
            "device_bytes": plan.device_bytes(compiled),
        }

    def run(self, phase: methods.Phase, seconds: float) -> dict[str, timing.Times]:
        """Seconds per step: with one resident batch, with real input, on the host alone, and for input alone."""
        program = self.devices.compile(phase.step, self.feed.read)
        batch = jax.block_until_ready(next(self.sent(1)))
        state = [self.start()]

        def resident():
            state[0], metrics = program(state[0], batch, self.key, self.feed.table)
            return metrics

        for _ in range(WARM):
            jax.block_until_ready(resident())
        with_resident = timing.repeated(resident, seconds)
        calls = max(2, round(seconds / with_resident.median))

        def training() -> float:
            with Log(None, start=0, stop=calls, every=calls, batch_size=1, tensorboard=False) as log:
                stream = self.sent(calls)
                with contextlib.closing(stream):
                    ahead = itertools.chain([next(stream)], stream)  # the feed's threads have started
                    began = time.perf_counter()
                    for number, sent in enumerate(ahead):
                        state[0], metrics = program(state[0], sent, self.key, self.feed.table)
                        log.steps(range(number * self.steps, (number + 1) * self.steps), phase.name, metrics)
                    jax.block_until_ready(state[0])
                    return (time.perf_counter() - began) / calls

        def host() -> float:
            began = time.perf_counter()
            dispatched = program(state[0], next(stream), self.key, self.feed.table)
            spent = time.perf_counter() - began
            state[0], _ = jax.block_until_ready(dispatched)
            return spent

        def alone() -> float:
            began = time.perf_counter()
            for _ in self.sent(calls):
                pass
            return (time.perf_counter() - began) / calls

        with contextlib.closing(self.sent(timing.REPEATS)) as stream:
            of_host = timing.of([host() for _ in range(timing.REPEATS)])
        found = {
            "resident": with_resident,
            "training": timing.of([training() for _ in range(timing.REPEATS)]),
            "host": of_host,
            "input": timing.of([alone() for _ in range(timing.REPEATS)]),
        }
        return {name: timing.Times(*(value / self.steps for value in times)) for name, times in found.items()}


@contextlib.contextmanager
def _empty_cache() -> Iterator[None]:
    """jax's persistent cache in an empty folder of its own."""
    fields = {
        "jax_persistent_cache_min_compile_time_secs": 0.0,
        "jax_persistent_cache_min_entry_size_bytes": -1,
    }
    with tempfile.TemporaryDirectory() as folder:
        fields["jax_compilation_cache_dir"] = folder
        before = {name: getattr(jax.config, name) for name in fields}
        try:
            for name, value in fields.items():
                jax.config.update(name, value)
            compilation_cache.reset_cache()
            yield
        finally:
            for name, value in before.items():
                jax.config.update(name, value)
            compilation_cache.reset_cache()
