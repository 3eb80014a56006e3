"""The skin of the face, its beard, and the relief that light shows on it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from genmodels.data.synthetic_faces import colours
from genmodels.data.synthetic_faces.canvas import Array, Patch, clamp, glow, ramp, ridge, stack, waves
from genmodels.data.synthetic_faces.head import Head


def paint_skin(head: Head, factors: Mapping, rng: np.random.Generator) -> Array:
    """Paint bare skin inside the outline and return its opacity [H, W]."""
    canvas = head.canvas
    mask = canvas.cover(head.outline)
    canvas.paint(mask, head.skin)
    x, y, side = head.face_x, head.face_y, np.abs(head.face_x)
    cheeks = (0.25 + 0.6 * factors["blush"]) * glow(side - 0.52, y - 0.30, 0.22, 0.15)
    canvas.tint(mask * (cheeks + 0.35 * glow(x, y - 0.34, 0.14, 0.1)), [1.03, 0.84, 0.82])
    if factors["freckles"] > 0.25:
        face = Patch(canvas.rgb, x, y * head.aspect, canvas.pixel / head.width)
        spots = clamp(face.clouds(10.0, rng) - 0.9) * glow(side - 0.35, y - 0.22, 0.28, 0.14)
        canvas.tint(mask * clamp(spots * (2.0 * factors["freckles"] - 0.5), 0.0, 0.6), [0.76, 0.60, 0.48])
    return mask


def paint_beard(head: Head, mask: Array, factors: Mapping, rng: np.random.Generator) -> None:
    """Paint the beard of the labelled kind over the bare face, whose opacity is `mask` [H, W]."""
    kind = factors["beard"]
    if kind == "none":
        return
    x, y, side = head.face_x, head.face_y, np.abs(head.face_x)
    moustache = ridge(y - 0.50 - 0.10 * side, 0.035) * (1.0 - ramp(side, 0.24, 0.36))
    if kind in ("stubble", "full"):
        shaven = (1.0 - ramp(side, 0.21, 0.33)) * (1.0 - ramp(y, 0.66, 0.74))  # round the mouth
        cheeks = ramp(y + 0.25 * (side - 0.5), 0.40, 0.52) * (1.0 - shaven)
        sideburns = ramp(side, 0.80, 0.90) * ramp(y, -0.1, 0.1)
        region = np.maximum(np.maximum(cheeks, sideburns), moustache) * (0.42 if kind == "stubble" else 1.0)
    elif kind == "goatee":
        chin = ramp(y, 0.68, 0.76) * (1.0 - ramp(side, 0.20, 0.32))
        region = np.maximum(moustache, np.maximum(chin, glow(side - 0.33, y - 0.62, 0.035, 0.12)))
    else:
        region = moustache
    hairs = waves(x + 0.15 * np.sin(y * 7.0), [5.0, 9.0, 15.0, 25.0], rng, head.canvas.pixel / head.width)
    colour = stack(colours.hair(factors) * 0.8) * (1.0 + 0.2 * hairs)
    if kind == "full":  # it stands off the jaw
        mask = np.maximum(mask, head.canvas.cover(head.outline - 0.045 - 0.006 * hairs) * ramp(head.y, 0.3, 0.6))
    head.canvas.paint(mask * region * (0.92 + 0.05 * hairs), colour)


def light_face(head: Head, mask: Array, factors: Mapping) -> None:
    """Light whatever is painted on the face [H, W] as a ball with a relief: sockets, nose, cheeks, lips and chin."""
    side, sign = np.abs(head.face_x), np.sign(head.face_x)
    wide, tip = factors["nose_width"], 0.33 * factors["nose_length"]
    out = ramp(head.face_y, -0.15, tip)  # the nose stands out, so it leads the turn
    x = head.face_x - (0.20 * head.sin_yaw) * out
    y = head.face_y - (0.12 * head.sin_pitch) * out
    slope_x, slope_y = np.zeros_like(x), np.zeros_like(x)
    reliefs = (  # paired, across, down, width, height, rise; the paired ones stand on both sides
        (True, 0.42, 0.02, 0.19, 0.11, -0.10),
        (True, 0.50, 0.33, 0.22, 0.17, 0.09),
        (True, 0.13 * wide, tip + 0.03, 0.055, 0.05, 0.035),
        (False, 0.0, 0.13, 0.085 * wide, 0.19, 0.10),
        (False, 0.0, tip, 0.10 * wide, 0.075, 0.12),
        (False, 0.0, 0.63, 0.22, 0.07, 0.04),
        (False, 0.0, 0.87, 0.20, 0.10, 0.08),
    )
    for paired, across, down, width, height, rise in reliefs:
        from_x, from_y = (side if paired else x) - across, y - down
        bump = rise * glow(from_x, from_y, width, height)
        slope = bump * from_x * width**-2
        slope_x += slope * sign if paired else slope
        slope_y += bump * from_y * height**-2
    normal = (head.x * 1.05 + slope_x * 0.5, head.y * 0.8 + slope_y * 0.5, head.z)
    head.canvas.tint(mask, head.shade(*normal))
    head.canvas.paint(mask * _gloss(head, normal), [1.0, 0.97, 0.93])


def _gloss(head: Head, normal: tuple[Array, Array, Array]) -> Array:
    """Blinn's highlight with exponent 16 [H, W]."""
    half = np.add(head.light, (0.0, 0.0, 1.0))
    half_x, half_y, half_z = (half / np.linalg.norm(half)).tolist()
    x, y, z = normal
    square = np.maximum(x * half_x + y * half_y + z * half_z, 0.0) ** 2 / (x * x + y * y + z * z)
    return (square * square) ** 4 * (0.09 + 0.13 * head.strength)
