"""The batch of step t, a pure function of (seed, t), and a stream of them that is read ahead."""

import functools
from collections.abc import Callable, Generator, Sequence
from typing import Any, NamedTuple

import numpy as np

from genmodels.errors import UsageError

READ_AHEAD, THREADS = 4, 2  # batches
ORDER, FLIPS = 0, 1  # independent random streams of one seed


@functools.lru_cache(maxsize=4)
def _order(seed: int, epoch: int, count: int) -> np.ndarray:
    order = np.random.default_rng([seed, ORDER, epoch]).permutation(count)  # [N]
    order.flags.writeable = False
    return order


class Draw(NamedTuple):
    """Which images make up a batch, and which of them are mirrored left to right: [..., B] each."""

    indices: np.ndarray  # int32
    mirrored: np.ndarray  # bool


def draw_at(count: int, step: int, batch_size: int, *, seed: int, flip: bool, part: slice = slice(None)) -> Draw:
    """The draw of a step from `count` images, or the `part` of it; B <= count.

    The steps walk through an endless row of epochs, each a permutation of all images seeded by (seed, epoch); a batch
    may span two of them. With `flip`, each image is mirrored with probability 1/2, by (seed, step).
    """
    places = np.arange(step * batch_size, (step + 1) * batch_size)[part]
    epochs, places = np.divmod(places, count)
    indices = np.concatenate([_order(seed, int(e), count)[places[epochs == e]] for e in np.unique(epochs)])  # [B]
    heads = np.random.default_rng([seed, FLIPS, step]).random(batch_size) < 0.5 if flip else np.zeros(batch_size, bool)
    return Draw(indices.astype(np.int32), heads[part])


def batch_at(images: np.ndarray, step: int, batch_size: int, **options) -> np.ndarray:
    """The batch of a step: uint8 [B, H, W, 3] from uint8 [N, H, W, 3]; options as in `draw_at`."""
    draw = draw_at(len(images), step, batch_size, **options)
    batch = images[draw.indices]  # [B, H, W, 3]
    batch[draw.mirrored] = batch[draw.mirrored, :, ::-1]
    return batch


def batches(
    images: np.ndarray, calls: Sequence[range], batch_size: int, **options
) -> Generator[np.ndarray, None, None]:
    """Iterates over the batches of calls, each of so many steps: uint8 [steps, B, H, W, 3], prepared in the background.

    Options as in `draw_at`. Close the iterator, or drop it, to end the threads early. Raises UsageError for a batch
    that is larger than the training split.
    """
    _check(len(images), batch_size, options["seed"])
    return _stream(lambda call: np.stack([batch_at(images, step, batch_size, **options) for step in call]), calls)


def draws(count: int, calls: Sequence[range], batch_size: int, **options) -> Generator[Draw, None, None]:
    """The draws of those batches, [steps, B], for images that are on the devices already; as `batches` otherwise."""
    _check(count, batch_size, options["seed"])

    def of_call(call: range) -> Draw:
        found = [draw_at(count, step, batch_size, **options) for step in call]
        return Draw(*map(np.stack, zip(*found, strict=True)))

    return _stream(of_call, calls)


def _check(count: int, batch_size: int, seed: int) -> None:
    if not 1 <= batch_size <= count:
        raise UsageError(
            f"train.batch_size={batch_size} must lie between 1 and the {count} images of the training split"
        )
    if seed < 0:
        raise UsageError(f"seed={seed} must not be negative")


def _stream(of_call: Callable[[range], Any], calls: Sequence[range]) -> Generator[Any, None, None]:
    import grain  # here, because it takes seconds to import and those who only read images do without it

    options = grain.ReadOptions(num_threads=THREADS, prefetch_buffer_size=READ_AHEAD)
    iterator = iter(grain.MapDataset.source(calls).map(of_call).to_iter_dataset(options))
    try:
        yield from iterator
    finally:
        iterator.close()
