"""A method in one file: an autoencoder without a regulariser. CONTRIBUTING.md shows it as the example."""

from typing import NamedTuple

import jax.numpy as jnp

from genmodels import losses
from genmodels.methods import autoencoder, check
from genmodels.methods.autoencoder import Autoencoder, autoencoder_params, signed
from genmodels.methods.method import Method, Phase
from genmodels.methods.spec import Spec


class Toy(NamedTuple):
    """Minimises scale * |x - G(E(x))|^2 of images in [-1, 1], summed over an image and averaged over the batch."""

    autoencoder: Autoencoder
    scale: float

    def loss(self, params, x):
        """The objective of images x [b, H, W, 3] -> [] and the terms to log."""
        codec, replicas = self.autoencoder.codec, self.autoencoder.replicas
        y = codec.decode(params["decoder"], codec.encode(params["encoder"], x))
        error = replicas.mean(jnp.mean(losses.squared_error(x, y)))
        return self.scale * error, {"error": error}

    def step(self, state, images, key):
        """One step of Adam on both nets."""
        del key  # nothing is random
        gradient_of = self.autoencoder.replicas.value_and_grad(self.loss)
        (value, terms), gradient = gradient_of(autoencoder_params(state), signed(images))
        state, norms = self.autoencoder.update(state, gradient)
        return state, {"loss": value, **terms, **norms}

    def statistics(self, params, images, key):
        """BatchNorm's statistics by net, as in training."""
        del key
        codec = self.autoencoder.codec
        z, of_encoder = codec.encode_with_statistics(params["encoder"], signed(images))
        _, of_decoder = codec.decode_with_statistics(params["decoder"], z)
        return {"encoder": of_encoder, "decoder": of_decoder}


def make(config, replicas) -> Method:
    """The toy that a config describes."""
    check.positive(config, "loss.scale")
    toy = Toy(autoencoder.build(config, replicas, outputs=config.model.latent), config.loss.scale)
    return Method(
        init=toy.autoencoder.init,
        phases=(Phase("training", 0, toy.step, toy.statistics),),
        encode=toy.autoencoder.features,
        decode=toy.autoencoder.decode,
    )


SPEC = Spec(
    name="toy",
    title="Toy autoencoder",
    objective="s |x − G(E(x))|²",
    summary="Reconstructs, and leaves the codes where they fall.",
    make=make,
    improved=True,
)
