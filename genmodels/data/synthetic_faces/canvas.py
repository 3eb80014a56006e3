"""A patch of the image that is being painted, and the soft shapes that fill it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Array = np.ndarray
Colour = Array | Sequence[float]  # [3], or one for each pixel [3, h, w]


@dataclass
class Patch:
    """A window of the image, to be painted through.

    It has `rgb` [3, h, w] in [0, 1], coordinates `x` and `y` that broadcast to [h, w], and the size of a pixel in their
    unit.
    """

    rgb: Array
    x: Array
    y: Array
    pixel: float

    def cover(self, distance: Array, blur: float = 0.0) -> Array:
        """The share of each pixel where the signed distance is negative; the edge is at least `blur` wide."""
        return clamp(0.5 - distance * (1.0 / max(self.pixel, blur)))  # [h, w]

    def band(self, distance: Array, half_width: Array | float, blur: float = 0.0) -> Array:
        """The share of each pixel within `half_width` of the line distance = 0, however thin the line."""
        return self.cover(distance - half_width, blur) - self.cover(distance + half_width, blur)  # [h, w]

    def paint(self, alpha: Array | float, colour: Colour) -> None:
        """Lay a colour [3] or [3, h, w] over the patch with opacity alpha [h, w]."""
        self.rgb += alpha * (solid(colour) - self.rgb)

    def tint(self, alpha: Array | float, factor: Colour) -> None:
        """Multiply the patch by a factor [3] or [3, h, w], to the degree alpha [h, w]."""
        self.rgb *= 1.0 + alpha * (solid(factor) - 1.0)

    def clouds(self, frequency: float, rng: np.random.Generator, count: int = 6) -> Array:
        """Smooth noise over the plane, about unit variance, with `frequency` waves in a unit of length."""
        angles = rng.uniform(0.0, math.pi, count)
        frequencies = (frequency * rng.uniform(0.6, 1.4, count)).tolist()
        along = stack(np.cos(angles)) * self.x + stack(np.sin(angles)) * self.y  # [count, h, w]
        return waves(along, frequencies, rng, self.pixel)


def waves(along: Array, frequencies: list[float], rng: np.random.Generator, pixel: float) -> Array:
    """Smooth noise along a coordinate [h, w], or along one for each wave [K, h, w], of about unit variance [h, w].

    A wave of frequency f is damped by sinc(f * pixel), its mean over a pixel, so that none is seen as another.
    """
    phases = rng.uniform(0.0, 2.0 * math.pi, len(frequencies))
    turns = np.multiply(frequencies, 2.0 * math.pi)
    damping = np.sinc(np.minimum(np.multiply(frequencies, pixel), 1.0)) * math.sqrt(2.0 / len(frequencies))
    ripples = np.sin(along * stack(turns) + stack(phases))  # [K, h, w]
    return np.einsum("k,khw->hw", damping.astype(np.float32), ripples)


def blank(size: int) -> Patch:
    """A black image whose coordinates run from -1 to 1, rightwards and downwards."""
    axis = ((np.arange(size) + 0.5) * (2.0 / size) - 1.0).astype(np.float32)
    return Patch(np.zeros((3, size, size), np.float32), axis[None, :], axis[:, None], 2.0 / size)


def stack(values: Colour) -> Array:
    """Numbers [K] as float32 [K, 1, 1], to be combined with images."""
    return np.asarray(values, np.float32)[:, None, None]


def solid(colour: Colour) -> Array:
    """A colour [3] as [3, 1, 1]; a coloured image [3, h, w] as it is."""
    return np.asarray(colour) if np.ndim(colour) == 3 else stack(colour)


def clamp(value: Array, low: float = 0.0, high: float = 1.0) -> Array:
    """The values limited to [low, high]."""
    return np.minimum(np.maximum(value, low), high)  # several times faster than np.clip on small arrays


def ridge(distance: Array, width: float) -> Array:
    """A Gaussian ridge of height 1 and the given standard deviation along the line distance = 0."""
    scaled = distance * (1.0 / width)
    return np.exp(-0.5 * (scaled * scaled))


def glow(x: Array, y: Array, width: float, height: float) -> Array:
    """A Gaussian spot of height 1 with the given standard deviations."""
    x, y = x * (1.0 / width), y * (1.0 / height)
    return np.exp(-0.5 * (x * x + y * y))


def ramp(value: Array, start: float, stop: float) -> Array:
    """A smooth step from 0 at `start` to 1 at `stop`."""
    share = clamp((value - start) * (1.0 / (stop - start)))
    return share * share * (3.0 - 2.0 * share)


def oval(x: Array, y: Array, power: float) -> Array:
    """The superellipse function (|x|^p + |y|^p)^(1/p) - 1: negative inside, 0 on the outline."""
    return (np.abs(x) ** power + np.abs(y) ** power) ** (1.0 / power) - 1.0


def length(x: Array, y: Array) -> Array:
    """The distance from the origin."""
    return np.sqrt(x * x + y * y)
