"""The devices that share a batch, as seen by a training step.

A method's step is written once, for the global batch. Three of its terms are not means over examples (the MMD, the
hinge on the batch mean of a KL, BatchNorm), so averaging the devices' gradients of local losses would be wrong. Instead
every device computes the loss of the global batch: means are means over all devices, codes are gathered, and
noise depends on an example's index in the global batch, not on the device that holds it.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

AXIS = "batch"


class Replicas(NamedTuple):
    """Operations across the devices that share a step's batch; with `axis` None one program holds the whole batch."""

    axis: str | None = None

    def mean(self, x: Any) -> Any:
        """The mean over devices of each array of a tree; with equal parts, the mean over the global batch."""
        return x if self.axis is None else jax.lax.pmean(x, self.axis)

    def gather(self, x: jax.Array) -> jax.Array:
        """The global batch of a local one: [b, ...] -> [B, ...]."""
        return x if self.axis is None else jax.lax.all_gather(x, self.axis, tiled=True)

    def rows(self, table: jax.Array, indices: jax.Array) -> jax.Array:
        """Rows of a table that `Parallel.spread` has laid out, by their global indices [b] -> [b, ...]."""
        if self.axis is None:
            return table.reshape(-1, *table.shape[2:])[indices]
        # Each device looks up the rows it holds, then all are added: one device contributes a row, the others 0.
        places = self.gather(indices) - jax.lax.axis_index(self.axis) * len(table)  # [B]
        here = (places >= 0) & (places < len(table))
        found = jnp.where(jnp.expand_dims(here, range(1, table.ndim)), table[jnp.where(here, places, 0)], 0)
        return jax.lax.psum_scatter(found, self.axis, tiled=True)

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
        """jax.value_and_grad(has_aux=True) of a loss of the global batch, which is the same on every device.

        The gradient taken on one device is that of the sum of all devices' equal losses with respect to this device's
        copy of the parameters (collectives transpose to sums), so the mean over the copies is the desired gradient.
        """

        def global_value_and_grad(*args):
            value, gradient = jax.value_and_grad(loss, has_aux=True)(*args)
            return value, self.mean(gradient)

        return global_value_and_grad
