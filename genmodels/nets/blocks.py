"""Layers that the encoders and decoders share."""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax.ad_checkpoint import checkpoint_name
from jaxtyping import Float

from genmodels.arrays import AnyArray
from genmodels.nets.convolutions import few_channels, strided, transposed

# The name of an ImageConv's parameters, after the former name of its class: Flax derives initial weights from names,
# and checkpoints are keyed by them.
IMAGE_CONV = "PictureConv_0"
# What `remat` keeps of a convolution for the backward pass: inside a function with its own derivative it is not seen.
CONVOLVED = "convolved"


class BatchNorm(nn.Module):
    """Batch normalisation over the global batch (Ioffe & Szegedy 2015, arXiv 1502.03167).

    While training it uses the statistics of the batch and reports them as `batch_stats`, without keeping a running
    average: this would mix the batches of an adversarial game and lag behind the weights. The statistics for
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
        return checkpoint_name(strided(x.astype(self.dtype), kernel.astype(self.dtype)), CONVOLVED)


class TransposedConv(nn.Module):
    """5x5 transposed convolution with stride 2, no bias."""

    features: int
    dtype: Any = jnp.float32
    kernel_init: nn.initializers.Initializer = nn.initializers.lecun_normal()

    @nn.compact
    def __call__(self, x: Float[AnyArray, "b h w c"]) -> Float[jax.Array, "b 2*h 2*w {self.features}"]:
        kernel = self.param("kernel", self.kernel_init, (5, 5, x.shape[-1], self.features))
        return checkpoint_name(transposed(x.astype(self.dtype), kernel.astype(self.dtype)), CONVOLVED)


class ImageConv(nn.Module):
    """5x5 convolution from or to an image's few channels; H and W even."""

    features: int
    use_bias: bool = True
    dtype: Any = jnp.float32
    kernel_init: nn.initializers.Initializer = nn.initializers.lecun_normal()

    @nn.compact
    def __call__(self, x: Float[AnyArray, "b h w c"]) -> Float[jax.Array, "b h w {self.features}"]:
        kernel = self.param("kernel", self.kernel_init, (5, 5, x.shape[-1], self.features))
        y = checkpoint_name(few_channels(x.astype(self.dtype), kernel.astype(self.dtype)), CONVOLVED)
        if not self.use_bias:
            return y
        bias = self.param("bias", nn.initializers.zeros_init(), (self.features,))
        return y + bias.astype(self.dtype)[None, None, None]


@jax.custom_vjp
def upsample(x: Float[AnyArray, "b h w c"]) -> Float[jax.Array, "b 2*h 2*w c"]:
    """Nearest-neighbour enlargement."""
    return jnp.asarray(x).repeat(2, axis=1).repeat(2, axis=2)


@jax.custom_vjp
def halve(x: Float[AnyArray, "b h w c"]) -> Float[jax.Array, "b h//2 w//2 c"]:
    """2x2 average pooling; H and W even."""
    return _block_sums(jnp.asarray(x)) / 4


def _block_sums(x: Float[jax.Array, "b h w c"]) -> Float[jax.Array, "b h//2 w//2 c"]:
    """The sum of each block of 2x2 pixels, by slices: on a CPU XLA's reductions take three to seven times as long."""
    batch, height, width, channels = x.shape
    rows = x.reshape(batch, height // 2, 2, width // 2, 2 * channels)
    pairs = rows[:, :, 0] + rows[:, :, 1]
    return pairs[..., :channels] + pairs[..., channels:]


upsample.defvjp(lambda x: (upsample(x), None), lambda _, cotangent: (_block_sums(cotangent),))
halve.defvjp(lambda x: (halve(x), None), lambda _, cotangent: (upsample(cotangent) / 4,))
