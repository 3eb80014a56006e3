"""Ways to draw codes besides the prior, and lines between codes."""

from genmodels.sampling import densities
from genmodels.sampling.improved import Refined, refine
from genmodels.sampling.lines import lerp, slerp

__all__ = ["Refined", "densities", "lerp", "refine", "slerp"]
