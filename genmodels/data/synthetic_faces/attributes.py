"""Boolean attributes of a synthetic face, by its factors: what CelebA's are of a photograph."""

from collections.abc import Callable, Mapping
from typing import Any

from genmodels.data.records import Features
from genmodels.data.synthetic_faces.factors import CATEGORIES, LONG_HAIR, SCALARS

Holds = Callable[[Mapping[str, Any]], bool]  # of factors, by name

VERSION = 1  # increase it when an attribute becomes true of other faces


def _above(name: str, least: float | None = None) -> Holds:
    """Whether a scalar is above `least`, by default the middle of its range."""
    return lambda factors: factors[name] > (sum(SCALARS[name]) / 2 if least is None else least)


def _one_of(name: str, *values: str) -> Holds:
    return lambda factors: factors[name] in values


ATTRIBUTES: dict[str, Holds] = {
    "bald": _one_of("hair_style", "bald"),
    "beard": _one_of("beard", "goatee", "full"),
    "black_hair": _one_of("hair_colour", "black"),
    "blond_hair": _one_of("hair_colour", "blond"),
    "bright_background": _above("background_value"),
    "curly_hair": _one_of("hair_style", "curly", "afro"),
    "freckles": _above("freckles", 0.25),
    "glasses": _one_of("glasses", "round", "square", "sunglasses"),
    "grey_hair": _one_of("hair_colour", "grey", "white"),
    "light_skin": _above("skin_tone"),
    "lipstick": _above("lipstick", 0.3),
    "lit_from_the_right": _above("light_azimuth"),
    "long_hair": _one_of("hair_style", *LONG_HAIR),
    "mouth_open": _above("mouth_open"),
    "narrow_eyes": lambda factors: factors["eye_openness"] < 0.7,
    "smiling": _above("smile", 0.4),
    "square_jaw": _above("jaw"),
    "sunglasses": _one_of("glasses", "sunglasses"),
    "tilted_to_the_right": _above("roll"),
    "turned_to_the_right": _above("yaw"),
    "wide_face": _above("face_width"),
}


def row(features: Features) -> list[bool]:
    """The attributes of a face as tfds stores it, in the order of ATTRIBUTES."""
    factors: dict[str, Any] = {name: features[name].float_list.value[0] for name in SCALARS}
    factors |= {name: names[features[name].int64_list.value[0]] for name, names in CATEGORIES.items()}
    return [bool(holds(factors)) for holds in ATTRIBUTES.values()]
