"""Checks of a model's inputs: each failure is a ValueError that says what was given and what is expected."""

import operator
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

TOLERANCE = 1e-3  # outside [0, 1], for rounding in half precision: a quarter of a grey level


def images(x: Any, size: int) -> np.ndarray | jax.Array:
    """A batch of images [N, size, size, 3], uint8 or floats in [0, 1]; one image [size, size, 3] is a batch of one.

    Accepts numpy and jax arrays and what numpy can convert: lists of images, PIL images. While jax is tracing (in
    jax.jit, jax.grad) only shapes and dtypes can be checked. Raises ValueError.
    """
    found = _array(x, "images")
    batch = found[None] if found.ndim == 3 else found
    if batch.shape[1:] != (size, size, 3) or batch.ndim != 4:
        raise ValueError(
            f"images must be [N, {size}, {size}, 3] for this model, or one [{size}, {size}, 3], "
            f"not {list(found.shape)}: {_remedy(found.shape, size)}"
        )
    if batch.dtype == np.uint8:
        return batch
    if not jnp.issubdtype(batch.dtype, jnp.floating):
        raise ValueError(f"images must be uint8 (0 to 255) or floats in [0, 1], not {batch.dtype}: convert them.")
    if len(batch) and not isinstance(batch, Tracer):
        low, high = float(batch.min()), float(batch.max())  # NaN if any value is
        if not (low >= -TOLERANCE and high <= 1 + TOLERANCE):
            raise ValueError(
                f"images must be floats in [0, 1] or uint8 (0 to 255), not {batch.dtype} from {low:.4g} to {high:.4g}: "
                "clip or rescale them."
            )
    return batch


def codes(z: Any, latent: int) -> jax.Array:
    """Codes as float32 [N, latent]; one code [latent] is a batch of one. Raises ValueError."""
    found = _array(z, "codes")
    batch = found[None] if found.ndim == 1 else found
    if batch.ndim != 2 or batch.shape[1] != latent:
        raise ValueError(f"codes must be [N, {latent}] for this model, or one [{latent}], not {list(found.shape)}.")
    if not (jnp.issubdtype(batch.dtype, jnp.floating) or jnp.issubdtype(batch.dtype, jnp.integer)):
        raise ValueError(f"codes must be real numbers, not {batch.dtype}.")
    batch = jnp.asarray(batch, jnp.float32)
    if not isinstance(batch, Tracer) and not jnp.isfinite(batch).all():
        raise ValueError("codes must be finite numbers: these contain NaN or infinity.")
    return batch


def drawn(key: jax.Array, draw: Callable[[jax.Array], jax.Array]) -> jax.Array:
    """draw(key), of a function that needs one random key. Raises ValueError unless `key` is a single one."""
    try:
        return draw(key)
    except (TypeError, ValueError) as error:
        raise ValueError(f"key={_brief(key)} is not a single random key: pass jax.random.key(0), say.") from error


def whole(name: str, number: Any, least: int) -> int:
    """`number`, called `name` in messages, as an int; raises ValueError unless it is an integer of at least `least`."""
    try:
        found = operator.index(number)
    except TypeError as error:
        raise ValueError(f"{name}={_brief(number)} must be an integer of at least {least}.") from error
    if found < least:
        raise ValueError(f"{name}={found} must be at least {least}.")
    return found


def _brief(value: Any) -> str:
    """A value for a message: on one line, and shortened if it is long."""
    text = " ".join(repr(value).split())
    return text if len(text) < 40 else f"{text[:30]}..."


def _array(x: Any, what: str) -> np.ndarray | jax.Array:
    if isinstance(x, jax.Array):
        return x
    if np.ma.is_masked(x):
        raise ValueError(f"{what} have masked values: fill them in first.")
    try:
        found = np.asarray(x)
    except Exception as error:  # lists of unequal shapes, tensors of other libraries on other devices
        reason = str(error).partition("\n")[0]
        raise ValueError(f"{what} of type {type(x).__name__} cannot be converted to one array: {reason}") from error
    if found.dtype.kind in "OSUMm":
        raise ValueError(f"{what} must be arrays of numbers, not {type(x).__name__} ({found.dtype}).")
    return found


def _remedy(shape: tuple[int, ...], size: int) -> str:
    """What is likely to be wrong with images of this shape."""
    if len(shape) >= 3 and shape[-3] == 3 and shape[-1] != 3:
        return "move the channels last, np.moveaxis(x, -3, -1)."
    if shape[-2:] == (size, size) or shape[-3:] == (size, size, 1):
        return "make grey images colour by repeating the channel three times."
    if shape[-3:] == (size, size, 4):
        return "drop the alpha channel, x[..., :3]."
    if len(shape) in (3, 4) and shape[-1:] == (3,):
        return f"crop and resize them to {size} x {size} pixels."
    return "pass one batch of colour images."
