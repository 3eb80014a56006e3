"""The head: where it stands, which point of the face each pixel shows, and how light falls on it."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from genmodels.data.synthetic_faces import colours
from genmodels.data.synthetic_faces.canvas import Array, Patch, length, oval, ramp, stack

EYE_Y = 0.02  # the eyes' place on the face, across and down from its middle
EYE_LEVEL = 0.007  # and their height in the image, down from its middle; half an image is 1


class Head:
    """A head posed in the image.

    The head is taken as a ball: `x`, `y` [H, W] are its coordinates as seen, with the outline near radius 1, and
    `face_x`, `face_y` the same points in the frame of the face (across and down), so that what is painted at a place of
    the face turns with the pose. `outline` is the signed distance to the silhouette in units of the image.
    """

    def __init__(self, canvas: Patch, factors: Mapping):
        self.canvas = canvas
        self.width = 0.585 * factors["scale"] * factors["face_width"]
        self.height = 0.85 * factors["scale"]
        self.aspect = self.height / self.width
        self.yaw, self.pitch, self.roll = (math.radians(factors[name]) for name in ("yaw", "pitch", "roll"))
        self.sin_yaw, self.sin_pitch = math.sin(self.yaw), math.sin(self.pitch)
        # As CelebA's photographs the image is aligned by the eyes: a head that turns or nods moves round them.
        self.centre = (0.0, 0.0)
        eyes = self.place(0.0, EYE_Y)
        self.centre = (factors["shift_x"] - eyes[0], factors["shift_y"] + EYE_LEVEL - eyes[1])
        u, v = canvas.x - self.centre[0], canvas.y - self.centre[1]
        cos, sin = math.cos(self.roll), math.sin(self.roll)
        self.x = (u * cos + v * sin) / self.width  # [H, W]
        self.y = (v * cos - u * sin) / self.height  # [H, W]
        # 0.92 and the floor keep the slope finite at the outline, where a true ball's would not be
        self.z = np.sqrt(np.maximum(1.0 - 0.92 * (self.x * self.x + self.y * self.y), 0.04))  # [H, W]
        self.face_x, self.face_y = self._face_frame()  # [H, W] each
        self.outline = self._outline(factors["jaw"])  # [H, W]
        azimuth, elevation = math.radians(factors["light_azimuth"]), math.radians(factors["light_elevation"])
        ahead = math.cos(elevation)
        self.light = (math.sin(azimuth) * ahead, -math.sin(elevation), math.cos(azimuth) * ahead)
        warm, self.strength = factors["light_warmth"], factors["light_strength"]
        self.skin = colours.skin(factors)
        self.lamp = np.array([1.0 + 0.07 * warm, 1.0, 1.0 - 0.09 * warm])

    def _face_frame(self) -> tuple[Array, Array]:
        depth = self.z * math.cos(self.pitch) + self.y * self.sin_pitch
        face_y = self.y * math.cos(self.pitch) - self.z * self.sin_pitch
        return self.x * math.cos(self.yaw) - depth * self.sin_yaw, face_y

    def _outline(self, jaw: float) -> Array:
        below = np.minimum(np.maximum(self.y, 0.0), 1.2)
        turned = self.x - (0.20 * self.sin_yaw) * below  # the chin leads when the head turns
        taper = 1.0 - (0.24 - 0.13 * jaw) * below * below
        radius = length(self.x * self.width, self.y * self.height)
        return oval(turned / taper, self.y, 2.14 + 0.4 * jaw) * radius

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where the face point (x, y) shows in the image."""
        z = math.sqrt(max(1.0 - x * x - y * y, 0.05))
        depth = z * math.cos(self.yaw) - x * self.sin_yaw
        seen_x = (x * math.cos(self.yaw) + z * self.sin_yaw) * self.width
        seen_y = (y * math.cos(self.pitch) + depth * self.sin_pitch) * self.height
        cos, sin = math.cos(self.roll), math.sin(self.roll)
        return self.centre[0] + seen_x * cos - seen_y * sin, self.centre[1] + seen_y * cos + seen_x * sin

    def patch(self, y: float, half_width: float, half_height: float) -> Patch:
        """The window round the face point (0, y), with coordinates from there in units of half the head's width."""
        u, v = self.place(0.0, y)
        cos, sin = abs(math.cos(self.roll)), abs(math.sin(self.roll))
        rows = self._span(v, (half_height * cos + half_width * sin) * self.width)
        columns = self._span(u, (half_width * cos + half_height * sin) * self.width)
        return Patch(
            self.canvas.rgb[:, rows, columns],
            self.face_x[rows, columns],
            (self.face_y[rows, columns] - y) * self.aspect,
            self.canvas.pixel / self.width,
        )

    def _span(self, middle: float, reach: float) -> slice:
        low, high = (int((middle + way * reach + 1.0) / self.canvas.pixel) for way in (-1.0, 1.0))
        return slice(max(low, 0), max(high + 1, 0))

    def shade(self, normal_x: Array, normal_y: Array, normal_z: Array) -> Array:
        """The brightness [3, H, W] that the lamp gives to a surface with these (not normalised) normals."""
        norm = np.sqrt(normal_x * normal_x + normal_y * normal_y + normal_z * normal_z)
        facing = (normal_x * self.light[0] + normal_y * self.light[1] + normal_z * self.light[2]) / norm  # [H, W]
        dark = np.array([0.52, 0.44, 0.43]) * (1.6 - 0.68 * self.strength)
        bright = self.lamp * (0.98 + 0.16 * self.strength)
        return stack(dark) + ramp(facing, -0.4, 1.0) * stack(bright - dark)  # [3, H, W]
