"""What other modules read of a method: how to make it, its names, and what to show of it."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import ml_collections

from genmodels.methods.method import Method
from genmodels.methods.replicas import Replicas


class Game(NamedTuple):
    """The logged terms that show the state of a game between encoder and decoder."""

    real: str  # of real images
    fake: str  # of samples: while the encoder tells them apart it lies above `real`
    shown: tuple[str, ...]  # what the page prints about the end of the game
    remedy: str  # what to try if a game is lost


class Spec(NamedTuple):
    """A method. Its config is configs/<name>.py, its file genmodels/methods/<name>.py."""

    name: str
    title: str  # in tables
    objective: str  # in symbols, as HTML
    summary: str  # what it does and why, as HTML
    make: Callable[[ml_collections.ConfigDict, Replicas], Method]
    """Raises UsageError naming the config's invalid field."""
    paper: str = ""  # its authors, year and address; "" = none
    improved: bool = False  # whether its improved sampling is shown
    game: Game | None = None
    parts: Mapping[str, Callable[[jax.Array, jax.Array], Any]] = {}
    """What the benchmark times besides the step, by name: functions of a batch's codes and prior codes, [B, Z] each."""
