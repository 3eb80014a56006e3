"""What a caller hands to a model, checked: each fault is one ValueError that says what came and what is expected."""

import operator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

TOLERANCE = 1e-3  # beyond [0, 1], for what arithmetic in half precision does to 0 and 1: a quarter of a grey level


def images(x: Any, size: int) -> np.ndarray | jax.Array:
    """A batch of images [N, size, size, 3], uint8 or floats in [0, 1]; one image [size, size, 3] is a batch of one.

    Takes arrays of numpy and jax and what numpy makes an array of: lists of images, PIL images. While jax traces (in
    jax.jit, jax.grad) there are no values to check, shapes and types are. Raises ValueError.
    """
    found = _array(x, "images")
    batch = found[None] if found.ndim == 3 else found
    if batch.shape[1:] != (size, size, 3) or batch.ndim != 4:
        raise ValueError(
            f"images are [N, {size}, {size}, 3] for this model, or one [{size}, {size}, 3], not {list(found.shape)}: "
            + _remedy(found.shape, size)
        )
    if batch.dtype == np.uint8:
        return batch
    if not jnp.issubdtype(batch.dtype, jnp.floating):
        raise ValueError(f"images are uint8 (0 to 255) or floats in [0, 1], not {batch.dtype}: convert them.")
    if len(batch) and not isinstance(batch, Tracer):
        low, high = float(batch.min()), float(batch.max())  # NaN if any value is
        if not (low >= -TOLERANCE and high <= 1 + TOLERANCE):
            raise ValueError(
                f"images are floats in [0, 1] or uint8 (0 to 255), not {batch.dtype} from {low:.4g} to {high:.4g}: "
                "clip or rescale them."
            )
    return batch


def codes(z: Any, latent: int) -> jax.Array:
    """Codes as float32 [N, latent]; one code [latent] is a batch of one. Raises ValueError."""
    found = _array(z, "codes")
    batch = found[None] if found.ndim == 1 else found
    if batch.ndim != 2 or batch.shape[1] != latent:
        raise ValueError(f"codes are [N, {latent}] for this model, or one [{latent}], not {list(found.shape)}.")
    if not (jnp.issubdtype(batch.dtype, jnp.floating) or jnp.issubdtype(batch.dtype, jnp.integer)):
        raise ValueError(f"codes are real numbers, not {batch.dtype}.")
    batch = jnp.asarray(batch, jnp.float32)
    if not isinstance(batch, Tracer) and not jnp.isfinite(batch).all():
        raise ValueError("codes are finite numbers: these have NaN or infinity among them.")
    return batch


def prior(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """Codes from N(0, I), float32 of this shape. Raises ValueError unless `key` is one random key."""
    try:
        return jax.random.normal(key, shape)
    except (TypeError, ValueError) as error:
        raise ValueError(f"key={_brief(key)} is not one random key: give jax.random.key(0), for one.") from error


def whole(name: str, number: Any, least: int) -> int:
    """`number`, which is called `name`, as an int; raises ValueError unless it is whole and at least `least`."""
    try:
        found = operator.index(number)
    except TypeError as error:
        raise ValueError(f"{name}={_brief(number)} is not a whole number: give an int of at least {least}.") from error
    if found < least:
        raise ValueError(f"{name}={found} is too small: give at least {least}.")
    return found


def _brief(value: Any) -> str:
    """A value in a message: on one line, and not all of an array."""
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
        raise ValueError(f"{what} of type {type(x).__name__} do not make one array: {reason}") from error
    if found.dtype.kind in "OSUMm":
        raise ValueError(f"{what} are arrays of numbers, not {type(x).__name__} ({found.dtype}).")
    return found


def _remedy(shape: tuple[int, ...], size: int) -> str:
    """What is likely to be wrong with images of this shape."""
    if len(shape) >= 3 and shape[-3] == 3 and shape[-1] != 3:
        return "channels come last, np.moveaxis(x, -3, -1)."
    if shape[-2:] == (size, size) or shape[-3:] == (size, size, 1):
        return "make grey images colour, by repeating the one channel three times."
    if shape[-3:] == (size, size, 4):
        return "leave alpha out, x[..., :3]."
    if len(shape) in (3, 4) and shape[-1:] == (3,):
        return f"crop and resize them to {size} x {size} pixels."
    return "give one batch of colour images."
