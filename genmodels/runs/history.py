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
from genmodels.runs import machine, origin
from genmodels.runs.files import write_whole
from genmodels.runs.logs import read_metrics

FILE = "history.json"  # the summary, in an exported model
WINDOW = 5  # neighbouring lines of a log whose median rate is that of the middle one


class Point(NamedTuple):
    """The test RMSE (0-255 scale) after so many steps and seconds of training."""

    step: int
    seconds: float
    rmse: float


class Course(NamedTuple):
    """How a game went: shares of the run's logged lines, each a mean over config.log.every steps."""

    played: float  # of all lines, those of the game
    ahead: float  # of these, those in which the encoder tells samples from real images
    last: dict[str, float]  # the terms of the game in the last of them


class History(NamedTuple):
    """The median training rate, None where it is not known; the test RMSE throughout; how the game went, if any."""

    images_per_s: float | None
    errors: list[Point]
    game: Course | None


def read(folder: Path, config: ml_collections.ConfigDict, step: int) -> History:
    """How a run of `config` went until `step`, or that of an exported model.

    Of one that was trained on another machine than this there is no rate and are no errors, as seconds would be
    compared. Raises UsageError for a summary that cannot be read.
    """
    summary = _summary(folder / FILE)
    if summary is None:
        return of([line for line in read_metrics(folder) if line["step"] <= step], config, origin.step(folder))
    trained_on, history = summary
    return history if trained_on == machine.name() else History(None, [], history.game)


def write(folder: Path, history: History) -> None:
    """Writes the summary of a run that was trained on this machine into an exported model's folder; raises OSError."""
    fields = {"machine": machine.name(), **history._asdict(), "game": history.game and history.game._asdict()}
    write_whole(folder / FILE, json.dumps(fields) + "\n")


def of(lines: list[dict], config: ml_collections.ConfigDict, start: int = 0) -> History:
    """The history that these lines of a log tell of a run of `config` that began at step `start`."""
    logged = [line for line in lines if "images/s" in line]
    rates = [line["images/s"] for line in logged]
    median = statistics.median(rates) if rates else None
    errors = _errors(lines, logged, start, config.train.batch_size)
    return History(median, errors, _game(logged, methods.spec(config).game))


def _errors(lines: list[dict], logged: list[dict], start: int, batch_size: int) -> list[Point]:
    """The test RMSE throughout; seconds are those of the steps from `start`, by the logged rates, without pauses."""
    rates = _without_pauses([line["images/s"] for line in logged])
    steps = np.array([start, *(line["step"] for line in logged)])
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


def _game(logged: list[dict], terms: Game | None) -> Course | None:
    """How the game went; None for a method without one, and before it begins."""
    if terms is None or not (played := [line for line in logged if terms.fake in line]):
        return None
    ahead = sum(line[terms.fake] > line[terms.real] for line in played)
    last = {name: played[-1][name] for name in terms.shown if name in played[-1]}
    return Course(len(played) / len(logged), ahead / len(played), last)


def _summary(path: Path) -> tuple[str, History] | None:
    """What `write` has written: the machine and the history; None where there is no file."""
    try:
        found = json.loads(path.read_text())
        game = found["game"] and Course(**found["game"])
        return found["machine"], History(found["images_per_s"], [Point(*each) for each in found["errors"]], game)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise UsageError(f"{path} cannot be read ({error}): restore it from a copy, or delete it.") from error
