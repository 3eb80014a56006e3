"""What both WAEs share: the noise on the input, the cost, and the encoder's warm-up."""

import jax
import jax.numpy as jnp
import numpy as np

from genmodels.methods.replicas import Replicas
from tests.support import reference, tiny
from tests.support.reference import Expected

COST_FAULTS = ("mean over pixels", "weight of 64 px", "square root of the cost", "noise in the target", "no noise")
WARMUP_FAULTS = (
    "means only",
    "covariances only",
    "variances only",
    "covariances over n",
    "sums over the code",
    "noise in the input",
)


def inputs(images, key, sigma, fault=None) -> tuple[jax.Array, jax.Array]:
    """Images in [-1, 1] as the encoder sees them, with noise of deviation `sigma`, and what the decoder is to draw."""
    x = signed(images)
    noisy = x + (0 if fault == "no noise" else sigma) * Replicas().truncated_normal(key, x.shape)
    return noisy, noisy if fault == "noise in the target" else x


def cost(target: jax.Array, y: jax.Array, fault=None) -> jax.Array:
    """c = .05 * 64^2 / size^2 * SSE on [-1, 1], averaged over the batch."""
    squares = jnp.square(target - y)
    error = jnp.mean(squares, (1, 2, 3)) if fault == "mean over pixels" else jnp.sum(squares, (1, 2, 3))
    error = jnp.sqrt(error) if fault == "square root of the cost" else error
    return (0.05 if fault == "weight of 64 px" else 0.05 * 64**2 / tiny.SIZE**2) * error.mean()


def signed(images: np.ndarray) -> jax.Array:
    """uint8 images -> [-1, 1]."""
    return 2 * jnp.asarray(images / np.float32(255)) - 1


def expected_warmup(run, state, images, key, fault=None) -> Expected:
    """The encoder's Adam on the distance of the codes' moments from the prior's, until that is below 0.1."""
    encoder, _ = reference.nets(run.config.method)
    x, old = signed(images), state.params["encoder"]
    if fault == "noise in the input":
        x, _ = inputs(images, key, run.config.loss.input_noise)
    prior = Replicas().normal(key, (tiny.BATCH, tiny.LATENT))
    value, gradient = jax.value_and_grad(lambda phi: _moment_distance(encoder(phi, x), prior, fault))(old)
    adam = reference.adam(run.config, run.config.optim.learning_rate)
    new, _ = reference.moved(adam, gradient, state.optimisers["encoder_warmup"], old)
    return Expected({"loss": float(value)}, {"encoder": old if value < 0.1 else new})


def _moment_distance(q, p, fault):
    """mean((mean_p - mean_q)^2) + mean((cov_p - cov_q)^2), over the code and over its pairs of coordinates."""
    over = jnp.sum if fault == "sums over the code" else jnp.mean
    of_means = over(jnp.square(_mean(q) - _mean(p)))
    of_covariances = over(jnp.square(_covariance(q, fault) - _covariance(p, fault)))
    return {"means only": of_means, "covariances only": of_covariances}.get(fault, of_means + of_covariances)


def _mean(z):
    return z.sum(0) / len(z)


def _covariance(z, fault):
    centred = z - _mean(z)[None]
    found = centred.T @ centred / (len(z) if fault == "covariances over n" else len(z) - 1)
    return jnp.diag(found) if fault == "variances only" else found
