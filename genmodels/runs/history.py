"""How a run went, according to its log; an exported model has no log, but a summary of it."""

import json
import statistics
from pathlib import Path
from typing import NamedTuple

import ml_collections
import numpy as np

from genmodels import methods
from genmodels.errors import UsageError
from genmodels.methods import Game
from genmodels.runs.files import write_whole
from genmodels.runs.logs import read_metrics

FILE = "history.json"  # the summary, in an exported model
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


class History(NamedTuple):
    """The median training rate, None before there is one; the test RMSE throughout; and how the game went, if any."""

    images_per_s: float | None
    errors: list[Point]
    game: Course | None


def read(folder: Path, config: ml_collections.ConfigDict) -> History:
    """How the run of `config` in `folder` went, or that of an exported model; empty where neither is recorded.

    Raises UsageError for a summary that cannot be read.
    """
    path = folder / FILE
    try:
        found = json.loads(path.read_text())
        played = found["game"]
        errors = [Point(*point) for point in found["errors"]]
        return History(found["images_per_s"], errors, None if played is None else Course(**played))
    except FileNotFoundError:
        errors = rmse_history(folder, config.train.batch_size)
        return History(training_rate(folder), errors, game(folder, methods.spec(config).game))
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise UsageError(f"{path} cannot be read ({error}): restore it from a copy, or delete it.") from error


def write(folder: Path, history: History) -> None:
    """Writes the summary into an exported model's folder; raises OSError."""
    fields = history._asdict() | {"game": history.game and history.game._asdict()}
    write_whole(folder / FILE, json.dumps(fields) + "\n")
