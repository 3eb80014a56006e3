"""Timing of work that devices do asynchronously: each measurement waits for them."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

REPEATS = 5  # measurements, reported as median, least and most


class Times(NamedTuple):
    """Seconds of one piece of work: the median of REPEATS measurements, and their least and most."""

    median: float
    least: float
    most: float


def repeated(work: Callable[[], Any], seconds: float) -> Times:
    """Times `work`, which returns arrays, after it has run once: each measurement runs it for about `seconds`."""
    jax.block_until_ready(work())
    began = time.perf_counter()
    jax.block_until_ready(work())
    runs = max(1, round(seconds / (time.perf_counter() - began)))

    def once() -> float:
        start, last = time.perf_counter(), None
        for _ in range(runs):
            last = work()
        jax.block_until_ready(last)
        return (time.perf_counter() - start) / runs

    return of([once() for _ in range(REPEATS)])


def of(measured: list[float]) -> Times:
    """Median, least and most."""
    return Times(float(np.median(measured)), min(measured), max(measured))


def matmul_peak(dtype: str, seconds: float) -> float:
    """FLOP/s of a product of two large square matrices on one device, the best of three sizes: the reference rate."""
    best = 0.0
    for size in (1024, 2048, 4096) if jax.devices()[0].platform == "cpu" else (4096, 8192, 16384):
        a = jax.random.normal(jax.random.key(0), (size, size)).astype(dtype)
        product = jax.jit(lambda a: jnp.matmul(a, a))
        best = max(best, 2 * size**3 / repeated(lambda a=a, product=product: product(a), seconds).least)
    return best
