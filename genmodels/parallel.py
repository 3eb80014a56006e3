"""The devices that share a batch: the only file that knows of them.

A method's step is written once, for the global batch. Three of its terms are not means over examples (the MMD, the
hinge on the batch mean of a KL, BatchNorm), so averaging the devices' gradients of local losses would be wrong. Here
every device computes the loss of the global batch instead: means are means over all devices, codes are gathered, and
noise depends on an example's index in the global batch, not on the device that holds it.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from genmodels.errors import UsageError

AXIS = "batch"


class Replicas(NamedTuple):
    """What a step may ask of the devices that share its batch; with `axis` None one program holds the whole batch."""

    axis: str | None = None

    def mean(self, x: Any) -> Any:
        """The mean over devices of each array of a tree; equal parts make it the mean over the global batch."""
        return x if self.axis is None else jax.lax.pmean(x, self.axis)

    def gather(self, x: jax.Array) -> jax.Array:
        """The global batch of a local one: [b, ...] -> [B, ...]."""
        return x if self.axis is None else jax.lax.all_gather(x, self.axis, tiled=True)

    def keys(self, key: jax.Array, count: int) -> jax.Array:
        """One key for each of `count` local examples, by its index in the global batch: [count] keys."""
        first = 0 if self.axis is None else jax.lax.axis_index(self.axis) * count
        return jax.vmap(lambda i: jax.random.fold_in(key, i))(first + jnp.arange(count))

    def normal(self, key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
        """Standard normal noise for the local batch, `shape` = [b, ...]."""
        return jax.vmap(lambda k: jax.random.normal(k, shape[1:]))(self.keys(key, shape[0]))

    def truncated_normal(self, key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
        """Standard normal noise cut off at two standard deviations for the local batch, `shape` = [b, ...]."""
        return jax.vmap(lambda k: jax.random.truncated_normal(k, -2, 2, shape[1:]))(self.keys(key, shape[0]))

    def value_and_grad(self, loss: Callable) -> Callable:
        """jax.value_and_grad(has_aux=True) of a loss of the global batch, which every device computes alike.

        The gradient taken on one device is that of the sum of all devices' equal losses with respect to this device's
        copy of the parameters (collectives transpose to sums), so the mean over the copies is the gradient sought.
        """

        def global_value_and_grad(*args):
            value, gradient = jax.value_and_grad(loss, has_aux=True)(*args)
            return value, self.mean(gradient)

        return global_value_and_grad


class Parallel(NamedTuple):
    """How to run a step on devices: `replicas` goes to the method, `compile` and `place` to the training loop."""

    mode: str
    devices: tuple[jax.Device, ...]

    @property
    def replicas(self) -> Replicas:
        """With pmap each device runs the step on its part; under jit one program spans the global batch."""
        return Replicas(AXIS if self.mode == "pmap" else None)

    def compile(self, step: Callable) -> Callable:
        """step(state, batch, key) -> (state, metrics) as a program over all devices; state is one, not stacked.

        `key` is the run's key; each step draws its own from it by its number, so a run can start at any step.
        """

        def numbered(state, batch, key):
            return step(state, batch, jax.random.fold_in(key, state.step))

        if self.mode == "pmap":
            # Outputs are equal on all devices by construction (see Replicas), which is what out_axes=None relies on.
            return jax.pmap(numbered, AXIS, in_axes=(None, 0, None), out_axes=None, devices=self.devices)
        replicated, split = self._shardings()
        return jax.jit(numbered, in_shardings=(replicated, split, replicated), out_shardings=replicated)

    def place(self, batch: np.ndarray) -> jax.Array:
        """A process's part [b, ...] of a batch from the host onto its devices, an equal share each."""
        if self.mode == "pmap":
            return batch.reshape(len(self.devices), -1, *batch.shape[1:])
        return jax.device_put(batch, self._shardings()[1])

    def replicate(self, state: Any) -> Any:
        """A new or restored state onto all devices, just as a step returns it: else the second step compiles again."""
        return jax.device_put(state, self._shardings()[0])

    def _shardings(self) -> tuple[NamedSharding, NamedSharding]:
        mesh = jax.make_mesh((len(self.devices),), (AXIS,), axis_types=(AxisType.Auto,), devices=self.devices)
        return NamedSharding(mesh, PartitionSpec()), NamedSharding(mesh, PartitionSpec(AXIS))


def build(mode: str, count: int, batch_size: int) -> Parallel:
    """The devices of this process for `config.parallel`: `mode` 'pmap' or 'jit', the first `count` (0 = all).

    Raises UsageError when there are fewer devices or when they cannot share the batch equally.
    """
    if mode not in ("pmap", "jit"):
        raise UsageError(f"config.parallel.mode={mode!r} is unknown: use 'pmap' or 'jit'.")
    available = jax.local_devices()
    if not 0 <= count <= len(available):
        raise UsageError(f"config.parallel.devices={count}: this machine has {len(available)}; 0 takes all of them.")
    devices = tuple(available[: count or len(available)])
    if batch_size % len(devices):
        raise UsageError(
            f"config.train.batch_size={batch_size} cannot be shared equally by {len(devices)} devices: "
            f"use a multiple of {len(devices)}, or set config.parallel.devices."
        )
    return Parallel(mode, devices)
