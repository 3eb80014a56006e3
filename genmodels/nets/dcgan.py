"""The encoder and decoder of the WAE paper for CelebA (arXiv 1711.01558, appendix C.2)."""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Float

from genmodels.arrays import AnyArray
from genmodels.errors import UsageError
from genmodels.nets.blocks import IMAGE_CONV, BatchNorm, ImageConv, StridedConv, TransposedConv
from genmodels.nets.pair import Channels, Pair

INIT = nn.initializers.normal(0.01)


class Encoder(nn.Module):
    """Strided convolutions: images in [-1, 1] -> features.

    H = W is any multiple of 2^len(channels). `outputs` is Z for a deterministic code, 2 Z for a Gaussian posterior.
    """

    outputs: int
    channels: tuple[int, ...] = (128, 256, 512, 1024)
    dtype: Any = jnp.float32
    axis_name: str | None = None
    remat: bool = False  # see codec.train_pass

    @nn.compact
    def __call__(self, x: Float[AnyArray, "b h w 3"], train: bool) -> Float[jax.Array, "b {self.outputs}"]:
        x = x.astype(self.dtype)
        for features in self.channels:
            x = StridedConv(features, self.dtype, INIT)(x)
            x = nn.relu(BatchNorm(self.dtype, self.axis_name)(x, train))  # [B, H/2^i, W/2^i, features]
        x = x.reshape(x.shape[0], -1)
        return nn.Dense(self.outputs, kernel_init=INIT, dtype=jnp.float32)(x)


class Decoder(nn.Module):
    """Transposed convolutions: codes -> images in [-1, 1]."""

    size: int
    channels: tuple[int, ...] = (1024, 512, 256, 128)
    dtype: Any = jnp.float32
    axis_name: str | None = None
    remat: bool = False  # see codec.train_pass

    @nn.compact
    def __call__(self, z: Float[AnyArray, "b z"], train: bool) -> Float[jax.Array, "b {self.size} {self.size} 3"]:
        first, *rest = self.channels
        side = self.size // 2 ** len(rest)
        x = nn.Dense(side * side * first, kernel_init=INIT, dtype=self.dtype)(z.astype(self.dtype))
        x = nn.relu(x).reshape(-1, side, side, first)
        for features in rest:
            x = TransposedConv(features, self.dtype, INIT)(x)
            x = nn.relu(BatchNorm(self.dtype, self.axis_name)(x, train))
        x = ImageConv(3, dtype=self.dtype, kernel_init=INIT, name=IMAGE_CONV)(x)
        return jnp.tanh(x.astype(jnp.float32))


def _make(size: int, channels: Channels, outputs: int, norm: str = "sum", **options) -> tuple[Encoder, Decoder]:
    del norm  # there are no residual blocks here
    if size % 2 ** len(channels):
        most = (size & -size).bit_length() - 1
        raise UsageError(
            f"config.model.channels={channels} needs one entry for each halving, but {size} px can be halved "
            f"{most} times at most."
        )
    return Encoder(outputs, channels, **options), Decoder(size, channels[::-1], **options)


PAIR = Pair(
    make=_make,
    signed=True,
    channels={
        "celeba128": (128, 256, 512, 1024),
        "celeba64": (128, 256, 512, 1024),
        "slim128": (16, 32, 64, 64, 64),
        "slim64": (16, 32, 64, 128),
        "demo": (16, 32, 64),
    },
    fit=lambda channels, size: channels,  # a larger image has a larger first map
)
