"""All that training changes."""

from typing import Any

import jax
import optax
from flax import struct


class TrainState(struct.PyTreeNode):
    """The state of a run after `step` steps: nothing else is carried from one step to the next."""

    step: jax.Array  # [] int32
    params: dict[str, Any]  # by net: 'encoder', 'decoder', for WAE-GAN 'critic'
    optimisers: dict[str, optax.OptState]  # by player: 'autoencoder', 'encoder', 'decoder', 'critic', 'encoder_warmup'
    ema: dict[str, Any]  # averaged params of 'encoder' and 'decoder', empty if turned off
    measured: dict[str, jax.Array] = struct.field(default_factory=dict)  # by one phase for the next: IntroVAE's 'KL(x)'

    @property
    def generating(self) -> dict[str, Any]:
        """The parameters to encode and generate with: the averaged ones if they are kept."""
        return self.ema or {name: self.params[name] for name in ("encoder", "decoder")}
