"""WAE-MMD (Tolstikhin et al. 2018, arXiv 1711.01558, algorithm 2)."""

from functools import partial

import jax

from genmodels.methods import wae
from genmodels.methods.autoencoder import Autoencoder, autoencoder_params, signed
from genmodels.methods.method import Method
from genmodels.mmd import mmd


def make(
    autoencoder: Autoencoder,
    *,
    weight: float,
    penalty: float,
    kernel: str,
    noise: float,
    fixed_point_weight: float,
    warmup: wae.Warmup,
) -> Method:
    """Minimises c(x, G(z)) + penalty * MMD(Q_z, P_z), z = E(x + noise), c = weight * |x - G(z)|^2 on [-1, 1].

    With a `fixed_point_weight` above zero also that multiple of wae.fixed_point_cost.
    """
    replicas = autoencoder.replicas

    def loss(params, x, key):
        input_key, prior_key, gen_key = jax.random.split(key, 3)
        z, y = wae.reconstruct(autoencoder, params, x, input_key, noise)
        cost = wae.cost(autoencoder, x, y, weight)
        prior = replicas.normal(prior_key, z.shape)
        discrepancy = mmd(replicas.gather(z), replicas.gather(prior), kernel)  # of the global batch
        value, terms = cost + penalty * discrepancy, {"c(x,G(z))": cost, "MMD": discrepancy}
        if fixed_point_weight:
            terms["fixed point"] = wae.fixed_point_cost(autoencoder, params, gen_key, len(x), weight)
            value += fixed_point_weight * terms["fixed point"]
        return value, terms

    def step(state, pictures, key):
        (value, terms), gradient = replicas.value_and_grad(loss)(autoencoder_params(state), signed(pictures), key)
        state, norms = autoencoder.update(state, gradient)
        return state, {"loss": value, **terms, **norms}

    return Method(
        init=partial(wae.init, autoencoder, warmup),
        phases=wae.phases(autoencoder, warmup, step),
        encode=autoencoder.features,
        decode=autoencoder.decode,
    )
