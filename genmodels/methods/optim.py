"""Adam for each player, its schedule, and averaged weights."""

from typing import Any

import jax
import jax.numpy as jnp
import ml_collections
import optax

Metrics = dict[str, jax.Array]


EPS = 1e-8  # Adam's epsilon, as published: what is added to the root of the second moment


def adam(
    learning_rate: float, b1: float, b2: float, decay: float, steps: int, eps: float = EPS
) -> optax.GradientTransformation:
    """Adam whose learning rate decays exponentially from `learning_rate` to `learning_rate / decay` over `steps`."""
    schedule = optax.exponential_decay(learning_rate, transition_steps=max(steps, 1), decay_rate=1 / decay)
    return optax.adam(schedule, b1=b1, b2=b2, eps=eps)


def of(
    config: ml_collections.ConfigDict, learning_rate: float, eps: float = EPS, first: int = 0
) -> optax.GradientTransformation:
    """The Adam that config.optim describes, with a player's learning rate, whose first update is at step `first`."""
    steps = config.train.steps - first
    return adam(learning_rate, config.optim.b1, config.optim.b2, config.optim.decay, steps, eps)


def update(
    optimiser: optax.GradientTransformation, name: str, gradient: Any, state: optax.OptState, params: Any
) -> tuple[Any, optax.OptState, Metrics]:
    """One player's update -> its new parameters, its optimiser's new state, and the norms under the player's name."""
    change, state = optimiser.update(gradient, state, params)
    norms = {
        f"norm/gradient_{name}": optax.tree.norm(gradient),
        f"norm/parameters_{name}": optax.tree.norm(params),
        f"norm/update_{name}": optax.tree.norm(change),
    }
    return optax.apply_updates(params, change), state, norms


def average(ema: Any, params: Any, decay: float) -> Any:
    """The exponential moving average of parameters, decay * ema + (1 - decay) * params; stays empty when off."""
    if not ema:
        return ema
    kept = {name: params[name] for name in ema}
    return jax.tree.map(lambda old, new: decay * old + (1 - decay) * new, ema, kept)


def start_average(params: Any, decay: float) -> Any:
    """The average's first value: a copy of the encoder's and decoder's parameters, or {} when `decay` is 0."""
    return {name: jax.tree.map(jnp.copy, params[name]) for name in ("encoder", "decoder")} if decay else {}
