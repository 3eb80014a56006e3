"""Measures of size and speed, after compiling, on this machine's default device; those of training are of its log."""

import time
from collections.abc import Callable
from operator import attrgetter

import jax
import jax.numpy as jnp

from genmodels.evaluation.measures.measure import Measure
from genmodels.model import Model

TIMED = 1_000  # images encoded and decoded against the clock


def _encoding(model: Model) -> float:
    size = model.config.image_size
    return _seconds(model.encode, jnp.zeros((TIMED, size, size, 3)))


def _decoding(model: Model) -> float:
    return _seconds(model.decode, jnp.zeros((TIMED, model.config.model.latent)))


def _seconds(function: Callable[[jax.Array], jax.Array], x: jax.Array) -> float:
    jax.block_until_ready(function(x))
    began = time.perf_counter()
    jax.block_until_ready(function(x))
    return time.perf_counter() - began


MEASURES = [
    Measure("speed parameters", "parameters", function=attrgetter("parameters"), table="speed"),
    Measure("training images_per_s", "training, images/s", table="speed"),
    Measure("training seconds", "training, s", table="speed"),
    Measure("training steps", "steps", table="speed"),
    Measure("training batch_size", "batch", table="speed"),
    Measure("speed encode_1000_s", "encode 1,000, s", 2, "", _encoding, table="speed"),
    Measure("speed decode_1000_s", "decode 1,000, s", 2, "", _decoding, table="speed"),
    Measure("speed device", function=lambda _: jax.devices()[0].device_kind),
]
