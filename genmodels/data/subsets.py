"""Which images represent a split: the start of one seeded permutation, never the first files of a folder."""

import numpy as np

SUBSETS = 2  # a random stream of its own, independent of those of the batches


def indices(length: int, count: int, *, seed: int = 0) -> np.ndarray:
    """The first `count` places, at most all, of a permutation of range(length): int64 [min(count, length)].

    A smaller count gives the start of what a larger one gives.
    """
    if count < 0:
        raise ValueError(f"count={count} must not be negative")
    return np.random.default_rng([seed, SUBSETS]).permutation(length)[:count]


def sampled(split: np.ndarray, count: int, *, seed: int = 0) -> np.ndarray:
    """A seeded random subset of a split, [min(count, N), ...] of [N, ...], in the order of `indices`.

    Of a memory map only these rows are read, front to back. The result is a copy that may be changed.
    """
    chosen = indices(len(split), count, seed=seed)
    forward = np.argsort(chosen)
    rows = np.empty((len(chosen), *split.shape[1:]), split.dtype)
    rows[forward] = split[chosen[forward]]
    return rows
