"""The colours of synthetic faces, as RGB in [0, 1]."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping

import numpy as np

SKIN = np.array(
    [
        [0.33, 0.21, 0.16],
        [0.44, 0.29, 0.21],
        [0.60, 0.41, 0.30],
        [0.76, 0.56, 0.44],
        [0.88, 0.69, 0.57],
        [0.96, 0.80, 0.71],
    ]
)
HAIR = {
    "black": (0.10, 0.09, 0.10),
    "dark_brown": (0.23, 0.15, 0.11),
    "brown": (0.38, 0.26, 0.17),
    "auburn": (0.44, 0.21, 0.13),
    "red": (0.66, 0.34, 0.17),
    "blond": (0.80, 0.65, 0.40),
    "grey": (0.52, 0.52, 0.53),
    "white": (0.78, 0.77, 0.75),
}
EYES = {
    "brown": (0.30, 0.17, 0.09),
    "hazel": (0.48, 0.34, 0.14),
    "green": (0.33, 0.48, 0.27),
    "blue": (0.28, 0.48, 0.70),
    "grey": (0.48, 0.54, 0.58),
}


def skin(factors: Mapping) -> np.ndarray:
    """The skin's colour [3]: skin_tone runs from dark to light, skin_warmth from pink to olive."""
    place = factors["skin_tone"] * (len(SKIN) - 1)
    below = min(int(place), len(SKIN) - 2)
    base = SKIN[below] + (place - below) * (SKIN[below + 1] - SKIN[below])
    return np.clip(base * (1.0 + 0.07 * factors["skin_warmth"] * np.array([-0.3, 0.7, -1.0])), 0.0, 1.0)


def hair(factors: Mapping) -> np.ndarray:
    """The hair's colour [3]."""
    return np.array(HAIR[factors["hair_colour"]])


def hsv(hue: float, saturation: float, value: float) -> np.ndarray:
    """An RGB colour [3] from hue, saturation and value in [0, 1]; the hue wraps round, the others are limited."""
    return np.array(colorsys.hsv_to_rgb(hue % 1.0, min(max(saturation, 0.0), 1.0), min(max(value, 0.0), 1.0)))
