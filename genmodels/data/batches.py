"""The batch of step t, a pure function of (seed, t), and a stream of them that is read ahead."""

import functools
from collections.abc import Callable, Iterator

import numpy as np

from genmodels.errors import UsageError

READ_AHEAD, THREADS = 4, 2  # batches
ORDER, FLIPS = 0, 1  # independent random streams of one seed


@functools.lru_cache(maxsize=4)
def _order(seed: int, epoch: int, count: int) -> np.ndarray:
    order = np.random.default_rng([seed, ORDER, epoch]).permutation(count)  # [N]
    order.flags.writeable = False
    return order


def batch_at(
    pictures: np.ndarray, step: int, batch_size: int, *, seed: int, flip: bool, part: slice = slice(None)
) -> np.ndarray:
    """Returns the batch of a step, or the `part` of it: uint8 [B, H, W, 3] from uint8 [N, H, W, 3], B <= N.

    The steps walk through an endless row of epochs, each a permutation of all pictures seeded by (seed, epoch); a batch
    may span two of them. With `flip`, each picture is mirrored left to right with probability 1/2, by (seed, step).
    """
    count = len(pictures)
    places = np.arange(step * batch_size, (step + 1) * batch_size)[part]
    epochs, places = np.divmod(places, count)
    indices = np.concatenate([_order(seed, int(e), count)[places[epochs == e]] for e in np.unique(epochs)])  # [B]
    batch = pictures[indices]  # [B, H, W, 3]
    if flip:
        mirrored = (np.random.default_rng([seed, FLIPS, step]).random(batch_size) < 0.5)[part]  # [B]
        batch[mirrored] = batch[mirrored, :, ::-1]
    return batch


def batches(
    pictures: np.ndarray,
    batch_size: int,
    *,
    seed: int,
    flip: bool,
    start: int,
    stop: int,
    process_index: int = 0,
    process_count: int = 1,
) -> Iterator[np.ndarray]:
    """Iterates over the batches of the steps start, ..., stop - 1, prepared in the background.

    Yields uint8 [batch_size / process_count, H, W, 3]: this process's contiguous share of `batch_at`. Starting at any
    step takes the same time. Close the iterator, or drop it, to end the threads early. Raises UsageError for a batch
    that is larger than the training split or that the processes cannot share.
    """
    if not 1 <= batch_size <= len(pictures):
        raise UsageError(
            f"train.batch_size={batch_size} must lie between 1 and the {len(pictures)} pictures of the training split"
        )
    if batch_size % process_count:
        raise UsageError(f"train.batch_size={batch_size} must be a multiple of the {process_count} processes")
    if seed < 0:
        raise UsageError(f"seed={seed} must not be negative")
    share = batch_size // process_count
    part = slice(process_index * share, (process_index + 1) * share)
    return _stream(
        functools.partial(batch_at, pictures, batch_size=batch_size, seed=seed, flip=flip, part=part), start, stop
    )


def _stream(batch_of: Callable[[int], np.ndarray], start: int, stop: int) -> Iterator[np.ndarray]:
    import grain  # here, because it takes seconds to import and those who only read pictures do without it

    options = grain.ReadOptions(num_threads=THREADS, prefetch_buffer_size=READ_AHEAD)
    iterator = iter(grain.MapDataset.range(start, stop).map(batch_of).to_iter_dataset(options))
    try:
        yield from iterator
    finally:
        iterator.close()
