"""Where the training pictures are, and how each call of a step gets its batches: from the host, or on the devices."""

from collections.abc import Callable, Iterator, Sequence
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
    """`stream` prepares what the host sends for each call, `read` makes a batch of it, perhaps with the `table`."""

    stream: Callable[[Sequence[range]], Iterator[Any]]
    """Calls, each of so many steps -> what the host sends for each: [steps, B, ...]."""
    read: Callable[[jax.Array | None, Any], jax.Array]
    """(table, what was sent for one step) -> uint8 pictures [b, H, W, 3], a device's part of the batch."""
    table: jax.Array | None
    """The training split, spread over the devices; None where the host sends pictures."""


def build(config: ml_collections.ConfigDict, train: np.ndarray, devices: Parallel) -> Feed:
    """The feed for `config.data.placement`, 'host' or 'device': the same batches either way."""
    size = config.train.batch_size
    options = {"batch_size": size, "seed": config.seed, "flip": config.data.flip, "part": devices.part(size)}
    if config.data.placement == "host":
        return Feed(partial(data.batches, train, **options), lambda _, batch: batch, None)
    if config.data.placement != "device":
        raise UsageError(f"config.data.placement={config.data.placement!r} is unknown: use 'host' or 'device'.")

    def read(table: jax.Array, draw: data.Draw) -> jax.Array:
        batch = devices.replicas.rows(table, draw.indices)
        return jnp.where(draw.mirrored[:, None, None, None], batch[:, :, ::-1], batch)

    return Feed(partial(data.draws, len(train), **options), read, devices.spread(train))


def calls(start: int, stop: int, size: int, *, starts: Sequence[int], every: Sequence[int]) -> list[range]:
    """The steps from `start` up to `stop`, `size` to a call, or one by one where such a call would run past a pause.

    There is a pause at `starts` (of phases) and after each multiple of `every`, to save, evaluate or draw.
    """
    found = []
    while start < stop:
        pause = min([stop, *(s for s in starts if s > start), *((start // e + 1) * e for e in every)])
        end = start + (size if start + size <= pause else 1)
        found.append(range(start, end))
        start = end
    return found
