"""Measures of Q_z, from which codes of test images are drawn: how far it is from the prior P_z = N(0, I).

Q_z is the aggregated posterior, the mean of q(z|x) over images: what the decoder was trained on. The posteriors' means
alone are closer to 0 than codes of the prior even where Q_z is the prior.
"""

from functools import cached_property
from operator import attrgetter

import jax
import jax.numpy as jnp
import numpy as np

from genmodels import metrics
from genmodels.evaluation.measures.measure import Measure, least
from genmodels.mmd import mmd

MMD_CODES = 100  # codes in each of the disjoint sets over which MMD is averaged
SPREAD = least(test=2)


class Codes:
    """Codes [N, Z] of test images: the `means` of their posteriors, and `codes` drawn from these, which are of Q_z.

    The two are equal where the encoder is deterministic.
    """

    def __init__(self, means: np.ndarray, codes: np.ndarray, key: jax.Array):
        """`key` draws the prior codes that they are compared with."""
        self.means, self.codes, self._key = means, codes, key

    @property
    def set_size(self) -> int:
        """The number of codes in each of the disjoint sets over which MMD is averaged."""
        return min(MMD_CODES, len(self.codes) // 2)

    @cached_property
    def moments(self) -> metrics.Moments:
        return metrics.moments(self.codes)

    @property
    def mmd(self) -> np.ndarray:
        """MMD [S] between disjoint sets of codes and as many of the prior."""
        compare, size, values = jax.jit(mmd), self.set_size, []
        for i, start in enumerate(self._starts):
            prior = jax.random.normal(jax.random.fold_in(self._key, i), (size, self.codes.shape[1]))
            values.append(compare(jnp.asarray(self.codes[start : start + size]), prior))
        return np.array(values)

    @property
    def plane(self) -> np.ndarray:
        """The plane [Z, 2] on which they look least like the prior."""
        key = jax.random.fold_in(self._key, len(self._starts))  # one that no set of codes has used
        return np.asarray(metrics.least_gaussian_plane(self.codes, key))

    @property
    def _starts(self) -> range:
        return range(0, len(self.codes) - self.set_size + 1, self.set_size)


MEASURES = [
    Measure("latent mmd", "MMD(Q_z, P_z)", 4, "", attrgetter("mmd"), least(test=4)),
    Measure("latent mmd_codes_in_a_set", function=attrgetter("set_size"), lacks=least(test=4)),
    Measure("latent active_units", "active units", 0, "", lambda these: metrics.active_units(these.means), SPREAD),
    Measure("latent dimensions", function=lambda these: these.codes.shape[1]),
    Measure("latent n", function=lambda these: len(these.codes)),
    Measure("latent mean", function=lambda these: these.moments.mean.tolist(), lacks=SPREAD),  # [Z]
    Measure("latent std", function=lambda these: these.moments.std.tolist(), lacks=SPREAD),  # [Z]
    Measure("latent largest_correlation", function=attrgetter("moments.largest_correlation"), lacks=SPREAD),
    Measure("latent mean_correlation", function=attrgetter("moments.mean_correlation"), lacks=SPREAD),
    Measure(
        "latent least_gaussian_plane",  # [Z, 2]
        function=lambda these: these.plane.tolist(),
        lacks=least(test=2, latent=2),
        alone="the plane in which codes are least Gaussian",
    ),
]
