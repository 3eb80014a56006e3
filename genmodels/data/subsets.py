"""Which images of a split stand for it: the beginning of one seeded permutation, never the first files of a folder."""

import numpy as np

SUBSETS = 2  # a random stream of its own, beside those of the batches


def indices(length: int, count: int, *, seed: int = 0) -> np.ndarray:
    """The first `count` places of a permutation of range(length), all where it has fewer: int64 [min(count, length)].

    A smaller count gives the beginning of what a larger one gives.
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
