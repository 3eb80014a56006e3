"""Lines between codes."""

import functools

import jax
import jax.numpy as jnp


@functools.partial(jax.jit, static_argnames="num")
def lerp(a: jax.Array, b: jax.Array, num: int) -> jax.Array:
    """Straight lines [N, num, Z] from codes a to codes b [N, Z], ends included and exact."""
    t = jnp.linspace(0, 1, num)[None, :, None]
    return (1 - t) * a[:, None] + t * b[:, None]


@functools.partial(jax.jit, static_argnames="num")
def slerp(a: jax.Array, b: jax.Array, num: int) -> jax.Array:
    """Great-circle lines [N, num, Z] from codes a to codes b [N, Z], ends included and exact.

    Shoemake 1985, for codes as in White 2016: the angle is that of the directions, the norms are blended. Codes that
    are parallel or opposite have no one great circle and get a straight line.
    """
    t = jnp.linspace(0, 1, num)[None, :, None]
    unit_a, unit_b = (z / jnp.maximum(jnp.linalg.norm(z, axis=1, keepdims=True), 1e-12) for z in (a, b))
    apart, together = (jnp.linalg.norm(z, axis=1)[:, None, None] for z in (unit_a - unit_b, unit_a + unit_b))
    angle = 2 * jnp.arctan2(apart, together)  # [N, 1, 1]; accurate at both ends, unlike arccos of the cosine
    straight = jnp.sin(angle) < 1e-4
    sine = jnp.where(straight, 1, jnp.sin(angle))
    arc = (jnp.sin((1 - t) * angle) * a[:, None] + jnp.sin(t * angle) * b[:, None]) / sine
    arc = arc.at[:, 0].set(a).at[:, -1].set(b)
    return jnp.where(straight, lerp(a, b, num), arc)
