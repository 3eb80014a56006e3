"""Eyes, eyebrows and glasses. Both sides are painted at once, on the mirrored coordinate |x|."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from genmodels.data.synthetic_faces import colours
from genmodels.data.synthetic_faces.canvas import Array, Patch, glow, length, ramp, ridge, waves
from genmodels.data.synthetic_faces.head import EYE_Y, Head

EYE_X = 0.42
LENSES = {"round": (0.26, 0.26, 0.26), "square": (0.30, 0.20, 0.07), "sunglasses": (0.32, 0.23, 0.15)}


def paint_eyes(head: Head, factors: Mapping) -> None:
    """Paint lids, whites, irises, highlights and lashes."""
    patch = head.patch(EYE_Y, 0.86, 0.30)
    outward, sign = np.abs(patch.x) - EYE_X * factors["eye_spacing"], np.sign(patch.x)
    size = 1.08 * factors["eye_size"]
    half, lid = 0.185 * size, 0.105 * size * factors["eye_openness"]
    y = patch.y + (0.12 * factors["eye_tilt"]) * outward
    share = np.maximum(1.0 - (outward / half) ** 2, 0.0)
    upper, lower = -lid * share**0.75, (0.45 * lid + 0.008) * share
    patch.tint(0.5 * glow(outward, patch.y + 0.04, 0.2, 0.12), [0.78, 0.68, 0.66])  # the socket
    patch.tint(0.30 * glow(outward + 0.03, patch.y - 0.16, 0.12, 0.03), [0.80, 0.70, 0.70])  # the bag below
    patch.tint(0.5 * ridge(y - upper + 0.055, 0.022) * share, [0.62, 0.48, 0.46])  # the crease of the lid
    white = patch.cover(np.maximum(np.maximum(upper - y, y - lower), np.abs(outward) - half))
    patch.paint(white, [0.93, 0.91, 0.89])
    _paint_iris(patch, white, outward * sign, sign, head, factors)
    patch.tint(white * (0.5 - 0.5 * ramp(y - upper, 0.0, 0.07)), [0.45, 0.40, 0.40])  # the lid's shadow
    patch.paint(0.6 * white * glow(outward + half * 0.92, y, 0.025, 0.02), [0.80, 0.50, 0.47])  # the inner corner
    thick = (0.011 + 0.012 * factors["lipstick"]) * (0.5 + ramp(outward, -half, half)) * ramp(share, 0.0, 0.1)
    patch.paint(0.9 * patch.band(y - upper, thick), head.skin * 0.15)
    patch.paint(0.35 * patch.band(y - lower, thick * 0.5), head.skin * 0.4)
    if factors["lipstick"] > 0.25:
        wing = ramp(outward, half * 0.8, half * 0.95) * (1.0 - ramp(outward, half * 1.1, half * 1.3))
        patch.paint(wing * patch.band(y + 0.6 * (outward - half), 0.012), head.skin * 0.12)


def _paint_iris(patch: Patch, white: Array, x: Array, sign: Array, head: Head, factors: Mapping) -> None:
    x = x - 0.065 * factors["gaze_x"]
    y = patch.y - (0.03 * factors["gaze_y"] - 0.01)
    radius = 0.102 * factors["eye_size"]
    distance = length(x, y)
    iris = np.array(colours.EYES[factors["eye_colour"]])
    disc = white * patch.cover(distance - radius)
    patch.paint(disc, iris * 0.45)
    patch.paint(disc * (1.0 - ramp(distance, 0.65 * radius, radius)), iris)
    patch.paint(disc * 0.5 * ramp(y, -0.02, 0.08), np.minimum(iris * 1.6 + 0.05, 1.0))
    patch.paint(white * patch.cover(distance - 0.45 * radius), [0.03, 0.03, 0.04])
    spot = length(x - 0.035 * head.light[0], y + 0.035) - 0.023
    patch.paint(0.9 * white * patch.cover(spot), [1.0, 1.0, 1.0])


def paint_brows(head: Head, factors: Mapping, rng: np.random.Generator) -> None:
    """Paint the eyebrows."""
    patch = head.patch(-0.185 - 0.035 * factors["brow_height"], 0.86, 0.22)
    place = (np.abs(patch.x) - EYE_X * 1.02 * factors["eye_spacing"]) / 0.25
    curve = 0.05 * (place - 0.35) ** 2 - 0.04 * factors["brow_angle"] * place
    thick = 0.038 * factors["brow_thickness"] * (1.0 - 0.75 * ramp(place, -0.3, 1.05))
    ends = ramp(place, -1.05, -0.8) * (1.0 - ramp(place, 0.9, 1.1))
    hairs = 0.78 + 0.1 * waves(patch.x + 0.4 * patch.y, [13.0, 23.0], rng, patch.pixel)
    colour = np.minimum(colours.hair(factors) * 0.62, head.skin * 0.6)
    patch.paint(patch.band(patch.y - curve, thick, blur=0.025) * ends * hairs, colour)


def paint_glasses(head: Head, factors: Mapping, rng: np.random.Generator) -> None:
    """Paint glasses of the labelled kind, and nothing where that is 'none'."""
    kind = factors["glasses"]
    if kind == "none":
        return
    patch = head.patch(EYE_Y + 0.02, 1.1, 0.42)
    wide, tall, corner = LENSES[kind]
    middle, across = EYE_X * 1.02 * factors["eye_spacing"], np.abs(patch.x)
    x, y = across - middle, patch.y
    over_x, over_y = np.maximum(np.abs(x) - (wide - corner), 0.0), np.maximum(np.abs(y) - (tall - corner), 0.0)
    rim = length(over_x, over_y) - corner  # the signed distance to a box with round corners
    lens, thick = patch.cover(rim), rng.uniform(0.014, 0.028)
    frame = colours.hsv(rng.uniform(0.0, 0.12), 0.7, rng.uniform(0.04, 0.4))
    if kind == "sunglasses":
        patch.paint(lens * (0.93 - 0.25 * ramp(y, -0.1, 0.25)), colours.hsv(rng.uniform(), 0.35, 0.13))
    slant = patch.x - middle * np.sign(patch.x) + 0.8 * y
    patch.paint(lens * (0.04 + 0.14 * ridge(slant + 0.06, 0.05)), [0.92, 0.96, 1.0])
    patch.tint(0.3 * patch.band(rim - 0.03, 0.02) * ramp(y, -0.05, 0.2), [0.7, 0.6, 0.6])  # the frame's shadow
    bridge = patch.band(y + 0.03 + 0.6 * patch.x**2, thick) * patch.cover(across - (middle - wide))
    arms = patch.band(y + 0.06, thick) * patch.cover(middle + wide - across) * patch.cover(across - 0.92)
    patch.paint(np.maximum(patch.band(rim, thick), np.maximum(bridge, arms)), frame)
