"""The devices that share a batch, and how the training loop runs on them: pmap, or jit over a mesh."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from genmodels.errors import UsageError
from genmodels.methods.replicas import AXIS, Replicas

Device: TypeAlias = jax.Device  # pyright: ignore[reportInvalidTypeForm] - assigned dynamically when jax is imported


class Parallel(NamedTuple):
    """How to run a step on devices: `replicas` goes to the method, `compile` and `place` to the training loop."""

    mode: str
    devices: tuple[Device, ...]

    @property
    def replicas(self) -> Replicas:
        """With pmap each device runs the step on its part; under jit one program spans the global batch."""
        return Replicas(AXIS if self.mode == "pmap" else None)

    @property
    def loops(self) -> bool:
        """Whether a program's steps are a loop; on CPU they follow one another in it.

        There a convolution's gradient in its kernel is some thirty times slower inside a loop, even one of one
        iteration, which XLA does not unroll.
        """
        return self.devices[0].platform != "cpu"

    def compile(self, step: Callable, read: Callable) -> Callable:
        """step(state, images, key) -> (state, metrics) as a program of any number of steps over all devices.

        The program is (state, sent, key, table) -> (state, metrics [steps]): `read(table, sent)` gives the images of
        each step, see `feed`. The state is a single copy, not stacked, and is donated. `key` is the run's key; each
        step folds its number into it, so a run can start at any step.
        """

        def call(state, sent, key, table):
            def numbered(state, sent):
                return step(state, read(table, sent), jax.random.fold_in(key, state.step))

            if self.loops:
                return jax.lax.scan(numbered, state, sent)
            metrics = []
            for i in range(len(jax.tree.leaves(sent)[0])):
                state, found = numbered(state, jax.tree.map(lambda x, i=i: x[i], sent))
                metrics.append(found)
            return state, jax.tree.map(lambda *values: jnp.stack(values), *metrics)

        if self.mode == "pmap":
            # Outputs are equal on all devices by construction (see Replicas), which is what out_axes=None relies on.
            return jax.pmap(
                call, AXIS, in_axes=(None, 1, None, 0), out_axes=None, devices=self.devices, donate_argnums=0
            )
        replicated = self._sharding()
        return jax.jit(
            call,
            in_shardings=(replicated, self._sharding(None, AXIS), replicated, self._sharding(AXIS)),
            out_shardings=replicated,
            donate_argnums=0,
        )

    def place(self, sent: Any) -> Any:
        """What this process sends for a call, arrays [steps, b, ...], onto its devices, an equal share of b each."""
        if self.mode == "pmap":
            mine = len(self.devices) // jax.process_count()
            return jax.tree.map(lambda x: x.reshape(len(x), mine, -1, *x.shape[2:]), sent)
        return jax.make_array_from_process_local_data(self._sharding(None, AXIS), sent)

    def part(self, batch_size: int) -> slice:
        """The examples of a global batch that this process sends."""
        share = batch_size // jax.process_count()
        return slice(jax.process_index() * share, (jax.process_index() + 1) * share)

    def replicate(self, state: Any) -> Any:
        """A copy of a state on all devices, laid out as a step returns it; otherwise the second step compiles again."""
        replicated = self._sharding()

        def put(x: np.ndarray) -> jax.Array:
            return jax.make_array_from_callback(np.shape(x), replicated, lambda index: x[index])

        return jax.tree.map(put, jax.device_get(state))

    def spread(self, rows: np.ndarray) -> jax.Array:
        """Rows [N, ...] from the host onto the devices, an equal share each: [devices, ceil(N / devices), ...]."""
        count = len(self.devices)
        share = -(-len(rows) // count)

        def part(index: tuple[slice, ...] | None) -> np.ndarray:
            assert index is not None  # every shard has an index
            first, last, _ = index[0].indices(count)
            here = rows[first * share : last * share]
            padded = np.pad(here, [(0, (last - first) * share - len(here))] + [(0, 0)] * (rows.ndim - 1))
            return padded.reshape(last - first, share, *rows.shape[1:])

        return jax.make_array_from_callback((count, share, *rows.shape[1:]), self._sharding(AXIS), part)

    @functools.cache  # noqa: B019 - on a named tuple: one for each layout, needed at every call of a step
    def _sharding(self, *axes: str | None) -> NamedSharding:
        mesh = jax.make_mesh((len(self.devices),), (AXIS,), axis_types=(AxisType.Auto,), devices=self.devices)
        return NamedSharding(mesh, PartitionSpec(*axes))


def local(tree: Any) -> Any:
    """A replicated tree's copy on this process's first device, for use on that device alone."""
    return jax.tree.map(lambda x: x.addressable_data(0), tree)


def build(mode: str, count: int, batch_size: int) -> Parallel:
    """The devices for `config.parallel`: `mode` 'pmap' or 'jit', the first `count` of each process (0 = all).

    Raises UsageError when there are fewer devices or when they cannot share the batch equally.
    """
    if mode not in ("pmap", "jit"):
        raise UsageError(f"config.parallel.mode={mode!r} is unknown: use 'pmap' or 'jit'.")
    available = len(jax.local_devices())
    if not 0 <= count <= available:
        raise UsageError(f"config.parallel.devices={count}: this machine has {available}; 0 takes all of them.")
    devices = tuple(
        device for process in range(jax.process_count()) for device in jax.local_devices(process)[: count or None]
    )
    if batch_size % len(devices):
        raise UsageError(
            f"config.train.batch_size={batch_size} cannot be shared equally by {len(devices)} devices: "
            f"use a multiple of {len(devices)}, or set config.parallel.devices."
        )
    return Parallel(mode, devices)
