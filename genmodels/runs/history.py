"""How a run went, according to its log."""

import statistics
from pathlib import Path
from typing import NamedTuple

import numpy as np

from genmodels.methods import Game
from genmodels.runs.logs import read_metrics

WINDOW = 5  # neighbouring lines of a log whose median rate is that of the middle one


def training_rate(workdir: Path) -> float | None:
    """The median of the training rates that a run has logged, images per second; None if it has none."""
    rates = [line["images/s"] for line in read_metrics(workdir) if "images/s" in line]
    return statistics.median(rates) if rates else None


class Point(NamedTuple):
    """The test RMSE (0-255 scale) after so many steps and seconds of training."""

    step: int
    seconds: float
    rmse: float


def rmse_history(workdir: Path, batch_size: int) -> list[Point]:
    """The test RMSE throughout a run; seconds are those of its steps, by the logged rates, without pauses."""
    lines = read_metrics(workdir)
    logged = [line for line in lines if "images/s" in line]
    rates = _without_pauses([line["images/s"] for line in logged])
    steps = np.array([0, *(line["step"] for line in logged)])
    seconds = np.cumsum([0, *(np.diff(steps) * batch_size / rates)])
    measured = [line for line in lines if "test/rmse" in line]  # perhaps between two logged steps
    return [Point(at := line["step"], float(np.interp(at, steps, seconds)), line["test/rmse"]) for line in measured]


def _without_pauses(rates: list[float]) -> np.ndarray:
    """The rates of a log's lines, each the median of those around it.

    Of five lines up to two do not count whose rate is unlike the others', as when the process was suspended or a
    program was compiled; a phase of three lines or more keeps its own rate.
    """
    if not rates:
        return np.empty(0)
    padded = np.pad(rates, WINDOW // 2, mode="reflect")  # the first and the last line are not repeated
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, WINDOW), axis=-1)


class Course(NamedTuple):
    """How a game went: shares of the run's logged lines, each a mean over config.log.every steps."""

    played: float  # of all lines, those of the game
    ahead: float  # of these, those in which the encoder tells samples from real images
    last: dict[str, float]  # the terms of the game in the last of them


def game(workdir: Path, terms: Game | None) -> Course | None:
    """The game according to the log; None for a method without one, and before it begins."""
    lines = [line for line in read_metrics(workdir) if "images/s" in line]
    if terms is None or not (played := [line for line in lines if terms.fake in line]):
        return None
    ahead = sum(line[terms.fake] > line[terms.real] for line in played)
    last = {name: played[-1][name] for name in terms.shown if name in played[-1]}
    return Course(len(played) / len(lines), ahead / len(played), last)
