"""What surrounds the head: background, neck, ears and clothes."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from genmodels.data.synthetic_faces import colours
from genmodels.data.synthetic_faces.canvas import Patch, clamp, glow, length, oval, ramp, stack, waves
from genmodels.data.synthetic_faces.head import Head


def paint_background(canvas: Patch, factors: Mapping, rng: np.random.Generator) -> None:
    """Fill the image with the labelled kind of background."""
    hue, value = factors["background_hue"], factors["background_value"]
    near = colours.hsv(hue, rng.uniform(0.1, 0.55), value)
    far = colours.hsv(hue + rng.uniform(-0.12, 0.12), rng.uniform(0.1, 0.55), value * rng.uniform(0.45, 1.1))
    angle = rng.uniform(0.0, 2.0 * math.pi)
    canvas.paint(1.0, near)
    canvas.paint(ramp(math.cos(angle) * canvas.x + math.sin(angle) * canvas.y, -1.2, 1.2), far)
    _KINDS[factors["background"]](canvas, hue, value, rng)
    canvas.rgb += 0.006 * canvas.clouds(15.0, rng)  # grain


def _plain(canvas: Patch, hue: float, value: float, rng: np.random.Generator) -> None:
    x, y = rng.uniform(-0.8, 0.8), rng.uniform(-0.8, 0.8)
    canvas.paint(0.5 * glow(canvas.x - x, canvas.y - y, 0.6, 0.6), colours.hsv(hue, 0.2, value + 0.25))


def _bokeh(canvas: Patch, hue: float, value: float, rng: np.random.Generator) -> None:
    for _ in range(rng.integers(5, 10)):
        x, y = rng.uniform(-1.1, 1.1), rng.uniform(-1.1, 1.1)
        radius, blur = rng.uniform(0.1, 0.34), rng.uniform(0.03, 0.12)
        colour = colours.hsv(hue + rng.uniform(-0.16, 0.16), rng.uniform(0.2, 0.7), value + rng.uniform(-0.1, 0.6))
        disc = canvas.cover(length(canvas.x - x, canvas.y - y) - radius, 2.0 * blur)
        canvas.paint(rng.uniform(0.35, 0.8) * disc, colour)


def _foliage(canvas: Patch, hue: float, value: float, rng: np.random.Generator) -> None:
    leaves = colours.hsv(0.18 + 0.18 * hue, rng.uniform(0.25, 0.55), 0.3 + 0.45 * value)
    rough = canvas.clouds(1.0, rng)
    fine = canvas.clouds(2.4, rng, 9) + 0.6 * rough
    canvas.paint(0.8 * ramp(rough, -1.4, 0.8), leaves * 0.6)
    canvas.paint(0.5 * ramp(fine, -0.8, 1.6), leaves)
    canvas.paint(0.6 * ramp(fine + rough, 0.8, 3.0), [0.93, 0.95, 0.82])


def _panels(canvas: Patch, hue: float, value: float, rng: np.random.Generator) -> None:
    x = canvas.x + rng.uniform(-0.1, 0.1) * canvas.y
    blur, edge = rng.uniform(0.03, 0.1), -1.2
    while edge < 1.2:
        width, top = rng.uniform(0.25, 0.65), rng.uniform(-1.6, 0.3)
        colour = colours.hsv(hue + rng.uniform(-0.1, 0.1), rng.uniform(0.1, 0.6), value + rng.uniform(-0.35, 0.35))
        strip = canvas.band(x - (edge + width / 2.0), width / 2.0, blur)
        canvas.paint(0.9 * strip * canvas.cover(top - canvas.y, blur), colour)
        edge += width


def _horizon(canvas: Patch, hue: float, value: float, rng: np.random.Generator) -> None:
    canvas.paint(0.8, colours.hsv(0.56 + 0.1 * (hue - 0.5), rng.uniform(0.1, 0.5), 0.55 + 0.45 * value))
    for depth in range(3):
        level = rng.uniform(-0.5, 0.1) + 0.3 * depth
        hills = level + 0.12 * waves(canvas.x[None], [0.35, 0.8, 1.7], rng, canvas.pixel)
        ground = colours.hsv(hue + 0.06 * depth, 0.22 + 0.13 * depth, value * (0.85 - 0.2 * depth) + 0.06)
        canvas.paint(canvas.cover(hills - canvas.y, blur=0.06), ground)


_KINDS = {"plain": _plain, "bokeh": _bokeh, "foliage": _foliage, "panels": _panels, "horizon": _horizon}


def paint_neck(head: Head, factors: Mapping) -> None:
    """Paint the neck, shaded by the chin, and the ears; the head goes over both."""
    canvas, skin = head.canvas, stack(head.skin)
    x = canvas.x - (head.centre[0] - 0.35 * math.sin(head.roll) * head.height + 0.1 * head.sin_yaw)
    y = canvas.y - head.centre[1]
    half = head.width * (0.60 + 0.14 * factors["jaw"]) + 0.25 * np.maximum(y - 0.85, 0.0)
    round_x = clamp(x / (head.width * 0.7), -1.0, 1.0)
    neck = canvas.cover(np.abs(x) - half) * ramp(y, 0.2, 0.3)
    canvas.paint(neck, skin * head.shade(round_x, 0.0 * round_x, np.sqrt(1.1 - round_x * round_x)))
    canvas.tint(neck * (0.55 - 0.55 * ramp(head.outline, 0.0, 0.20)), [0.55, 0.42, 0.40])
    side = np.sign(head.x)
    lobe_x = head.x - side * 1.01 + 0.10 * head.sin_yaw
    lobe_y = head.y - (0.10 + 0.25 * head.sin_pitch)
    ear = canvas.cover(oval(lobe_x / 0.12, lobe_y / 0.20, 2.2) * (0.12 * head.width))
    canvas.paint(ear, skin * head.shade(lobe_x * 4.0 + side, lobe_y * 2.0, np.full_like(side, 0.8)))
    canvas.tint(ear * 0.5 * glow(lobe_x, lobe_y, 0.05, 0.1), [0.62, 0.42, 0.40])


def paint_clothes(head: Head, factors: Mapping, rng: np.random.Generator) -> None:
    """Paint the shoulders and what covers them."""
    canvas, kind = head.canvas, factors["clothes"]
    cloth = colours.hsv(factors["clothes_hue"], rng.uniform(0.15, 0.7), factors["clothes_value"])
    x, y = canvas.x - head.centre[0] * 0.6, canvas.y - (0.86 + head.centre[1])
    shoulder = y - 0.42 * np.maximum(np.abs(x) - 0.35, 0.0) ** 1.5
    neckline = np.abs(x) / 0.40 + y / 0.34 - 1.0 if kind == "shirt" else oval(x / 0.46, y / 0.16, 2.0)
    neckline = 0.3 * neckline  # roughly a distance
    body = canvas.cover(np.maximum(-shoulder - 0.02, -neckline))
    tone = (0.72 + 0.35 * ramp(head.light[0] * x - y * 0.2, -0.7, 0.7)) * (1.0 + 0.09 * canvas.clouds(1.6, rng, 4))
    if kind == "stripes":
        tone = tone * (1.0 + 0.4 * np.tanh(3.0 * waves(y + 0.25 * x * x, [5.5], rng, canvas.pixel)))
    elif kind == "knit":
        tone = tone * (1.0 + 0.16 * waves(x + 0.02 * np.sin(y * 60.0), [15.0], rng, canvas.pixel))
    canvas.paint(body, clamp(stack(cloth * head.lamp) * tone))
    if kind == "shirt":
        canvas.paint(0.9 * body * canvas.band(neckline - 0.06, 0.06), np.minimum(cloth * 1.25 + 0.06, 1.0))
    canvas.tint(body * (0.5 - 0.5 * ramp(neckline, 0.0, 0.05)), [0.75, 0.72, 0.72])
