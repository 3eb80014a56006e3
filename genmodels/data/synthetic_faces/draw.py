"""Draw a synthetic face from a seed or from its factors, at any size."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from genmodels.data.synthetic_faces.canvas import blank, clamp
from genmodels.data.synthetic_faces.eyes import paint_brows, paint_eyes, paint_glasses
from genmodels.data.synthetic_faces.factors import Factors, sample_factors
from genmodels.data.synthetic_faces.hair import Hair
from genmodels.data.synthetic_faces.head import Head
from genmodels.data.synthetic_faces.mouth import paint_mouth, paint_nose
from genmodels.data.synthetic_faces.scene import paint_background, paint_clothes, paint_neck
from genmodels.data.synthetic_faces.skin import light_face, paint_beard, paint_skin
from genmodels.errors import UsageError

VERSION = "1.1.0"  # raise it whenever an image changes: prepared data sets are told apart by it
MIN_SIZE, MAX_SIZE = 16, 256


def render(factors: Mapping, size: int) -> np.ndarray:
    """The image of these factors, uint8 [size, size, 3]: a pure function, and the same face at every size.

    Raises UsageError for a size outside 16 to 256.
    """
    if not MIN_SIZE <= size <= MAX_SIZE:
        raise UsageError(f"synthetic_faces: size {size} cannot be drawn; choose {MIN_SIZE} to {MAX_SIZE} pixels.")
    canvas = blank(size)
    # one stream of random numbers for each part, so that a change of one part leaves the texture of the others alone
    streams = np.random.default_rng(factors["detail"]).spawn(8)
    head = Head(canvas, factors)
    hair = None if factors["hair_style"] == "bald" else Hair(head, factors, streams[0])
    paint_background(canvas, factors, streams[1])
    if hair:
        hair.paint_back()
    paint_neck(head, factors)
    paint_clothes(head, factors, streams[2])
    skin = paint_skin(head, factors, streams[3])
    paint_beard(head, skin, factors, streams[4])
    paint_nose(head, factors)
    paint_mouth(head, factors, streams[5])
    paint_eyes(head, factors)
    paint_brows(head, factors, streams[6])
    light_face(head, skin, factors)
    paint_glasses(head, factors, streams[7])
    if hair:
        hair.paint_front()
    return np.rint(clamp(canvas.rgb) * 255.0).astype(np.uint8).transpose(1, 2, 0).copy()


def face(seed: int, size: int) -> tuple[np.ndarray, Factors]:
    """Face number `seed`: its image, uint8 [size, size, 3], and the factors that it was drawn from."""
    factors = sample_factors(seed)
    return render(factors, size), factors


def faces(seeds: Iterable[int], size: int) -> np.ndarray:
    """The images of several seeds, uint8 [N, size, size, 3]."""
    return np.stack([face(seed, size)[0] for seed in seeds])
