"""The factors behind a synthetic face: their names, their ranges, and how a seed draws them."""

from __future__ import annotations

import numpy as np

CATEGORIES = {
    "hair_style": ("bald", "buzz", "short", "side_part", "bob", "long", "wavy", "curly", "afro", "bun"),
    "hair_colour": ("black", "dark_brown", "brown", "auburn", "red", "blond", "grey", "white"),
    "eye_colour": ("brown", "hazel", "green", "blue", "grey"),
    "beard": ("none", "stubble", "moustache", "goatee", "full"),
    "glasses": ("none", "round", "square", "sunglasses"),
    "clothes": ("tee", "shirt", "stripes", "knit"),
    "background": ("plain", "bokeh", "foliage", "panels", "horizon"),
}

# name: (low, high); drawn uniformly unless SHAPES says otherwise. Angles are degrees, the others have no unit.
SCALARS = {
    "skin_tone": (0.0, 1.0),  # dark to light
    "skin_warmth": (-1.0, 1.0),  # pink to olive
    "blush": (0.0, 1.0),
    "freckles": (0.0, 1.0),  # none below 0.25
    "yaw": (-26.0, 26.0),  # positive: turned to the image's right
    "pitch": (-12.0, 12.0),  # positive: looking down
    "roll": (-6.0, 6.0),  # positive: clockwise
    "shift_x": (-0.03, 0.03),
    "shift_y": (-0.03, 0.03),
    "scale": (0.96, 1.04),
    "face_width": (0.88, 1.1),
    "jaw": (0.0, 1.0),  # pointed to square
    "eye_size": (0.85, 1.2),
    "eye_spacing": (0.93, 1.07),
    "eye_tilt": (-1.0, 1.0),
    "eye_openness": (0.25, 1.1),
    "gaze_x": (-1.0, 1.0),
    "gaze_y": (-1.0, 1.0),
    "brow_thickness": (0.5, 1.5),
    "brow_height": (-1.0, 1.0),
    "brow_angle": (-1.0, 1.0),
    "nose_width": (0.75, 1.35),
    "nose_length": (0.9, 1.12),
    "mouth_width": (0.8, 1.2),
    "smile": (-0.5, 1.0),  # frown to grin
    "mouth_open": (0.0, 1.0),  # closed to teeth in sight
    "lip_fullness": (0.6, 1.4),
    "lipstick": (0.0, 1.0),
    "hair_volume": (0.0, 1.0),
    "hair_part": (-1.0, 1.0),  # where the hair is parted, left to right
    "fringe": (0.0, 1.0),  # high to low hair line
    "light_azimuth": (-75.0, 75.0),  # positive: from the image's right
    "light_elevation": (5.0, 60.0),
    "light_strength": (0.3, 1.0),
    "light_warmth": (-1.0, 1.0),  # blue to orange
    "background_hue": (0.0, 1.0),
    "background_value": (0.08, 0.95),
    "clothes_hue": (0.0, 1.0),
    "clothes_value": (0.1, 0.9),
}

# Beta parameters of the scalars that are not uniform: most faces look ahead, are relaxed and have no freckles.
SHAPES = {
    "skin_tone": (1.6, 1.1),
    "yaw": (2.2, 2.2),
    "pitch": (3.0, 3.0),
    "roll": (3.0, 3.0),
    "shift_x": (3.0, 3.0),
    "shift_y": (3.0, 3.0),
    "freckles": (0.4, 1.6),
    "blush": (1.0, 1.6),
    "eye_openness": (3.5, 1.4),
    "gaze_x": (3.0, 3.0),
    "gaze_y": (4.0, 4.0),
    "brow_angle": (3.0, 3.0),
    "smile": (1.6, 1.2),
    "lipstick": (0.5, 1.2),
}

Factors = dict[str, str | float | int]

LONG_HAIR = ("bob", "long", "wavy", "bun")

# How often each name of CATEGORIES comes, in its order; those that are not here come equally often.
WEIGHTS = {
    "hair_style": (0.05, 0.08, 0.15, 0.14, 0.12, 0.15, 0.12, 0.08, 0.05, 0.06),
    "hair_colour": (0.20, 0.20, 0.19, 0.08, 0.07, 0.16, 0.06, 0.04),
    "eye_colour": (0.42, 0.14, 0.14, 0.20, 0.10),
    "beard": (0.50, 0.18, 0.08, 0.08, 0.16),
    "glasses": (0.74, 0.10, 0.10, 0.06),
}


def sample_factors(seed: int) -> Factors:
    """Draw the factors of face `seed`: categories by name, scalars, and `detail`, the seed of the fine texture."""
    rng = np.random.default_rng(seed)
    factors: Factors = {"detail": int(rng.integers(2**31))}
    low, high = np.transpose(list(SCALARS.values()))
    shares = rng.beta(*np.transpose([SHAPES.get(name, (1.0, 1.0)) for name in SCALARS]))
    values = (low + (high - low) * shares).astype(np.float32)  # as a stored label has them, which can then be redrawn
    factors.update(zip(SCALARS, values.tolist(), strict=True))
    for name, names in CATEGORIES.items():
        weights = WEIGHTS.get(name, (1.0 / len(names),) * len(names))
        factors[name] = names[min(int(np.searchsorted(np.cumsum(weights), rng.random())), len(names) - 1)]
    if factors["hair_style"] in LONG_HAIR:  # as in photographs, beards and lipstick seldom meet
        factors["beard"] = "none"
    else:
        factors["lipstick"] = 0.0
    if rng.random() < 0.5:
        factors["mouth_open"] = 0.0
    return factors
