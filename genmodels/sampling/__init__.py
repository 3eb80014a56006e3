"""Improved sampling, and lines between codes."""

from genmodels.sampling.improved import Refined, refine
from genmodels.sampling.lines import lerp, slerp

__all__ = ["Refined", "lerp", "refine", "slerp"]
