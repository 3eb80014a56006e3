"""WAE-MMD's step: c + 100 MMD between the codes and as many draws from the prior."""

import jax
import jax.numpy as jnp
import numpy as np

from genmodels.methods.replicas import Replicas
from tests.support import reference, tiny
from tests.support.reference import Expected, Reference
from tests.support.references import wae

FAULTS = (*wae.COST_FAULTS, "MMD per device", "biased MMD", "kernel blind to the dimension")
RBF_FAULTS = ("sigma by the median of q and p alone", "median with each code and itself")


def distances(a, b):
    """|a_i - b_j|^2 of all pairs."""
    return jnp.sum(jnp.square(a[:, None] - b[None]), -1)


def imq(q, p, fault):
    """Inverse multiquadratic kernels, summed over seven scales of 2 dim(z)."""
    dim = 1 if fault == "kernel blind to the dimension" else tiny.LATENT
    scales = [s * 2 * dim for s in (0.1, 0.2, 0.5, 1, 2, 5, 10)]
    return lambda a, b: sum(c / (c + distances(a, b)) for c in scales)


def rbf(q, p, fault):
    """exp(-|a - b|^2 / (2 sigma^2)), sigma^2 = median |q - p|^2 + median |q - q'|^2 of distinct codes, a constant."""
    apart = distances(q, q)[np.triu_indices(len(q), 0 if fault == "median with each code and itself" else 1)]
    variance = jnp.median(distances(q, p))
    variance += 0 if fault == "sigma by the median of q and p alone" else jnp.median(apart)
    return lambda a, b: jnp.exp(-distances(a, b) / (2 * jax.lax.stop_gradient(variance)))


def mmd(q, p, kernel, fault):
    """The U-statistic: pairs of a code with itself are left out."""
    n = len(q)
    if fault == "MMD per device":
        halves = slice(None, n // 2), slice(n // 2, None)
        return sum(mmd(q[half], p[half], kernel, None) for half in halves) / 2
    k = kernel(q, p, fault)
    others = jnp.ones((n, n)) if fault == "biased MMD" else 1 - jnp.eye(n)
    return jnp.sum(others * (k(q, q) + k(p, p))) / others.sum() - 2 * k(q, p).mean()


def expected_step(run, state, images, key, fault=None) -> Expected:
    """One Adam updates both nets."""
    encoder, decoder = reference.nets("wae_mmd")
    input_key, prior_key, _ = jax.random.split(key, 3)
    noisy, target = wae.inputs(images, input_key, run.config.loss.input_noise, fault)
    prior = Replicas().normal(prior_key, (tiny.BATCH, tiny.LATENT))
    kernel = {"imq": imq, "rbf": rbf}[run.config.loss.kernel]

    def loss(params):
        z = encoder(params["encoder"], noisy)
        cost = wae.cost(target, decoder(params["decoder"], z), fault)
        discrepancy = mmd(z, prior, kernel, fault)
        value = cost + 100 * discrepancy
        return value, {"loss": value, "c(x,G(z))": cost, "MMD": discrepancy}

    gradient, metrics = jax.grad(loss, has_aux=True)(state.params)
    adam = reference.adam(run.config, run.config.optim.learning_rate, first=run.config.loss.warmup_steps)
    params, _ = reference.moved(adam, gradient, state.optimisers["autoencoder"], state.params)
    return Expected(jax.tree.map(float, metrics), params)


PLAYERS = {"autoencoder": ("encoder", "decoder")}
REFERENCES = (
    Reference("wae_mmd", "encoder warm-up", wae.expected_warmup, wae.WARMUP_FAULTS, {"encoder_warmup": ("encoder",)}),
    Reference("wae_mmd", "training", expected_step, FAULTS, PLAYERS),
    Reference("wae_mmd", "training", expected_step, RBF_FAULTS, PLAYERS, {"loss.kernel": "rbf"}),
)
