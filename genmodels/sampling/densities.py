"""Densities of codes, fitted after training to draw from instead of the prior (Ghosh et al. 2020, arXiv 1903.12436)."""

import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from genmodels.runs import derived, files

COMPONENTS = {"gaussian": 1, "mixture": 10}  # of the densities that are fitted, by name
ITERATIONS = 200  # of expectation maximisation, at most


class Density(NamedTuple):
    """A mixture of K Gaussians over codes, float32; K = 1: one Gaussian."""

    weights: np.ndarray  # [K]; they sum to 1
    means: np.ndarray  # [K, Z]
    factors: np.ndarray  # [K, Z, Z], lower triangular: a covariance is factor @ factor.T

    def sample(self, key: jax.Array, num: int) -> jax.Array:
        """`num` codes, float32 [num, Z]: a component for each, then its mean + factor @ noise."""
        component_key, noise_key = jax.random.split(key)
        component = jax.random.categorical(component_key, jnp.log(self.weights), shape=(num,))
        noise = jax.random.normal(noise_key, (num, self.means.shape[1]))
        codes = jnp.asarray(self.means)[component]
        for k, factor in enumerate(self.factors):  # a factor for each code at once would not fit in memory
            moved = jnp.matmul(noise, factor.T, precision=jax.lax.Precision.HIGHEST)
            codes += jnp.where((component == k)[:, None], moved, 0)
        return codes


def fewest(components: int, dims: int) -> int:
    """How many codes a mixture takes: with fewer, its covariances could not all have full rank."""
    return components * (dims + 1)


def fit(codes: np.ndarray, components: int, seed: int) -> Density:
    """The mixture of `components` full Gaussians that makes codes [N, Z] most likely; the same for the same seed.

    That of one component is in closed form: the codes' mean and covariance. Raises ValueError for fewer codes than
    `fewest`. Says on stderr where expectation maximisation has not converged.
    """
    if len(codes) < (least := fewest(components, codes.shape[1])):
        raise ValueError(f"{components} components take {least:,} codes, and there are {len(codes):,}")
    # Imported where it fits only: it takes a second, and sampling does without.
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture
    from threadpoolctl import threadpool_limits

    mixture = GaussianMixture(components, covariance_type="full", max_iter=ITERATIONS, random_state=seed)
    # One thread: the matrices are small, and on a busy machine several took fifteen times as long.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        mixture.fit(np.asarray(codes, np.float64))
    if not mixture.converged_:
        print(f"the mixture of {components} is used as it is after {ITERATIONS} iterations", file=sys.stderr)
    found = mixture.weights_, mixture.means_, np.linalg.cholesky(np.asarray(mixture.covariances_))
    return Density(*(np.asarray(array, np.float32) for array in found))


def write(path: Path, densities: Mapping[str, Density]) -> None:
    """Writes densities by name as one .npz with arrays 'name/field'; the file is complete at every moment."""
    files.write_arrays(
        path,
        {f"{name}/{field}": array for name, each in densities.items() for field, array in each._asdict().items()},
    )


def read(path: Path) -> dict[str, Density]:
    """The densities that `write` has written, or an exported model has, by name.

    {} where there is no file, UsageError for a damaged one.
    """

    def parse(arrays: Mapping[str, np.ndarray]) -> dict[str, Density]:
        names = dict.fromkeys(name.partition("/")[0] for name in arrays)
        return {
            name: Density(*(np.asarray(arrays[f"{name}/{field}"], np.float32) for field in Density._fields))
            for name in names
        }

    return derived.read(path, parse) or {}
