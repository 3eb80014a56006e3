"""What the second implementations of a training step share, and how far two steps are apart."""

from collections.abc import Callable

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax


def in_training(net: nn.Module) -> Callable:
    """(params, x) -> the net's output with BatchNorm on the statistics of x."""
    return jax.jit(lambda params, x: net.apply({"params": params}, x, train=True, mutable=["batch_stats"])[0])


def adam(config, rate: float) -> optax.GradientTransformation:
    """optax's Adam at a rate that falls from `rate` to rate / decay."""
    optim = config.optim
    schedule = lambda step: rate * optim.decay ** (-step / config.train.steps)  # noqa: E731
    return optax.adam(schedule, b1=optim.b1, b2=optim.b2, eps=1e-8)


def moved(optimiser: optax.GradientTransformation, gradient, moments, params):
    """The parameters after one step of an optimiser, and its new state."""
    change, moments = jax.jit(optimiser.update)(gradient, moments, params)
    return jax.tree.map(jnp.add, params, change), moments


def gap(before: dict, after: dict, expected: dict) -> float:
    """The distance of two steps from the same parameters in units of the step's length, of the net that fits worst."""
    return max(_norm(after[net], expected[net]) / _norm(after[net], before[net]) for net in expected)


def _norm(a, b) -> float:
    leaves = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return float(np.sqrt(sum(np.sum(np.square(np.asarray(x, np.float64) - np.asarray(y))) for x, y in leaves)))
