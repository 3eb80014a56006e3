"""Layers that the encoders and decoders share."""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Float

from genmodels.arrays import AnyArray
from genmodels.nets.convolutions import few_channels, strided, transposed

# The name of an ImageConv's parameters, from when its class was called so: Flax draws initial weights by names, and
# checkpoints are keyed by them.
IMAGE_CONV = "PictureConv_0"


class BatchNorm(nn.Module):
    """Batch normalisation over the global batch (Ioffe & Szegedy 2015, arXiv 1502.03167).

    While training it uses the statistics of the batch and reports just these as `batch_stats`, keeping no running
    average: a running average mixes the batches of an adversarial game and trails the weights. The statistics for
    inference are population averages taken once at fixed weights, as in the paper's algorithm 2: see `calibration.py`.
    """

    dtype: Any = jnp.float32
    axis_name: str | None = None  # the devices that share the batch

    @nn.compact
    def __call__(self, x: Float[AnyArray, "*shape"], train: bool) -> Float[jax.Array, "*shape"]:
        norm = nn.BatchNorm(
            use_running_average=not train, momentum=0.0, epsilon=1e-5, dtype=self.dtype, axis_name=self.axis_name
        )
        return norm(x)


class StridedConv(nn.Module):
    """5x5 convolution with stride 2, no bias; H and W even."""

    features: int
    dtype: Any = jnp.float32
    kernel_init: nn.initializers.Initializer = nn.initializers.lecun_normal()

    @nn.compact
    def __call__(self, x: Float[AnyArray, "b h w c"]) -> Float[jax.Array, "b h//2 w//2 {self.features}"]:
        kernel = self.param("kernel", self.kernel_init, (5, 5, x.shape[-1], self.features))
        return strided(x.astype(self.dtype), kernel.astype(self.dtype))


class TransposedConv(nn.Module):
    """5x5 transposed convolution with stride 2, no bias."""

    features: int
    dtype: Any = jnp.float32
    kernel_init: nn.initializers.Initializer = nn.initializers.lecun_normal()

    @nn.compact
    def __call__(self, x: Float[AnyArray, "b h w c"]) -> Float[jax.Array, "b 2*h 2*w {self.features}"]:
        kernel = self.param("kernel", self.kernel_init, (5, 5, x.shape[-1], self.features))
        return transposed(x.astype(self.dtype), kernel.astype(self.dtype))


class ImageConv(nn.Module):
    """5x5 convolution from or to an image's few channels; H and W even."""

    features: int
    use_bias: bool = True
    dtype: Any = jnp.float32
    kernel_init: nn.initializers.Initializer = nn.initializers.lecun_normal()

    @nn.compact
    def __call__(self, x: Float[AnyArray, "b h w c"]) -> Float[jax.Array, "b h w {self.features}"]:
        kernel = self.param("kernel", self.kernel_init, (5, 5, x.shape[-1], self.features))
        y = few_channels(x.astype(self.dtype), kernel.astype(self.dtype))
        if not self.use_bias:
            return y
        bias = self.param("bias", nn.initializers.zeros_init(), (self.features,))
        return y + bias.astype(self.dtype)[None, None, None]


def upsample(x: Float[jax.Array, "b h w c"]) -> Float[jax.Array, "b 2*h 2*w c"]:
    """Nearest-neighbour enlargement."""
    return x.repeat(2, axis=1).repeat(2, axis=2)


def halve(x: Float[jax.Array, "b h w c"]) -> Float[jax.Array, "b h//2 w//2 c"]:
    """2x2 average pooling."""
    return nn.avg_pool(x, (2, 2), strides=(2, 2))
