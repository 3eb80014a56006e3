"""Convolutions in the forms that are fast, with their derivatives spelt out."""

import jax
import jax.numpy as jnp
from jax import lax

DIMENSIONS = ("NHWC", "HWIO", "NHWC")


# The two convolutions are each other's adjoint. Their derivatives are spelt out as such, and the transposed one as an
# ordinary convolution, because XLA's own forms, which dilate an operand with zeros, are up to 20 times slower on CPU.


@jax.custom_vjp
def strided(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """Convolution with stride 2: x [B, 2 H, 2 W, C], kernel [5, 5, C, F] -> [B, H, W, F]."""
    return _strided(x, kernel)


@jax.custom_vjp
def transposed(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """Transposed convolution with stride 2: x [B, H, W, C], kernel [5, 5, C, F] -> [B, 2 H, 2 W, F].

    A 3x3 convolution to blocks of 2x2 pixels: the pixels at one place of their blocks see the same taps of the kernel,
    every second one in rows and columns (Shi et al. 2016, arXiv 1609.07009).
    """
    taps = [
        jnp.pad(kernel[row::2, column::2], ((row, 0), (column, 0), (0, 0), (0, 0)))
        for row in (0, 1)
        for column in (0, 1)
    ]
    return _from_blocks(_same(x, jnp.concatenate(taps, axis=-1)))


def _strided(x: jax.Array, kernel: jax.Array) -> jax.Array:
    return lax.conv_general_dilated(x, kernel, (2, 2), ((2, 1), (2, 1)), dimension_numbers=DIMENSIONS)


def _kernel_gradient(x: jax.Array, kernel: jax.Array, cotangent: jax.Array) -> jax.Array:
    """The derivative of `strided` in its kernel, [5, 5, C, F]."""
    return jax.vjp(lambda k: _strided(x, k), kernel)[1](cotangent)[0]


def _adjoint(kernel: jax.Array) -> jax.Array:
    """The kernel of the adjoint convolution: turned by 180 degrees, inputs and outputs swapped."""
    return jnp.flip(kernel, (0, 1)).swapaxes(2, 3)


def _strided_backward(residuals, cotangent):
    x, kernel = residuals
    return transposed(cotangent, _adjoint(kernel)), _kernel_gradient(x, kernel, cotangent)


def _transposed_backward(residuals, cotangent):
    x, kernel = residuals
    adjoint = _adjoint(kernel)
    return strided(cotangent, adjoint), _adjoint(_kernel_gradient(cotangent, adjoint, x))


strided.defvjp(lambda x, kernel: (strided(x, kernel), (x, kernel)), _strided_backward)
transposed.defvjp(lambda x, kernel: (transposed(x, kernel), (x, kernel)), _transposed_backward)


# Three channels fill no vector register: on CPU a convolution to or from them is faster on blocks of 2x2 pixels, whose
# four times as many channels do, though it multiplies some zeros. In a loop XLA's own derivative of the plain one took
# two fifths of the time of improved sampling.


@jax.custom_vjp
def on_blocks(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """Convolution with stride 1, zeros outside: x [B, 2 H, 2 W, C], kernel [5, 5, C, F] -> [B, 2 H, 2 W, F]."""
    return _on_blocks(x, kernel)


def _on_blocks(x: jax.Array, kernel: jax.Array) -> jax.Array:
    return _from_blocks(_same(_to_blocks(x), _block_kernel(kernel)))


def _same(x: jax.Array, kernel: jax.Array) -> jax.Array:
    return lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=DIMENSIONS)


def _to_blocks(x: jax.Array) -> jax.Array:
    """[B, 2 H, 2 W, C] -> [B, H, W, 4 C], the four pixels of a block row by row."""
    batch, height, width, channels = x.shape
    blocks = x.reshape(batch, height // 2, 2, width // 2, 2, channels).transpose(0, 1, 3, 2, 4, 5)
    return blocks.reshape(batch, height // 2, width // 2, 4 * channels)


def _from_blocks(blocks: jax.Array) -> jax.Array:
    """The inverse of `_to_blocks`."""
    batch, height, width, channels = blocks.shape
    x = blocks.reshape(batch, height, width, 2, 2, channels // 4).transpose(0, 1, 3, 2, 4, 5)
    return x.reshape(batch, 2 * height, 2 * width, channels // 4)


def _block_kernel(kernel: jax.Array) -> jax.Array:
    """The same convolution from blocks to blocks: [5, 5, C, F] -> [3, 3, 4 C, 4 F]; a block's rows come first."""
    channels, features = kernel.shape[2:]
    parts = []
    for row in (0, 1):
        for column in (0, 1):
            # From the output pixel at this place of its block the taps reach over five of the six rows of three blocks.
            taps = jnp.pad(kernel, ((row, 1 - row), (column, 1 - column), (0, 0), (0, 0)))
            taps = taps.reshape(3, 2, 3, 2, channels, features).transpose(0, 2, 1, 3, 4, 5)
            parts.append(taps.reshape(3, 3, 4 * channels, features))
    return jnp.concatenate(parts, axis=-1)


def _on_blocks_backward(residuals, cotangent):
    x, kernel = residuals
    return _on_blocks(cotangent, _adjoint(kernel)), jax.vjp(lambda k: _on_blocks(x, k), kernel)[1](cotangent)[0]


on_blocks.defvjp(lambda x, kernel: (_on_blocks(x, kernel), (x, kernel)), _on_blocks_backward)
