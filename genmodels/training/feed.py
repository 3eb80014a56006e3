"""Where the training images are, and how each call of a step gets its batches: from the host, or on the devices."""

import contextlib
from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import ml_collections
import numpy as np

from genmodels import data
from genmodels.errors import UsageError
from genmodels.training.parallel import Parallel


class Feed(NamedTuple):
    """`stream` brings each call's share to the devices, where `read` makes batches of it, perhaps with the `table`."""

    devices: Parallel
    prepare: Callable[[Sequence[range]], Generator[Any, None, None]]
    """Calls, each of so many steps -> what this process sends for each: arrays [steps, b, ...]."""
    read: Callable[[jax.Array | None, Any], jax.Array]
    """(table, what was sent for one step) -> uint8 images [b, H, W, 3], a device's part of the batch."""
    table: jax.Array | None
    """The training split, spread over the devices; None where the host sends images."""

    def stream(self, calls: Sequence[range]) -> Generator[Any, None, None]:
        """What the program of each call is given, on the devices; close it to end the threads that read ahead."""
        with contextlib.closing(self.prepare(calls)) as prepared:
            for sent in prepared:
                yield self.devices.place(sent)


def build(config: ml_collections.ConfigDict, train: np.ndarray, devices: Parallel) -> Feed:
    """The feed for `config.data.placement`, 'host' or 'device': the same batches either way."""
    size = config.train.batch_size
    options = {"batch_size": size, "seed": config.seed, "flip": config.data.flip, "part": devices.part(size)}
    if config.data.placement == "host":
        return Feed(devices, partial(data.batches, train, **options), lambda _, batch: batch, None)
    if config.data.placement != "device":
        raise UsageError(f"config.data.placement={config.data.placement!r} is unknown: use 'host' or 'device'.")

    def read(table: jax.Array | None, draw: data.Draw) -> jax.Array:
        assert table is not None  # it is spread below
        batch = devices.replicas.rows(table, jnp.asarray(draw.indices))
        return jnp.where(draw.mirrored[:, None, None, None], batch[:, :, ::-1], batch)

    return Feed(devices, partial(data.draws, len(train), **options), read, devices.spread(train))
