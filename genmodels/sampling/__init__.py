"""Ways to draw codes besides the prior, lines between codes, and vectors of attributes."""

from genmodels.sampling import attributes, densities
from genmodels.sampling.improved import Refined, refine
from genmodels.sampling.lines import lerp, slerp

__all__ = ["Refined", "attributes", "densities", "lerp", "refine", "slerp"]
