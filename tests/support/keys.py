"""Whether random keys are used once."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
import pytest

from genmodels import metrics

CONSUMERS = [
    *((jax.random, name) for name in ("normal", "truncated_normal", "uniform", "permutation", "split")),
    (metrics, "least_gaussian_plane"),  # compiled: what it does with its key cannot be watched
]


@contextlib.contextmanager
def used_once() -> Iterator[None]:
    """Fails where a key is given to two functions, or folded twice with the same number.

    jax's own check, jax_debug_key_reuse, compiles everything again and does not see that a key was folded.
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
    """Inside a compiled program there is only a stand-in for a key."""
    return (
        isinstance(x, jax.Array)
        and not isinstance(x, jax.core.Tracer)
        and jax.dtypes.issubdtype(x.dtype, jax.dtypes.prng_key)
    )
