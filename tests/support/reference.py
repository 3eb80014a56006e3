"""What the second implementations of the training steps share, and the distance between two steps."""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax

from tests.support import tiny


class Expected(NamedTuple):
    """What a step should give: its metrics but the norms, and the parameters of the nets that it updates, by net."""

    metrics: dict[str, float]
    params: dict[str, Any]


@dataclasses.dataclass(frozen=True, eq=False)
class Reference:
    """One phase of one method, written a second time from its formulas."""

    method: str
    phase: str
    expected_step: Callable[..., Expected]
    """(run, state, images, key, fault=None), `fault` one of `faults`."""
    faults: tuple[str, ...]
    """Wrong versions of the step that a test must tell from the right one."""
    players: Mapping[str, tuple[str, ...]]
    """The phase's optimisers, and the nets that each of them updates."""
    fields: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Fields of the config, by dotted name, that differ from the tiny one's."""

    def __str__(self) -> str:
        return "-".join([self.method, self.phase, *map(str, self.fields.values())])


def nets(name: str) -> tuple[Callable, Callable]:
    """The encoder and the decoder of the tiny method `name`, as `in_training` gives them."""
    encoder, decoder = tiny.nets(name)
    return in_training(encoder), in_training(decoder)


@functools.cache  # methods with equal nets share the compiled ones
def in_training(net: nn.Module) -> Callable:
    """(params, x) -> the net's output with BatchNorm on the statistics of x."""
    return jax.jit(lambda params, x: net.apply({"params": params}, x, train=True, mutable=["batch_stats"])[0])


def adam(config, rate: float, eps: float = 1e-8, first: int = 0) -> optax.GradientTransformation:
    """optax's Adam at a learning rate that falls from `rate`, at step `first`, to rate / decay."""
    return _adam(rate, config.optim.decay, config.train.steps - first, config.optim.b1, config.optim.b2, eps)


@functools.cache  # equal ones must be one object: `moved` recompiles for each
def _adam(rate: float, decay: float, steps: int, b1: float, b2: float, eps: float) -> optax.GradientTransformation:
    return optax.adam(lambda step: rate * decay ** (-step / steps), b1=b1, b2=b2, eps=eps)


@functools.partial(jax.jit, static_argnums=0)
def moved(optimiser: optax.GradientTransformation, gradient, moments, params):
    """The parameters after one step of an optimiser, and its new state."""
    change, moments = optimiser.update(gradient, moments, params)
    return jax.tree.map(jnp.add, params, change), moments


def gap(before: dict, after: dict, expected: dict) -> float:
    """The distance between two steps from the same parameters, in units of the step's length, for the worst net."""
    return max(distance(after[net], expected[net]) / distance(after[net], before[net]) for net in expected)


def distance(a, b) -> float:
    """The Euclidean distance between two trees of arrays."""
    leaves = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return float(np.sqrt(sum(np.sum(np.square(np.asarray(x, np.float64) - np.asarray(y))) for x, y in leaves)))


def frozen(state, player: str):
    """The state with infinite second moments for one player, so that its Adam updates nothing."""
    adam_state, *rest = state.optimisers[player]
    still = adam_state._replace(nu=jax.tree.map(lambda x: np.full_like(x, np.inf), adam_state.nu))
    return state.replace(optimisers=state.optimisers | {player: (still, *rest)})


def equal(a, b) -> bool:
    """Whether two trees of arrays are equal bit for bit."""
    return jax.tree.all(jax.tree.map(np.array_equal, a, b))


def posterior(features) -> tuple[jax.Array, jax.Array]:
    """The mean and the log variance of q(z|x), from an encoder's outputs."""
    return features[:, : tiny.LATENT], jnp.clip(features[:, tiny.LATENT :], -10, 10)


def divergence(q) -> jax.Array:
    """KL(q(z|x) || N(0, I)) of each image."""
    mean, logvar = q
    return 0.5 * jnp.sum(jnp.square(mean) + jnp.exp(logvar) - 1 - logvar, 1)
