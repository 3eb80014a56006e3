"""What the VAE and both WAEs share: one optimiser for an encoder and a decoder; their losses take images in [-1, 1]."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import ml_collections
import optax

from genmodels.images import signed_to_unit, to_unit, unit_to_signed
from genmodels.methods import optim
from genmodels.methods.method import Metrics
from genmodels.methods.replicas import Replicas
from genmodels.methods.state import TrainState
from genmodels.nets import choice
from genmodels.nets.codec import Codec, Params, Weights


class Autoencoder(NamedTuple):
    """The nets, their optimiser, the devices that share a batch, and the decay of the weights' average (0 = none)."""

    codec: Codec
    optimiser: optax.GradientTransformation
    replicas: Replicas
    ema_decay: float

    def init(self, key: jax.Array) -> TrainState:
        """The state at step 0."""
        params = self.codec.init(key)
        return TrainState(
            step=jnp.zeros((), jnp.int32),
            params=params,
            optimisers={"autoencoder": self.optimiser.init(params)},
            ema=optim.start_average(params, self.ema_decay),
        )

    def update(self, state: TrainState, gradient: Params) -> tuple[TrainState, Metrics]:
        """One step of the autoencoder's optimiser; counts the step."""
        moments = state.optimisers["autoencoder"]
        params, moments, norms = optim.update(
            self.optimiser, "autoencoder", gradient, moments, autoencoder_params(state)
        )
        state = state.replace(
            step=state.step + 1,
            params=state.params | params,
            optimisers=state.optimisers | {"autoencoder": moments},
            ema=optim.average(state.ema, params, self.ema_decay),
        )
        return state, norms

    def features(self, weights: Weights, images: jax.Array) -> jax.Array:
        """The encoder's output for images in [0, 1], at fixed weights -> [B, outputs]."""
        return self.codec.features(weights, unit_to_signed(images))

    def decode(self, weights: Weights, codes: jax.Array) -> jax.Array:
        """codes [B, Z] -> images [B, H, W, 3] in [0, 1], at fixed weights."""
        return signed_to_unit(self.codec.images(weights, codes))


def build(config: ml_collections.ConfigDict, replicas: Replicas, outputs: int, first: int = 0) -> Autoencoder:
    """The autoencoder of a config, whose encoder has `outputs` outputs, trained from step `first` on.

    Raises UsageError as nets.choice.build does.
    """
    codec = choice.build(config, outputs, replicas.axis, signed=True)
    optimiser = optim.of(config, config.optim.learning_rate, first=first)
    return Autoencoder(codec, optimiser, replicas, config.train.ema_decay)


def autoencoder_params(state: TrainState) -> Params:
    """The parameters of the encoder and the decoder, without those of a critic."""
    return {name: state.params[name] for name in ("encoder", "decoder")}


def signed(images: jax.Array) -> jax.Array:
    """uint8 images -> [-1, 1]."""
    return unit_to_signed(to_unit(images))
