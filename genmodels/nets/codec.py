"""An encoder and a decoder together, and the two ways to run them: while training, and at fixed weights."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Float

from genmodels.arrays import AnyArray
from genmodels.nets import blocks

Params = Mapping[str, Any]
Weights = Mapping[str, Any]  # {'encoder': variables, 'decoder': variables}, variables = {'params', 'batch_stats'}


def _as_it_is(x: jax.Array) -> jax.Array:
    return x


class Codec(NamedTuple):
    """A pair of nets: images -> features, codes -> images.

    Images are in the range in which the method computes its losses; the nets may use another.
    """

    encoder: nn.Module
    decoder: nn.Module
    size: int
    latent: int
    to_nets: Callable[[jax.Array], jax.Array] = _as_it_is
    """Images in the method's range -> in the nets'."""
    from_nets: Callable[[jax.Array], jax.Array] = _as_it_is
    """The inverse."""

    def init(self, key: jax.Array) -> dict[str, Params]:
        """Fresh parameters of both nets: {'encoder': ..., 'decoder': ...}."""
        encoder_key, decoder_key = jax.random.split(key)
        image, code = jnp.zeros((1, self.size, self.size, 3)), jnp.zeros((1, self.latent))
        return {
            "encoder": self.encoder.init(encoder_key, image, train=False)["params"],
            "decoder": self.decoder.init(decoder_key, code, train=False)["params"],
        }

    def encode(self, phi: Params, x: Float[AnyArray, "b {self.size} {self.size} 3"]) -> Float[jax.Array, "b features"]:
        """The encoder's features of images x while training: BatchNorm uses the statistics of this very batch."""
        return self.encode_with_statistics(phi, x)[0]

    def decode(
        self, theta: Params, z: Float[AnyArray, "b {self.latent}"]
    ) -> Float[jax.Array, "b {self.size} {self.size} 3"]:
        """The decoder's images of codes z while training: BatchNorm uses the statistics of this very batch."""
        return self.decode_with_statistics(theta, z)[0]

    def encode_with_statistics(
        self, phi: Params, x: Float[AnyArray, "b {self.size} {self.size} 3"]
    ) -> tuple[Float[jax.Array, "b features"], Params]:
        """Like `encode`, with the encoder's `batch_stats`: the mean and variance that each BatchNorm used."""
        return train_pass(self.encoder, phi, self.to_nets(jnp.asarray(x)))

    def decode_with_statistics(
        self, theta: Params, z: Float[AnyArray, "b {self.latent}"]
    ) -> tuple[Float[jax.Array, "b {self.size} {self.size} 3"], Params]:
        """Like `decode`, with the decoder's `batch_stats`."""
        y, statistics = train_pass(self.decoder, theta, z)
        return self.from_nets(y), statistics

    def features(
        self, weights: Weights, x: Float[AnyArray, "b {self.size} {self.size} 3"]
    ) -> Float[jax.Array, "b features"]:
        """The encoder's features of images x at fixed weights, for each image on its own."""
        return eval_pass(self.encoder, weights["encoder"], self.to_nets(jnp.asarray(x)))

    def images(
        self, weights: Weights, z: Float[AnyArray, "b {self.latent}"]
    ) -> Float[jax.Array, "b {self.size} {self.size} 3"]:
        """The decoder's images of codes z at fixed weights, for each code on its own."""
        return self.from_nets(eval_pass(self.decoder, weights["decoder"], z))


def train_pass(net: nn.Module, params: Params, x: Float[AnyArray, "b ..."]) -> tuple[Float[jax.Array, "b ..."], Params]:
    """The net's output while training, and its `batch_stats`.

    With `net.remat` the backward pass recomputes everything cheap, all but products and convolutions, instead of
    storing it.
    """

    def forward(params: Params, x: AnyArray) -> tuple[jax.Array, Params]:
        out, mutated = cast(
            tuple[jax.Array, Params], net.apply({"params": params}, x, train=True, mutable=["batch_stats"])
        )
        return out, mutated.get("batch_stats", {})

    return (jax.checkpoint(forward, policy=_PRODUCTS) if net.remat else forward)(params, x)


def _is_product(primitive, *_, **__) -> bool:
    return primitive.name in ("conv_general_dilated", "dot_general")


_PRODUCTS = jax.checkpoint_policies.save_from_both_policies(
    _is_product, jax.checkpoint_policies.save_only_these_names(blocks.CONVOLVED)
)


def eval_pass(
    net: nn.Module, variables: Mapping[str, Params], x: Float[AnyArray, "b ..."]
) -> Float[jax.Array, "b ..."]:
    """The net's output for each example on its own: BatchNorm uses the population statistics in `variables`."""
    return cast(jax.Array, net.apply(variables, x, train=False))
