"""Improved sampling, the deck's "improved WAE": prior codes moved to where the autoencoder keeps its own image."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from genmodels.images import unit_to_signed
from genmodels.methods import Method, fixed_point
from genmodels.nets.codec import Weights

MAX_STEPS = 200
CHECK_EVERY = 50  # steps between looks at the stop rule
TOLERANCE = 0.1  # relative change of the batch's loss since the last look under which the descent stops


class Refined(NamedTuple):
    """Where a batch of codes came to, and the fixed-point errors of their images at the start and there."""

    codes: jax.Array  # [B, Z]
    before: jax.Array  # [B]
    after: jax.Array  # [B]
    steps: jax.Array  # [], of Adam


class _Descent(NamedTuple):
    codes: jax.Array
    moments: optax.OptState
    step: jax.Array
    loss: jax.Array  # at the last look
    settled: jax.Array  # [] bool


@partial(jax.jit, static_argnums=0)
def refine(method: Method, weights: Weights, codes: jax.Array, learning_rate: float) -> Refined:
    """Adam on codes [B, Z] alone, at fixed weights, on the error between G(z) and its own reconstruction G(E(G(z))).

    At most MAX_STEPS steps; every CHECK_EVERY it stops when the batch's loss has changed by less than TOLERANCE. It is
    a local refinement: at a rate of 1e-3 a coordinate moves about 0.2. One while-loop on the device, stop included.
    """
    adam = optax.adam(learning_rate, b1=0.9)

    def errors(z):
        generated = method.decode(weights, z)
        again = method.decode(weights, method.encode(weights, generated))
        return fixed_point.error(unit_to_signed(generated), unit_to_signed(again))  # [B]

    def loss(z):  # a sum, so that a code's way does not depend on how many others there are
        return jnp.sum(errors(z))

    def unsettled(at: _Descent):
        return (at.step < MAX_STEPS) & ~at.settled

    def step(at: _Descent) -> _Descent:
        value, gradient = jax.value_and_grad(loss)(at.codes)
        change, moments = adam.update(gradient, at.moments)
        looks = (at.step > 0) & (at.step % CHECK_EVERY == 0)
        settled = looks & (jnp.abs(at.loss - value) < TOLERANCE * at.loss)
        seen = jnp.where(looks | (at.step == 0), value, at.loss)
        codes = jnp.where(settled, at.codes, jnp.asarray(optax.apply_updates(at.codes, change)))
        return _Descent(codes, moments, at.step + jnp.where(settled, 0, 1), seen, settled)

    start = _Descent(codes, adam.init(codes), jnp.zeros((), jnp.int32), jnp.zeros(()), jnp.zeros((), bool))
    end = jax.lax.while_loop(unsettled, step, start)
    return Refined(end.codes, errors(codes), errors(end.codes), end.step)
