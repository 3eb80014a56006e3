"""An encoder and a decoder together, and the two ways to run them: while training, and with fixed weights."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

Params = Mapping[str, Any]
Weights = Mapping[str, Any]  # {'encoder': variables, 'decoder': variables}, variables = {'params', 'batch_stats'}


class Codec(NamedTuple):
    """A pair of nets: pictures [B, size, size, 3] -> features, codes [B, latent] -> pictures."""

    encoder: nn.Module
    decoder: nn.Module
    size: int
    latent: int

    def init(self, key: jax.Array) -> dict[str, Params]:
        """Fresh parameters of both nets: {'encoder': ..., 'decoder': ...}."""
        encoder_key, decoder_key = jax.random.split(key)
        picture, code = jnp.zeros((1, self.size, self.size, 3)), jnp.zeros((1, self.latent))
        return {
            "encoder": self.encoder.init(encoder_key, picture, train=False)["params"],
            "decoder": self.decoder.init(decoder_key, code, train=False)["params"],
        }


def train_pass(net: nn.Module, params: Params, x: jax.Array) -> jax.Array:
    """The net's output while training: BatchNorm uses the statistics of this very batch.

    With `net.remat` the way back recomputes what is cheap, all but products and convolutions, instead of keeping it.
    """
    return train_pass_with_statistics(net, params, x)[0]


def train_pass_with_statistics(net: nn.Module, params: Params, x: jax.Array) -> tuple[jax.Array, Params]:
    """The net's output while training and its `batch_stats`: the mean and variance that each BatchNorm has used."""

    def forward(params, x):
        out, mutated = net.apply({"params": params}, x, train=True, mutable=["batch_stats"])
        return out, mutated.get("batch_stats", {})

    return (jax.checkpoint(forward, policy=_is_product) if net.remat else forward)(params, x)


def _is_product(primitive, *_, **__) -> bool:
    return primitive.name in ("conv_general_dilated", "dot_general")


def eval_pass(net: nn.Module, variables: Mapping[str, Params], x: jax.Array) -> jax.Array:
    """The net's output for each example on its own: BatchNorm uses the population statistics in `variables`."""
    return net.apply(variables, x, train=False)
