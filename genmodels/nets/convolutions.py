"""Convolutions in the forms that each platform is fast at, with their derivatives spelt out.

XLA's compiler for CPUs is up to 20 times slower at a convolution that dilates an operand with zeros, as a transposed
one and the derivatives of a strided one do, and slow at three channels, which fill no vector register. So on a CPU
these are written as ordinary convolutions, on blocks of 2x2 pixels where need be, though that multiplies some zeros. On
accelerators the plain forms take fewer operations and move less memory: see results/performance.md.
"""

import jax
import jax.numpy as jnp
from jax import lax

DIMENSIONS = ("NHWC", "HWIO", "NHWC")


@jax.custom_vjp
def strided(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """Convolution with stride 2: x [B, 2 H, 2 W, C], kernel [5, 5, C, F] -> [B, H, W, F]."""
    return _strided(x, kernel)


@jax.custom_vjp
def transposed(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """Transposed convolution with stride 2: x [B, H, W, C], kernel [5, 5, C, F] -> [B, 2 H, 2 W, F]."""
    return lax.platform_dependent(x, kernel, cpu=_transposed_to_blocks, default=_transposed)


@jax.custom_vjp
def few_channels(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """Convolution with stride 1, zeros outside: x [B, 2 H, 2 W, C], kernel [5, 5, C, F] -> [B, 2 H, 2 W, F]."""
    return lax.platform_dependent(x, kernel, cpu=_same_on_blocks, default=_same)


def _strided_backward(residuals, cotangent):
    x, kernel = residuals
    return transposed(cotangent, _adjoint(kernel)), _kernel_gradient(_strided, x, kernel, cotangent)


def _transposed_backward(residuals, cotangent):
    x, kernel = residuals
    adjoint = _adjoint(kernel)
    return strided(cotangent, adjoint), _adjoint(_kernel_gradient(_strided, cotangent, adjoint, x))


def _few_channels_backward(residuals, cotangent):
    x, kernel = residuals
    of_kernel = lax.platform_dependent(
        x,
        kernel,
        cotangent,
        cpu=lambda *args: _kernel_gradient(_same_on_blocks, *args),
        default=lambda *args: _kernel_gradient(_same, *args),
    )
    return few_channels(cotangent, _adjoint(kernel)), of_kernel


strided.defvjp(lambda x, kernel: (strided(x, kernel), (x, kernel)), _strided_backward)
transposed.defvjp(lambda x, kernel: (transposed(x, kernel), (x, kernel)), _transposed_backward)
few_channels.defvjp(lambda x, kernel: (few_channels(x, kernel), (x, kernel)), _few_channels_backward)


def _strided(x: jax.Array, kernel: jax.Array) -> jax.Array:
    return lax.conv_general_dilated(x, kernel, (2, 2), ((2, 1), (2, 1)), dimension_numbers=DIMENSIONS)


def _same(x: jax.Array, kernel: jax.Array) -> jax.Array:
    return lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=DIMENSIONS)


def _transposed(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """The image spread with zeros between its pixels, then an ordinary convolution."""
    padding = ((2, 3), (2, 3))
    return lax.conv_general_dilated(x, kernel, (1, 1), padding, lhs_dilation=(2, 2), dimension_numbers=DIMENSIONS)


def _transposed_to_blocks(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """A 3x3 convolution to blocks of 2x2 pixels (Shi et al. 2016, arXiv 1609.07009).

    The pixels at one place of their blocks see the same taps of the kernel, every second one in rows and columns.
    """
    taps = [
        jnp.pad(kernel[row::2, column::2], ((row, 0), (column, 0), (0, 0), (0, 0)))
        for row in (0, 1)
        for column in (0, 1)
    ]
    return _from_blocks(_same(x, jnp.concatenate(taps, axis=-1)))


def _same_on_blocks(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """A 3x3 convolution from blocks to blocks of 2x2 pixels, which have four times as many channels."""
    return _from_blocks(_same(_to_blocks(x), _block_kernel(kernel)))


def _kernel_gradient(convolution, x: jax.Array, kernel: jax.Array, cotangent: jax.Array) -> jax.Array:
    """The derivative of a convolution of x in its kernel, [5, 5, C, F]."""
    return jax.vjp(lambda k: convolution(x, k), kernel)[1](cotangent)[0]


def _adjoint(kernel: jax.Array) -> jax.Array:
    """The kernel of the adjoint convolution: turned by 180 degrees, inputs and outputs swapped."""
    return jnp.flip(kernel, (0, 1)).swapaxes(2, 3)


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
