"""The hair of the head."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from genmodels.data.synthetic_faces import colours
from genmodels.data.synthetic_faces.canvas import Array, Patch, clamp, glow, length, oval, ramp, stack, waves
from genmodels.data.synthetic_faces.head import Head


@dataclass(frozen=True)
class Style:
    """A hair cut, in units of the head."""

    lift: float  # how far it stands off the crown
    fall: float  # how far down it grows beside the face
    opening: float  # half the width of the face that is left free
    root: float  # how far above the crown the strands fan out from: small for a parting, large for parallel strands
    back: tuple[float, float] | None = None  # half the width and the lower end of what hangs behind the head
    wave: float = 0.0  # how far strands swing sideways
    curl: float = 0.0  # how bumpy the outline is


STYLES = {
    "buzz": Style(0.015, 0.02, 0.93, 0.6),
    "short": Style(0.10, 0.06, 0.91, 1.3),
    "side_part": Style(0.14, 0.02, 0.89, 0.25),
    "bob": Style(0.13, 0.62, 0.83, 0.45, (1.26, 0.78)),
    "long": Style(0.11, 1.40, 0.84, 0.4, (1.30, 1.90), 0.015),
    "wavy": Style(0.14, 1.30, 0.83, 0.4, (1.42, 1.75), 0.06),
    "curly": Style(0.20, 0.50, 0.86, 0.8, (1.36, 0.75), 0.03, 0.05),
    "afro": Style(0.34, 0.12, 0.90, 0.8, (1.52, 0.55), 0.0, 0.03),
    "bun": Style(0.06, 0.02, 0.92, 0.25),
}


class Hair:
    """The hair of one face: its colour field and its two layers, behind the head and before it."""

    def __init__(self, head: Head, factors: Mapping, rng: np.random.Generator):
        self.head, self.factors = head, factors
        self.name = factors["hair_style"]
        self.style = STYLES[self.name]
        self.lift = 1.0 + self.style.lift * (0.7 + 0.6 * factors["hair_volume"])
        self.frame = Patch(head.canvas.rgb, head.x, head.y * head.aspect, head.canvas.pixel / head.width)
        self.x = head.x + self.style.wave * np.sin(self.frame.y * 4.2 + rng.uniform(0.0, 6.28))  # [H, W]
        self.curls = self._curls(rng)
        self.bumps = self.style.curl * self.curls
        self.strands = self._strands(rng)  # [H, W]
        self.colour = self._colour(rng)  # [3, H, W]

    def _curls(self, rng: np.random.Generator) -> Array | float:
        if not self.style.curl:
            return 0.0
        return self.frame.clouds(2.0, rng) + 0.7 * self.frame.clouds(4.0, rng)

    def _strands(self, rng: np.random.Generator) -> Array:
        part = 0.35 * self.factors["hair_part"] + 0.35 * self.head.sin_yaw
        far = np.maximum(self.frame.y + (self.head.aspect + self.style.root), 0.25)  # from where the strands fan out
        across = (self.x - part) / far + 0.006 * np.sin(self.head.y * 9.0)
        scale = self.head.aspect + self.style.root  # about the same number of strands for every style
        fine = waves(across * scale, [1.3, 3.0, 6.0, 11.0, 17.0], rng, 1.3 * self.frame.pixel)
        fine = fine * ramp(far, 0.25, 0.9)  # they would run into each other at the root
        if self.style.curl:
            return 0.35 * fine + 0.7 * self.curls
        return fine * (0.3 if self.name == "buzz" else 1.0)

    def _colour(self, rng: np.random.Generator) -> Array:
        head, base = self.head, colours.hair(self.factors) * rng.uniform(0.88, 1.12)
        light = head.shade(self.x * 0.9, head.y * 0.9, np.maximum(head.z, 0.35))
        ring_y = head.y + (0.62 - 0.1 * head.light[1]) + 0.04 * self.strands  # where hair gleams round the crown
        ring = glow(ring_y, head.x - 0.5 * head.light[0], 0.13, 0.6)
        shine = ring * clamp(0.55 + 0.45 * self.strands, 0.0, 1.5) * (0.07 + 0.15 * head.strength)
        tone = clamp(1.06 + 0.20 * self.strands, 0.4, 1.8)
        return np.minimum(stack(base) * light * tone + shine * stack(0.5 + 0.5 * base), 1.0)

    def paint_back(self) -> None:
        """Paint what hangs behind the head, a bun included."""
        canvas, head = self.head.canvas, self.head
        if self.name == "bun":
            ball = length(head.x - 0.3 * head.sin_yaw, self.frame.y + 1.08 * head.aspect)
            ball = ball - (0.30 + 0.1 * self.factors["hair_volume"])
            canvas.paint(canvas.cover(ball * head.width), self.colour * (0.85 - 0.35 * ramp(ball, -0.2, 0.0)))
        if self.style.back is None:
            return
        width, bottom = self.style.back
        wide = width * (0.93 + 0.12 * self.factors["hair_volume"])
        # the square makes the lower half boxier: hair falls straight, and its ends are cut level
        tall = np.where(head.y < 0.0, head.y / self.lift, (head.y / bottom) ** 2)
        shape = oval(self.x / wide, tall, 2.2) - self.bumps - 0.012 * self.strands
        depth = 0.42 + 0.4 * ramp(np.abs(self.x), 0.75, 1.2)  # darker in the shade of the head
        canvas.paint(canvas.cover(shape * head.width), self.colour * depth)

    def paint_front(self) -> None:
        """Paint the hair over the skull and beside the face, and its shadow on the brow."""
        head, style, canvas, lift = self.head, self.style, self.head.canvas, self.lift
        outer = oval(self.x / lift, head.y / lift, 2.2)
        if style.fall > 0.4:  # long hair falls straight where the skull turns in
            outer = np.where(head.y > 0.0, np.abs(self.x) / (lift + 0.1 * ramp(head.y, 0.0, 0.8)) - 1.0, outer)
        outer = outer - self.bumps
        free = self._free_face() - 0.6 * self.bumps - 0.012 * self.strands
        below = (head.y - style.fall) * 1.5 - 0.03 * self.strands
        cut = np.maximum(-free, below)
        soft = {"buzz": 0.10, "side_part": 0.04, "short": 0.05}.get(self.name, 0.025)
        mask = canvas.cover(outer * head.width) * canvas.cover(cut * head.width, blur=soft)
        rim = 1.0 - 0.28 * ramp(np.maximum(outer, cut), -0.12, 0.0)
        if self.name == "buzz":
            mask = 0.82 * mask
        else:
            shadow = ramp(free, -0.16, 0.0) * (1.0 - ramp(head.face_y, -0.2, 0.5)) * canvas.cover(head.outline)
            canvas.tint(0.5 * shadow, [0.62, 0.50, 0.48])
        canvas.paint(mask, self.colour * rim)

    def _free_face(self) -> Array:
        """A field that is negative on the part of the face that the hair leaves free."""
        x, y, fringe, part = self.head.face_x, self.head.face_y, self.factors["fringe"], 0.5 * self.factors["hair_part"]
        line = -0.62 + 0.08 * fringe
        if self.name in ("wavy", "long"):  # swept away from the parting, to both sides
            line = line - 0.06 + (0.12 + 0.28 * fringe) * np.abs(x - part) ** 1.5
        elif self.name == "side_part":  # swept over to the longer side
            line = line - 0.02 + (0.05 + 0.16 * fringe) * ramp((part - x) * math.copysign(1.0, part), -0.15, 0.9)
        elif self.name == "bob":
            line = line + (0.05 + 0.24 * fringe)
        elif self.name == "short":
            line = line + 0.05 * fringe + 0.02 * np.sin(x * 9.0 + 3.0 * part) + 0.02 * np.sin(x * 23.0)
        raised = np.where(y < 0.3, (y - 0.3) / (0.3 - line), (y - 0.3) * 0.05)
        power = 2.7 if self.style.back else 2.25  # long hair frames the face, short hair leaves the temples free
        return oval(x / self.style.opening, raised, power) * 0.9
