"""Convolutions in the form that is fast on each platform, with explicit derivatives.

XLA's compiler for CPUs is up to 20 times slower at a convolution that dilates an operand with zeros, as a transposed
one and the derivatives of a strided one do, and slow at three channels, too few for a vector register. So on a CPU
these are written as ordinary convolutions: a transposed one by the position of its output pixels, one of few channels
on blocks of 2x2 pixels, though that multiplies some zeros. On accelerators the plain forms are as good or better: see
results/performance.md.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Float

from genmodels.arrays import AnyArray

DIMENSIONS = ("NHWC", "HWIO", "NHWC")


@jax.custom_vjp
def strided(x: Float[AnyArray, "b h w c"], kernel: Float[AnyArray, "5 5 c f"]) -> Float[jax.Array, "b h//2 w//2 f"]:
    """Convolution with stride 2; H and W even."""
    return _strided(jnp.asarray(x), jnp.asarray(kernel))


@jax.custom_vjp
def transposed(x: Float[AnyArray, "b h w c"], kernel: Float[AnyArray, "5 5 c f"]) -> Float[jax.Array, "b 2*h 2*w f"]:
    """Transposed convolution with stride 2."""
    return lax.platform_dependent(jnp.asarray(x), jnp.asarray(kernel), cpu=_transposed_by_position, default=_transposed)


@jax.custom_vjp
def few_channels(x: Float[AnyArray, "b h w c"], kernel: Float[AnyArray, "5 5 c f"]) -> Float[jax.Array, "b h w f"]:
    """Convolution with stride 1, zeros outside; H and W even."""
    return lax.platform_dependent(jnp.asarray(x), jnp.asarray(kernel), cpu=_same_on_blocks, default=_same)


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
        cpu=_kernel_gradient_on_blocks,
        default=lambda *args: _kernel_gradient(_same, *args),
    )
    return few_channels(cotangent, _adjoint(kernel)), of_kernel


strided.defvjp(lambda x, kernel: (strided(x, kernel), (x, kernel)), _strided_backward)
transposed.defvjp(lambda x, kernel: (transposed(x, kernel), (x, kernel)), _transposed_backward)
few_channels.defvjp(lambda x, kernel: (few_channels(x, kernel), (x, kernel)), _few_channels_backward)


def _strided(x: Float[jax.Array, "b h w c"], kernel: Float[jax.Array, "5 5 c f"]) -> Float[jax.Array, "b h//2 w//2 f"]:
    return lax.conv_general_dilated(x, kernel, (2, 2), ((2, 1), (2, 1)), dimension_numbers=DIMENSIONS)


def _same(x: Float[jax.Array, "b h w c"], kernel: Float[jax.Array, "k k c f"]) -> Float[jax.Array, "b h w f"]:
    return lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=DIMENSIONS)


def _transposed(x: Float[jax.Array, "b h w c"], kernel: Float[jax.Array, "5 5 c f"]) -> Float[jax.Array, "b 2*h 2*w f"]:
    """The image with zeros inserted between its pixels, then an ordinary convolution."""
    padding = ((2, 3), (2, 3))
    return lax.conv_general_dilated(x, kernel, (1, 1), padding, lhs_dilation=(2, 2), dimension_numbers=DIMENSIONS)


def _transposed_by_position(
    x: Float[jax.Array, "b h w c"], kernel: Float[jax.Array, "5 5 c f"]
) -> Float[jax.Array, "b 2*h 2*w f"]:
    """Four ordinary convolutions, one for each position of a pixel in its block of 2x2 (Shi et al. 2016, 1609.07009).

    Pixels at the same position in their blocks use the same taps of the kernel: every second one in rows and columns,
    of the five taps three at even positions, the other two at odd ones.
    """

    def at(row: int, column: int) -> jax.Array:
        padding = ((1 - row, 1), (1 - column, 1))
        taps = kernel[row::2, column::2]
        return lax.conv_general_dilated(x, taps, (1, 1), padding, dimension_numbers=DIMENSIONS)

    rows = [jnp.stack([at(row, 0), at(row, 1)], axis=3) for row in (0, 1)]  # [B, H, W, 2, F] each
    batch, height, width, _ = x.shape
    return jnp.stack(rows, axis=2).reshape(batch, 2 * height, 2 * width, kernel.shape[-1])


def _same_on_blocks(x: Float[jax.Array, "b h w c"], kernel: Float[jax.Array, "5 5 c f"]) -> Float[jax.Array, "b h w f"]:
    """A 3x3 convolution from blocks to blocks of 2x2 pixels, which have four times as many channels."""
    return _from_blocks(_same(_to_blocks(x), _block_kernel(kernel)))


def _kernel_gradient(
    convolution: Callable,
    x: Float[jax.Array, "b h w c"],
    kernel: Float[jax.Array, "5 5 c f"],
    cotangent: Float[jax.Array, "b y x f"],
) -> Float[jax.Array, "5 5 c f"]:
    """The derivative of a convolution of x with respect to its kernel."""
    return jax.vjp(lambda k: convolution(x, k), kernel)[1](cotangent)[0]


def _kernel_gradient_on_blocks(
    x: Float[jax.Array, "b h w c"], kernel: Float[jax.Array, "5 5 c f"], cotangent: Float[jax.Array, "b h w f"]
) -> Float[jax.Array, "5 5 c f"]:
    """The derivative of `_same_on_blocks` with respect to its kernel, as one matrix product.

    A product with the nine shifted copies of the operand that has fewer channels, twice as fast as the convolution with
    a window as large as the image which differentiating gives.
    """
    x, cotangent = _to_blocks(x), _to_blocks(cotangent)
    channels, features = x.shape[-1], cotangent.shape[-1]
    if channels <= features:
        product = jnp.einsum("bhwkc,bhwf->kcf", _shifted(x), cotangent)
    else:  # the same sum over pixels of the other operand, so shifted the other way
        product = jnp.einsum("bhwc,bhwkf->kcf", x, _shifted(cotangent)[:, :, :, ::-1])
    of_blocks = product.reshape(3, 3, channels, features)
    return jax.vjp(_block_kernel, kernel)[1](of_blocks)[0]


def _shifted(x: Float[jax.Array, "b h w c"]) -> Float[jax.Array, "b h w 9 c"]:
    """For each pixel the 3x3 pixels around it, row by row, zeros outside the image."""
    height, width = x.shape[1:3]
    padded = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return jnp.stack([padded[:, i : i + height, j : j + width] for i in range(3) for j in range(3)], axis=3)


def _adjoint(kernel: Float[jax.Array, "5 5 c f"]) -> Float[jax.Array, "5 5 f c"]:
    """The kernel of the adjoint convolution: rotated by 180 degrees, inputs and outputs swapped."""
    return jnp.flip(kernel, (0, 1)).swapaxes(2, 3)


def _to_blocks(x: Float[jax.Array, "b h w c"]) -> Float[jax.Array, "b h//2 w//2 4*c"]:
    """Blocks of 2x2 pixels as pixels, the four pixels of a block row by row."""
    batch, height, width, channels = x.shape
    blocks = x.reshape(batch, height // 2, 2, width // 2, 2, channels).transpose(0, 1, 3, 2, 4, 5)
    return blocks.reshape(batch, height // 2, width // 2, 4 * channels)


def _from_blocks(blocks: Float[jax.Array, "b h w c"]) -> Float[jax.Array, "b 2*h 2*w c//4"]:
    """The inverse of `_to_blocks`."""
    batch, height, width, channels = blocks.shape
    x = blocks.reshape(batch, height, width, 2, 2, channels // 4).transpose(0, 1, 3, 2, 4, 5)
    return x.reshape(batch, 2 * height, 2 * width, channels // 4)


def _block_kernel(kernel: Float[jax.Array, "5 5 c f"]) -> Float[jax.Array, "3 3 4*c 4*f"]:
    """The same convolution from blocks to blocks; a block's rows come first."""
    channels, features = kernel.shape[2:]
    parts = []
    for row in (0, 1):
        for column in (0, 1):
            # From the output pixel at this position in its block, the taps span five of the six rows of three blocks.
            taps = jnp.pad(kernel, ((row, 1 - row), (column, 1 - column), (0, 0), (0, 0)))
            taps = taps.reshape(3, 2, 3, 2, channels, features).transpose(0, 2, 1, 3, 4, 5)
            parts.append(taps.reshape(3, 3, 4 * channels, features))
    return jnp.concatenate(parts, axis=-1)
