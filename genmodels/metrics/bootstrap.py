"""Uncertainty of a mean over pictures or pairs."""

from typing import NamedTuple

import numpy as np


class Estimate(NamedTuple):
    """A mean over n values with its interval."""

    mean: float
    low: float
    high: float
    n: int


def interval(values: np.ndarray, *, seed: int, resamples: int = 1000, level: float = 0.95) -> Estimate:
    """Mean of independent values [N] and its percentile bootstrap interval, the same for the same seed.

    Fewer than two values, or values that are not finite, raise ValueError: they have no interval.
    Memory O(N + resamples). Efron and Tibshirani 1993, chapter 13.
    """
    values = np.asarray(values, np.float64)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(f"a bootstrap needs at least 2 values in one dimension, not an array of shape {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError(f"{np.count_nonzero(~np.isfinite(values))} of {len(values)} values are not finite")
    rng, n = np.random.default_rng(seed), len(values)
    means = [values[rng.integers(n, size=n)].mean() for _ in range(resamples)]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(float(values.mean()), float(low), float(high), n)
