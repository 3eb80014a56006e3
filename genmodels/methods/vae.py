"""The variational autoencoder (Kingma & Welling 2014, arXiv 1312.6114), the baseline of the comparison."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from genmodels import losses
from genmodels.images import signed_to_unit
from genmodels.methods import autoencoder, check, posterior
from genmodels.methods.autoencoder import Autoencoder, autoencoder_params, signed
from genmodels.methods.method import Method, Phase
from genmodels.methods.spec import Spec


class VAE(NamedTuple):
    """Minimises beta/2 |x - G(z)|^2 + KL(q(z|x) || N(0, I)), z ~ q(z|x): equation 10 with p(x|z) = N(G(z), I / beta).

    Pixels in [0, 1]; both terms are summed over an image and averaged over the batch.
    """

    autoencoder: Autoencoder
    beta: float

    def loss(self, params, x, key):
        """The negative lower bound up to a constant, images x [b, H, W, 3] in [-1, 1] -> [] and the terms to log."""
        codec, replicas = self.autoencoder.codec, self.autoencoder.replicas
        q = posterior.from_features(codec.encode(params["encoder"], x))
        z = posterior.reparameterise(q, replicas.normal(key, q.mean.shape))  # [B, Z]
        y = codec.decode(params["decoder"], z)
        reconstruction = replicas.mean(jnp.mean(losses.squared_error(signed_to_unit(x), signed_to_unit(y)))) / 2
        kl = replicas.mean(jnp.mean(losses.kl_divergence(*q)))
        return self.beta * reconstruction + kl, {"L_AE": reconstruction, "KL(x)": kl}

    def step(self, state, images, key):
        """One step of Adam on both nets."""
        gradient_of = self.autoencoder.replicas.value_and_grad(self.loss)
        (value, terms), gradient = gradient_of(autoencoder_params(state), signed(images), key)
        state, norms = self.autoencoder.update(state, gradient)
        return state, {"loss": value, **terms, **norms}

    def posterior(self, weights, images):
        """q(z|x) of images in [0, 1], at fixed weights."""
        return posterior.from_features(self.autoencoder.features(weights, images))

    def statistics(self, params, images, key):
        """BatchNorm's statistics by net, as in training: the decoder sees samples of q(z|x)."""
        codec = self.autoencoder.codec
        features, of_encoder = codec.encode_with_statistics(params["encoder"], signed(images))
        q = posterior.from_features(features)
        z = posterior.reparameterise(q, jax.random.normal(key, q.mean.shape))
        _, of_decoder = codec.decode_with_statistics(params["decoder"], z)
        return {"encoder": of_encoder, "decoder": of_decoder}


def make(config, replicas) -> Method:
    """The VAE that a config describes."""
    check.positive(config, "loss.beta")
    vae = VAE(autoencoder.build(config, replicas, outputs=2 * config.model.latent), config.loss.beta)
    return Method(
        init=vae.autoencoder.init,
        phases=(Phase("training", 0, vae.step, vae.statistics),),
        encode=lambda weights, images: vae.posterior(weights, images).mean,
        decode=vae.autoencoder.decode,
        posterior=vae.posterior,
    )


SPEC = Spec(
    name="vae",
    title="VAE",
    objective="β ½ |x − G(z)|² + KL(q(z|x) ‖ P<sub>z</sub>), &ensp; z ~ q(z|x)",
    summary=(
        "The bound on the likelihood. The second term pulls <em>each</em> image's posterior towards the prior, so "
        "posteriors of different images overlap and the decoder has to average."
    ),
    make=make,
    paper="Kingma & Welling 2014, https://arxiv.org/abs/1312.6114",
)
