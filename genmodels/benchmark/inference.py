"""What a trained model does: encoding, decoding and improved sampling, by how many images go at once."""

import time
from typing import Any

import jax
import ml_collections

from genmodels import methods, sampling
from genmodels.benchmark import plan, timing
from genmodels.model import CHUNK, abstract_weights

AT_ONCE = (CHUNK // 10, CHUNK, 10 * CHUNK)


def measure(config: ml_collections.ConfigDict, seconds: float) -> dict[str, Any]:
    """Images encoded and decoded a second, and bytes of device memory, for each of AT_ONCE; any weights will do.

    Also the steps of a code that improved sampling takes in a second, CHUNK codes at once, and on a device that tells
    its memory how many images fit it at once, by the memory of the two largest of AT_ONCE.
    """
    method = methods.make(config)
    weights = _weights(method, config)
    rows = [_row(method, weights, config, size, seconds) for size in AT_ONCE]
    codes = jax.random.normal(jax.random.key(0), (CHUNK, config.model.latent))

    def descend() -> sampling.Refined:
        return jax.block_until_ready(sampling.refine(method, weights, codes, config.optim.learning_rate))

    steps = int(descend().steps)  # and its program is compiled
    began = time.perf_counter()
    descend()
    refining = time.perf_counter() - began  # once: a descent is long enough
    limit = (jax.local_devices()[0].memory_stats() or {}).get("bytes_limit")
    first, second = ((row["at_once"], row["device_bytes"]) for row in rows[-2:])
    return {
        "by_size": rows,
        "refine_steps": CHUNK * steps / refining,
        "largest": limit and plan.largest_batch(limit, first, second, config.image_size),
    }


def _row(
    method: methods.Method, weights: Any, config: ml_collections.ConfigDict, size: int, seconds: float
) -> dict[str, Any]:
    images_key, codes_key = jax.random.split(jax.random.key(0))
    images = jax.random.uniform(images_key, (size, config.image_size, config.image_size, 3))
    codes = jax.random.normal(codes_key, (size, config.model.latent))
    row: dict[str, Any] = {"at_once": size, "device_bytes": 0}
    for name, function, given in (("encode", method.encode, images), ("decode", method.decode, codes)):
        program = jax.jit(function).lower(weights, given).compile()
        row["device_bytes"] = max(row["device_bytes"], plan.device_bytes(program))
        work = timing.repeated(lambda program=program, given=given: program(weights, given), seconds)
        row[name] = size / work.median
    return row


def _weights(method: methods.Method, config: ml_collections.ConfigDict) -> Any:
    """Small positive numbers in place of a model's weights: variances among them must not be negative."""
    abstract = abstract_weights(method, config)
    keys = iter(jax.random.split(jax.random.key(0), len(jax.tree.leaves(abstract))))
    return jax.tree.map(lambda leaf: 0.05 * jax.random.normal(next(keys), leaf.shape, leaf.dtype) ** 2, abstract)
