"""Uncertainty of a mean over images, pairs or sets."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Real
from scipy import stats

FEW = 30  # values: of 10, a bootstrap interval of 95 % covers the mean in 91 % of cases, of 3 in 74 %


class Estimate(NamedTuple):
    """A mean over n values with its interval."""

    mean: float
    low: float
    high: float
    n: int


def interval(values: Real[np.ndarray, "..."], *, seed: int, resamples: int = 1000, level: float = 0.95) -> Estimate:
    """Mean of independent values [N] and its percentile bootstrap interval, the same for the same seed.

    Of less than 30 values it is Student's. Fewer than two values, or values that are not finite, raise ValueError: they
    have no confidence interval. Memory O(N + resamples). Efron and Tibshirani 1993, chapter 13.
    """
    values = np.asarray(values, np.float64)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(f"an interval needs at least 2 values in one dimension, not shape {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError(f"{np.count_nonzero(~np.isfinite(values))} of {len(values)} values are not finite")
    if len(values) < FEW:
        return student(values, level=level)
    low, high = _quantiles(_means(values, np.random.default_rng(seed), resamples), level)
    return Estimate(float(values.mean()), low, high, len(values))


def difference(
    a: Real[np.ndarray, " n"], b: Real[np.ndarray, " m"], *, seed: int, resamples: int = 1000, level: float = 0.95
) -> Estimate:
    """Mean of values a minus that of independent values b, with its bootstrap interval; n is the smaller.

    Of less than 30 values on either side it is Welch's. Efron and Tibshirani 1993, chapter 16: both sets are resampled.
    """
    rng = np.random.default_rng(seed)
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if min(len(a), len(b)) < FEW:
        return welch(a, b, level=level)
    low, high = _quantiles(_means(a, rng, resamples) - _means(b, rng, resamples), level)
    return Estimate(float(a.mean() - b.mean()), low, high, min(len(a), len(b)))


def student(values: Real[np.ndarray, " n"], *, level: float = 0.95) -> Estimate:
    """Mean of at least two values and Student's interval."""
    mean, half = float(np.mean(values)), stats.t.ppf((1 + level) / 2, len(values) - 1) * stats.sem(values)
    return Estimate(mean, float(mean - half), float(mean + half), len(values))


def welch(a: Real[np.ndarray, " n"], b: Real[np.ndarray, " m"], *, level: float = 0.95) -> Estimate:
    """Mean of values a minus that of b, at least two each, with Welch's interval; n is the smaller."""
    mean, errors = float(np.mean(a) - np.mean(b)), np.square([stats.sem(a), stats.sem(b)])
    half = 0.0
    if errors.any():
        freedom = errors.sum() ** 2 / (errors**2 / [len(a) - 1, len(b) - 1]).sum()  # Welch and Satterthwaite
        half = stats.t.ppf((1 + level) / 2, freedom) * np.sqrt(errors.sum())
    return Estimate(mean, float(mean - half), float(mean + half), min(len(a), len(b)))


def _means(
    values: Float64[np.ndarray, " n"], rng: np.random.Generator, resamples: int
) -> Float64[np.ndarray, " {resamples}"]:
    n = len(values)
    return np.array([values[rng.integers(n, size=n)].mean() for _ in range(resamples)])


def _quantiles(means: Float64[np.ndarray, " r"], level: float) -> tuple[float, float]:
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
