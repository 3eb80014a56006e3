"""Nose and mouth."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from genmodels.data.synthetic_faces import colours
from genmodels.data.synthetic_faces.canvas import Array, Patch, glow, length, ramp, ridge
from genmodels.data.synthetic_faces.head import Head

MOUTH_Y = 0.59


def paint_nose(head: Head, factors: Mapping) -> None:
    """Paint what relief alone does not show of the nose: nostrils, wings, the shadow and the folds below."""
    patch = head.patch(0.33 * factors["nose_length"], 0.6, 0.42)
    x, y = patch.x - 0.20 * head.sin_yaw, patch.y - 0.18 * head.sin_pitch
    side, wide = np.abs(x), factors["nose_width"]
    patch.tint(0.5 * glow(x, y - 0.12, 0.13 * wide, 0.035), [0.66, 0.52, 0.50])
    patch.tint(0.75 * glow(side - 0.075 * wide, y - 0.085, 0.034 * wide, 0.017), [0.25, 0.14, 0.13])
    wing = ridge(length(side - 0.11 * wide, y - 0.03) - 0.065, 0.014)
    patch.tint(0.42 * wing * ramp(side, 0.11 * wide, 0.17 * wide), [0.62, 0.46, 0.44])
    fold = patch.y - 0.06 - 1.25 * (np.abs(patch.x) - 0.19)  # from the wing to the corner of the mouth
    deep = (0.12 + 0.3 * max(factors["smile"], 0.0)) * ramp(patch.y, 0.03, 0.1) * (1.0 - ramp(patch.y, 0.22, 0.36))
    patch.tint(deep * ridge(fold, 0.03), [0.66, 0.50, 0.48])


def paint_mouth(head: Head, factors: Mapping, rng: np.random.Generator) -> None:
    """Paint the lips and, where the mouth is open, its inside with teeth."""
    patch = head.patch(MOUTH_Y, 0.62, 0.42)
    smile, opening = factors["smile"], factors["mouth_open"]
    half = 0.29 * factors["mouth_width"] * (1.0 + 0.22 * max(smile, 0.0))
    place = patch.x / half
    square = place * place
    share = np.maximum(1.0 - square, 0.0)
    y = patch.y + (0.085 * smile) * (square - 0.4)  # a smile lifts the corners
    full = 0.065 * factors["lip_fullness"]
    gap = (0.16 * opening) * share**0.8
    above, below = -0.35 * gap, 0.65 * gap  # where the inside of the mouth begins and ends
    top = above - full * share**0.8 * (1.0 - 0.28 * ridge(patch.x, 0.035))
    bottom = below + (full * 1.25) * share**0.7
    lips = patch.cover(np.maximum(np.maximum(top - y, y - bottom), np.abs(patch.x) - half))
    patch.tint(0.35 * glow(patch.x, y - full * 2.2 - 0.11 * opening, 0.17, 0.035), [0.68, 0.56, 0.54])
    _paint_lips(patch, lips * 0.92, y, y - below - 0.45 * (bottom - below), factors, head.skin, rng)
    line = patch.band(y, 0.009) * patch.cover(np.abs(patch.x) - half)
    patch.tint(line * (0.8 - 0.5 * min(opening * 4.0, 1.0)), [0.35, 0.2, 0.2])
    if opening > 0.05:
        inside = patch.cover(np.maximum(above - y, y - below)) * ramp(share, 0.0, 0.06)
        _paint_inside(patch, inside, y, gap, np.abs(place))
    patch.tint(0.55 * glow(np.abs(patch.x) - half, y, 0.022, 0.022), [0.5, 0.36, 0.34])


def _paint_lips(
    patch: Patch, lips: Array, y: Array, shine: Array, factors: Mapping, skin: Array, rng: np.random.Generator
) -> None:
    bare = skin * [0.90, 0.66, 0.64]
    made_up = colours.hsv(rng.uniform(-0.06, 0.03), rng.uniform(0.55, 0.8), rng.uniform(0.45, 0.8))
    patch.paint(lips, bare + min(factors["lipstick"] * 1.3, 1.0) * 0.85 * (made_up - bare))
    patch.tint(lips * (0.45 - 0.45 * ramp(y, -0.05, 0.02)), [0.72, 0.66, 0.66])  # the upper lip faces down
    gloss = 0.18 + 0.3 * factors["lipstick"]
    patch.paint(lips * glow(patch.x - 0.03, shine, 0.09, 0.016) * gloss, [1.0, 0.93, 0.92])


def _paint_inside(patch: Patch, inside: Array, y: Array, gap: Array, place: Array) -> None:
    patch.paint(inside, [0.22, 0.06, 0.06])
    teeth = inside * patch.cover(y - gap * 0.45 + 0.004) * (1.0 - ramp(place, 0.72, 0.95))
    patch.paint(teeth, [0.95, 0.93, 0.89])
    seams = (np.abs(np.mod(patch.x / 0.065 + 0.5, 1.0) - 0.5)) * 0.065
    patch.tint(0.4 * teeth * patch.band(seams, 0.004), [0.6, 0.55, 0.52])
    patch.tint(inside * (0.6 - 0.6 * ramp(y + gap * 0.35, 0.0, 0.03)), [0.55, 0.42, 0.42])  # the lip's shadow
