"""The residual encoder and decoder of IntroVAE (arXiv 1807.06358, section 4) and of Soft-IntroVAE (arXiv 2012.13253).

As in their public implementations, which differ in the place of a block's last BatchNorm.
"""

from functools import partial
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Float

from genmodels.arrays import AnyArray
from genmodels.errors import UsageError
from genmodels.nets.blocks import IMAGE_CONV, BatchNorm, ImageConv, halve, upsample
from genmodels.nets.pair import Channels, Pair

leaky_relu = partial(nn.leaky_relu, negative_slope=0.2)


class Block(nn.Module):
    """Residual block: its last BatchNorm is applied to the sum of skip and branch, or to the branch alone."""

    features: int
    dtype: Any = jnp.float32
    axis_name: str | None = None
    norm: str = "sum"  # sum (IntroVAE) | branch (Soft-IntroVAE)

    @nn.compact
    def __call__(self, x: Float[AnyArray, "b h w c"], train: bool) -> Float[jax.Array, "b h w {self.features}"]:
        conv = partial(nn.Conv, self.features, use_bias=False, dtype=self.dtype)
        skip = x if x.shape[-1] == self.features else conv((1, 1))(x)
        y = leaky_relu(BatchNorm(self.dtype, self.axis_name)(conv((3, 3))(x), train))
        y = conv((3, 3))(y)
        last = BatchNorm(self.dtype, self.axis_name)
        return leaky_relu(last(y + skip, train) if self.norm == "sum" else last(y, train) + skip)


class Encoder(nn.Module):
    """Images in [0, 1] -> features; H = W = 4 * 2^len(channels)."""

    outputs: int
    channels: tuple[int, ...] = (64, 128, 256, 512, 512)
    dtype: Any = jnp.float32
    axis_name: str | None = None
    remat: bool = False  # see codec.train_pass
    norm: str = "sum"  # see Block

    @nn.compact
    def __call__(self, x: Float[AnyArray, "b h w 3"], train: bool) -> Float[jax.Array, "b {self.outputs}"]:
        first, *rest = self.channels
        block = partial(Block, dtype=self.dtype, axis_name=self.axis_name, norm=self.norm)
        x = ImageConv(first, use_bias=False, dtype=self.dtype, name=IMAGE_CONV)(x)
        x = halve(leaky_relu(BatchNorm(self.dtype, self.axis_name)(x, train)))
        for features in rest:
            x = halve(block(features)(x, train))
        x = block(self.channels[-1])(x, train)  # [B, 4, 4, channels[-1]]
        x = x.reshape(x.shape[0], -1)
        return nn.Dense(self.outputs, dtype=jnp.float32)(x)


class Decoder(nn.Module):
    """Codes -> images around [0, 1], no output activation; size = 4 * 2^len(channels)."""

    channels: tuple[int, ...] = (512, 512, 256, 128, 64)
    dtype: Any = jnp.float32
    axis_name: str | None = None
    remat: bool = False  # see codec.train_pass
    norm: str = "sum"  # see Block

    @nn.compact
    def __call__(self, z: Float[AnyArray, "b z"], train: bool) -> Float[jax.Array, "b size size 3"]:
        first = self.channels[0]
        block = partial(Block, dtype=self.dtype, axis_name=self.axis_name, norm=self.norm)
        x = nn.relu(nn.Dense(4 * 4 * first, dtype=self.dtype)(z.astype(self.dtype))).reshape(-1, 4, 4, first)
        for features in self.channels:
            x = upsample(block(features)(x, train))
        x = block(self.channels[-1])(x, train)
        x = ImageConv(3, dtype=self.dtype, name=IMAGE_CONV)(x)
        return x.astype(jnp.float32)


def _stages(size: int) -> int:
    """The number of halvings of an image down to 4x4."""
    return size.bit_length() - 3


def _make(size: int, channels: Channels, outputs: int, **options) -> tuple[Encoder, Decoder]:
    if len(channels) != _stages(size):
        raise UsageError(
            f"config.model.channels={channels}: images of {size} px need {_stages(size)} channel counts, "
            "one for each halving down to 4x4."
        )
    return Encoder(outputs, channels, **options), Decoder(channels[::-1], **options)


PAIR = Pair(
    make=_make,
    signed=False,
    channels={
        "celeba128": (64, 128, 256, 512, 512),
        "celeba64": (64, 128, 256, 512),
        "slim128": (8, 16, 32, 64, 64),
        "slim64": (8, 16, 32, 64),
        "demo": (16, 32, 64),
    },
    fit=lambda channels, size: (channels + channels[-1:] * _stages(size))[: _stages(size)],
)
