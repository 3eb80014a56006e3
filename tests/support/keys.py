"""Checks that random keys are used only once."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
import pytest

from genmodels import metrics

CONSUMERS = [
    *((jax.random, name) for name in ("normal", "truncated_normal", "uniform", "permutation", "split")),
    (metrics, "least_gaussian_plane"),  # compiled: its use of the key cannot be observed
]


@contextlib.contextmanager
def used_once() -> Iterator[None]:
    """Fails if a key is passed to two functions, or folded twice with the same number.

    jax's own check, jax_debug_key_reuse, recompiles everything and does not notice fold_in.
    """
    consumed, folded = set(), {}

    def consume(key: bytes, *_) -> None:
        assert key not in consumed | folded.keys()
        consumed.add(key)

    def fold(key: bytes, number: Any) -> None:
        assert key not in consumed
        assert int(number) not in folded.setdefault(key, set())
        folded[key].add(int(number))

    with pytest.MonkeyPatch.context() as patch:
        for module, name in CONSUMERS:
            patch.setattr(module, name, _watched(getattr(module, name), consume))
        patch.setattr(jax.random, "fold_in", _watched(jax.random.fold_in, fold))
        yield


def _watched(function: Callable, note: Callable) -> Callable:
    def call(*args, **kwargs):
        for i, arg in enumerate(args):
            if _is_key(arg):
                note(np.asarray(jax.random.key_data(arg)).tobytes(), *args[i + 1 :])
        return function(*args, **kwargs)

    return call


def _is_key(x: Any) -> bool:
    """Whether x is a concrete key: inside a compiled program there are only tracers."""
    return (
        isinstance(x, jax.Array)
        and not isinstance(x, jax.core.Tracer)
        and jax.dtypes.issubdtype(x.dtype, jax.dtypes.prng_key)
    )
