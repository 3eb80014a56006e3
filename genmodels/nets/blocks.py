"""Layers that the encoders and decoders share."""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import lax

DIMENSIONS = ("NHWC", "HWIO", "NHWC")


class BatchNorm(nn.Module):
    """Batch normalisation over the global batch (Ioffe & Szegedy 2015, arXiv 1502.03167): [B, ...] -> same shape.

    While training it uses the statistics of the batch and reports just these as `batch_stats`, keeping no running
    average: a running average mixes the batches of an adversarial game and trails the weights. The statistics for
    inference are population averages taken once at fixed weights, as in the paper's algorithm 2: see `codec.py`.
    """

    dtype: Any = jnp.float32
    axis_name: str | None = None  # the devices that share the batch

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        norm = nn.BatchNorm(
            use_running_average=not train, momentum=0.0, epsilon=1e-5, dtype=self.dtype, axis_name=self.axis_name
        )
        return norm(x)


class ConvTranspose(nn.Module):
    """5x5 transposed convolution with stride 2, no bias: [B, H, W, C] -> [B, 2 H, 2 W, features]."""

    features: int
    dtype: Any = jnp.float32
    kernel_init: nn.initializers.Initializer = nn.initializers.lecun_normal()

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        kernel = self.param("kernel", self.kernel_init, (5, 5, x.shape[-1], self.features))
        return conv_transpose(x.astype(self.dtype), kernel.astype(self.dtype))


@jax.custom_vjp
def conv_transpose(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """Transposed convolution with stride 2: x [B, H, W, C], kernel [5, 5, C, F] -> [B, 2 H, 2 W, F].

    It is the adjoint of a strided convolution, so its derivatives are that convolution and that convolution's weight
    gradient. Spelt out, since XLA's own derivative of the dilated form is 5 to 20 times slower on CPU.
    """
    padding = ((2, 3), (2, 3))
    return lax.conv_general_dilated(x, kernel, (1, 1), padding, lhs_dilation=(2, 2), dimension_numbers=DIMENSIONS)


def _forward(x, kernel):
    return conv_transpose(x, kernel), (x, kernel)


def _backward(residuals, cotangent):
    x, kernel = residuals
    strided = lambda k: lax.conv_general_dilated(  # noqa: E731
        cotangent, k, (2, 2), ((2, 2), (2, 2)), dimension_numbers=DIMENSIONS
    )
    x_bar, kernel_gradient = jax.vjp(strided, _adjoint(kernel))
    return x_bar, _adjoint(kernel_gradient(x)[0])


def _adjoint(kernel: jax.Array) -> jax.Array:
    """The kernel of the adjoint convolution: turned by 180 degrees, inputs and outputs swapped."""
    return jnp.flip(kernel, (0, 1)).swapaxes(2, 3)


conv_transpose.defvjp(_forward, _backward)


def upsample(x: jax.Array) -> jax.Array:
    """Nearest-neighbour enlargement: [B, H, W, C] -> [B, 2 H, 2 W, C]."""
    return x.repeat(2, axis=1).repeat(2, axis=2)


def halve(x: jax.Array) -> jax.Array:
    """2x2 average pooling: [B, H, W, C] -> [B, H/2, W/2, C]."""
    return nn.avg_pool(x, (2, 2), strides=(2, 2))
