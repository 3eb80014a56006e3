"""How far the codes of an encoder, Q_z, are from their prior P_z = N(0, I)."""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Float

from genmodels.arrays import AnyArray

STARTS = 3  # random starts of the search for the least Gaussian plane
_product = functools.partial(jnp.matmul, precision=jax.lax.Precision.HIGHEST)


class Moments(NamedTuple):
    """First and second moments of codes; under the prior: 0, 1, 0, 0."""

    mean: Float[np.ndarray, " z"]
    std: Float[np.ndarray, " z"]
    largest_correlation: float  # largest |correlation| of two dimensions
    mean_correlation: float  # mean |correlation| over pairs of dimensions


def moments(codes: Float[AnyArray, "n z"]) -> Moments:
    """Moments of codes, in float64; a dimension without spread counts as uncorrelated with the others."""
    codes = np.asarray(codes, np.float64)
    mean, std = codes.mean(0), codes.std(0)  # [Z]
    scaled = np.divide(codes - mean, std, out=np.zeros_like(codes), where=std > 0)  # [N, Z]
    correlation = np.abs(scaled.T @ scaled / len(codes))  # [Z, Z]
    pairs = correlation[np.triu_indices(len(mean), k=1)]
    return Moments(mean, std, float(pairs.max(initial=0)), float(pairs.mean()) if len(pairs) else 0.0)


def active_units(means: Float[AnyArray, "n z"], threshold: float = 0.01) -> int:
    """Number of dimensions whose posterior means vary over images by more than `threshold`.

    Burda, Grosse and Salakhutdinov 2016, section 5.2.
    """
    return int(np.count_nonzero(np.var(np.asarray(means, np.float64), axis=0) > threshold))


@functools.partial(jax.jit, static_argnames="steps")
def least_gaussian_plane(codes: Float[AnyArray, "n z"], key: jax.Array, steps: int = 500) -> Float[jax.Array, "z 2"]:
    """Orthonormal plane on which codes, Z >= 2, look least like N(0, I).

    It maximises |cov(Q U) - I|_F^2 + |mean(Q U)|^2 over U by Adam with a QR retraction, from 3 random starts and from
    the optimum for codes of zero mean: `farthest_eigenvectors`. That start matters: random ones begin near the average
    variance and can all miss a collapsed dimension. The objective is the least-Gaussian projection of Tolstikhin et
    al. 2018's code; it sees means and covariances only. The plane is unique up to a rotation within itself.
    """
    codes = jnp.asarray(codes, jnp.float32)
    mean = codes.mean(0)  # [Z]
    centred = codes - mean[None]
    cov = _product(centred.T, centred) / len(codes)  # [Z, Z]
    random = jax.random.normal(key, (STARTS, codes.shape[1], 2))
    starts = jnp.concatenate([_orthonormal(random), farthest_eigenvectors(cov)[None]])  # [S, Z, 2]
    planes = _ascend(starts, mean, cov, steps)
    return planes[jnp.argmax(jax.vmap(_distance_from_prior, (0, None, None))(planes, mean, cov))]


def farthest_eigenvectors(cov: Float[AnyArray, "z z"]) -> Float[jax.Array, "z 2"]:
    """The two eigenvectors of a covariance whose eigenvalues l have the largest |l - 1|.

    They are the least Gaussian plane of zero-mean codes: the variances along any two orthonormal directions lie in the
    convex hull of the pairs of eigenvalues, and the objective is convex in them, so its maximum is at a pair.
    """
    eigenvalues, eigenvectors = jnp.linalg.eigh(cov)
    return eigenvectors[:, jnp.argsort(-jnp.abs(eigenvalues - 1))[:2]]


def _distance_from_prior(
    plane: Float[jax.Array, "z 2"], mean: Float[jax.Array, " z"], cov: Float[jax.Array, "z z"]
) -> Float[jax.Array, ""]:
    """|U' C U - I|_F^2 + |U' m|^2 for a plane U."""
    spread = _product(plane.T, _product(cov, plane)) - jnp.eye(2)  # [2, 2]
    return jnp.sum(spread**2) + jnp.sum(_product(plane.T, mean) ** 2)


def _orthonormal(planes: Float[jax.Array, "s z 2"]) -> Float[jax.Array, "s z 2"]:
    """The orthonormal factor that is nearest in sign, so that the iteration does not flip its columns."""
    q, r = jnp.linalg.qr(planes)
    return q * jnp.where(jnp.diagonal(r, axis1=1, axis2=2) < 0, -1, 1)[:, None]


def _ascend(
    planes: Float[jax.Array, "s z 2"], mean: Float[jax.Array, " z"], cov: Float[jax.Array, "z z"], steps: int
) -> Float[jax.Array, "s z 2"]:
    """Adam on all starts at once; the rate decays to 0 so that the last steps settle."""
    adam = optax.adam(optax.cosine_decay_schedule(0.05, steps))

    @jax.vmap
    def slope(plane):
        gradient = jax.grad(_distance_from_prior)(plane, mean, cov)  # [Z, 2]
        # Its part within the plane changes nothing, yet Adam's scaling by coordinate would turn it into a move.
        return gradient - _product(plane, _product(plane.T, gradient))

    def step(_, carry):
        planes, state = carry
        updates, state = adam.update(-slope(planes), state)
        return _orthonormal(planes + updates), state

    return jax.lax.fori_loop(0, steps, step, (planes, adam.init(planes)))[0]
