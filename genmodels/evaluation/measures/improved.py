"""Measures of improved sampling: what the descent has done. Its samples are measured like any others."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from genmodels import sampling
from genmodels.evaluation.measures.measure import Measure


class Improved(NamedTuple):
    """Prior codes [N, Z] and what the descent made of them."""

    start: jax.Array
    moved: sampling.Refined


MEASURES = [
    Measure("fixed_point_before", "fixed-point error before", 0, "", lambda these: np.asarray(these.moved.before)),
    Measure("fixed_point_after", "fixed-point error after", 0, "", lambda these: np.asarray(these.moved.after)),
    Measure("code_change", function=lambda these: np.asarray(jnp.abs(these.moved.codes - these.start).mean(1))),
    Measure("steps", function=lambda these: int(these.moved.steps)),
]
