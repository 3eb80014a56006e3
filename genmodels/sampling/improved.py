"""Improved sampling, the deck's "improved WAE": prior codes moved towards fixed points of the autoencoder."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from genmodels.images import unit_to_signed
from genmodels.methods import Method, fixed_point
from genmodels.nets.codec import Weights

MAX_STEPS = 200
CHECK_EVERY = 50  # steps between checks of the stopping rule
TOLERANCE = 0.1  # the descent stops when the batch's loss has changed by less since the last check, relative to it


class Refined(NamedTuple):
    """A batch of refined codes, and the fixed-point errors of their images before and after."""

    codes: jax.Array  # [B, Z]
    before: jax.Array  # [B]
    after: jax.Array  # [B]
    steps: int  # of Adam


def refine(method: Method, weights: Weights, codes: jax.Array, learning_rate: float) -> Refined:
    """Adam on codes [B, Z] alone, at fixed weights, on the error between G(z) and its own reconstruction G(E(G(z))).

    At most MAX_STEPS steps; every CHECK_EVERY it stops when the batch's loss has changed by less than TOLERANCE. It is
    a local refinement: at a learning rate of 1e-3 a coordinate moves about 0.2.
    """
    moved, moments, seen, steps = codes, _adam(learning_rate).init(codes), jnp.inf, 0
    while steps < MAX_STEPS:  # on the host: inside a loop of XLA's, residual nets are four times slower on CPU
        further, moments, loss = _step(method, weights, moved, moments, learning_rate)
        if steps % CHECK_EVERY == 0:
            if steps and abs(seen - loss) < TOLERANCE * seen:
                break
            seen = loss
        moved, steps = further, steps + 1
    return Refined(moved, _errors(method, weights, codes), _errors(method, weights, moved), steps)


@partial(jax.jit, static_argnums=0)
def _step(method: Method, weights: Weights, codes: jax.Array, moments: optax.OptState, learning_rate: float):
    """One step of Adam -> the codes, its moments, and the loss before it."""

    def loss(z):  # a sum, so that a code's path does not depend on the batch size
        return jnp.sum(_errors(method, weights, z))

    value, gradient = jax.value_and_grad(loss)(codes)
    change, moments = _adam(learning_rate).update(gradient, moments)
    return jnp.asarray(optax.apply_updates(codes, change)), moments, value


@partial(jax.jit, static_argnums=0)
def _errors(method: Method, weights: Weights, codes: jax.Array) -> jax.Array:
    generated = method.decode(weights, codes)
    again = method.decode(weights, method.encode(weights, generated))
    return fixed_point.error(unit_to_signed(generated), unit_to_signed(again))  # [B]


def _adam(learning_rate: float) -> optax.GradientTransformation:
    return optax.adam(learning_rate, b1=0.9)
