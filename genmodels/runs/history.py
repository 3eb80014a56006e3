"""How a run went, by what it has logged."""

import statistics
from pathlib import Path
from typing import NamedTuple

from genmodels.methods import Game
from genmodels.runs.logs import read_metrics


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
    """The test RMSE all through a run; seconds are those spent on steps, by the logged rates, with compiling."""
    points, seconds, step = [], 0.0, 0
    for line in read_metrics(workdir):
        if "images/s" in line:
            seconds += (line["step"] - step) * batch_size / line["images/s"]
            step = line["step"]
        if "test/rmse" in line:
            points.append(Point(line["step"], seconds, line["test/rmse"]))
    return points


class Course(NamedTuple):
    """How a game went: shares of the run's logged lines, each a mean over config.log.every steps."""

    played: float  # of all lines, those of the game
    ahead: float  # of these, those in which the encoder tells samples from real images
    last: dict[str, float]  # the terms of the game in the last of them


def game(workdir: Path, terms: Game | None) -> Course | None:
    """The game by what the run has logged; None for a method that has none, and before the game."""
    lines = [line for line in read_metrics(workdir) if "images/s" in line]
    if terms is None or not (played := [line for line in lines if terms.fake in line]):
        return None
    ahead = sum(line[terms.fake] > line[terms.real] for line in played)
    last = {name: played[-1][name] for name in terms.shown if name in played[-1]}
    return Course(len(played) / len(lines), ahead / len(played), last)
