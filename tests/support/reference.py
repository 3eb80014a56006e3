"""What the second implementations of the training steps share, and how far two steps are apart."""

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
    return optax.adam(lambda step: rate * optim.decay ** (-step / config.train.steps), b1=optim.b1, b2=optim.b2)


def moved(optimiser: optax.GradientTransformation, gradient, moments, params):
    """The parameters after one step of an optimiser, and its new state."""
    change, moments = jax.jit(optimiser.update)(gradient, moments, params)
    return jax.tree.map(jnp.add, params, change), moments


def gap(before: dict, after: dict, expected: dict) -> float:
    """The distance of two steps from the same parameters in units of the step's length, for the net that fits worst."""
    return max(distance(after[net], expected[net]) / distance(after[net], before[net]) for net in expected)


def distance(a, b) -> float:
    """The Euclidean distance of two trees of arrays."""
    leaves = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return float(np.sqrt(sum(np.sum(np.square(np.asarray(x, np.float64) - np.asarray(y))) for x, y in leaves)))


def frozen(state, player: str):
    """The state with infinite second moments for one player: its Adam then moves nothing."""
    adam_state, *rest = state.optimisers[player]
    still = adam_state._replace(nu=jax.tree.map(lambda x: jnp.full_like(x, jnp.inf), adam_state.nu))
    return state.replace(optimisers=state.optimisers | {player: (still, *rest)})


def equal(a, b) -> bool:
    """Whether two trees of arrays are equal bit for bit."""
    return jax.tree.all(jax.tree.map(lambda x, y: bool(jnp.array_equal(x, y)), a, b))
