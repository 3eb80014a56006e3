"""The variational autoencoder (Kingma & Welling 2014, arXiv 1312.6114), the baseline of the comparison."""

import jax
import jax.numpy as jnp

from genmodels import losses
from genmodels.images import signed_to_unit
from genmodels.methods import posterior
from genmodels.methods.autoencoder import Autoencoder, autoencoder_params, signed
from genmodels.methods.method import Method, Phase
from genmodels.nets.codec import train_pass, train_pass_with_statistics


def make(autoencoder: Autoencoder, beta: float) -> Method:
    """Minimises beta/2 |x - G(z)|^2 + KL(q(z|x) || N(0, I)), z ~ q(z|x): equation 10 with p(x|z) = N(G(z), I / beta).

    Pixels in [0, 1]; both terms are summed over a picture and averaged over the batch.
    """
    codec, replicas = autoencoder.codec, autoencoder.replicas

    def loss(params, x, key):
        q = posterior.from_features(train_pass(codec.encoder, params["encoder"], x))
        z = posterior.reparameterise(q, replicas.normal(key, q.mean.shape))  # [B, Z]
        y = train_pass(codec.decoder, params["decoder"], z)
        reconstruction = replicas.mean(jnp.mean(losses.squared_error(signed_to_unit(x), signed_to_unit(y)))) / 2
        kl = replicas.mean(jnp.mean(losses.kl_divergence(*q)))
        return beta * reconstruction + kl, {"L_AE": reconstruction, "KL(x)": kl}

    def step(state, pictures, key):
        (value, terms), gradient = replicas.value_and_grad(loss)(autoencoder_params(state), signed(pictures), key)
        state, norms = autoencoder.update(state, gradient)
        return state, {"loss": value, **terms, **norms}

    def posterior_of(weights, pictures):
        return posterior.from_features(autoencoder.features(weights, pictures))

    def statistics(params, pictures, key):
        features, of_encoder = train_pass_with_statistics(codec.encoder, params["encoder"], signed(pictures))
        q = posterior.from_features(features)
        z = posterior.reparameterise(q, jax.random.normal(key, q.mean.shape))
        _, of_decoder = train_pass_with_statistics(codec.decoder, params["decoder"], z)
        return {"encoder": of_encoder, "decoder": of_decoder}

    return Method(
        init=autoencoder.init,
        phases=(Phase("training", 0, step, statistics),),
        encode=lambda weights, pictures: posterior_of(weights, pictures).mean,
        decode=autoencoder.decode,
        posterior=posterior_of,
    )
