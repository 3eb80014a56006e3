"""A run's folder: its config, and whether another config may go on in it."""

import contextlib
import errno
import json
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import ml_collections

from genmodels.errors import UsageError
from genmodels.methods import Game
from genmodels.runs.logs import read_metrics

# What may differ between two commands that continue one run: nothing that alters the mathematics.
FREE_FIELDS = (
    "data.dir",
    "data.cache_dir",
    "data.placement",
    "model.remat",
    "train.steps_per_call",
    "log.",
    "eval.",
    "checkpoint.",
    "parallel.",
)
SECTIONS = {"method", "image_size", "seed", "data", "model", "loss", "optim", "train"}  # that every run's config has


def default_workdir(config: ml_collections.ConfigDict) -> Path:
    """Where a run goes when no --workdir is given: runs/<method>-<variant>."""
    return Path("runs") / f"{config.method}-{config.variant}".replace("_", "-")


def check(workdir: Path, config: ml_collections.ConfigDict) -> None:
    """Raises UsageError, naming the fields that differ, when `workdir` holds a run that `config` may not continue."""
    if not (Path(workdir) / "config.json").exists():
        return
    changed = _differences(read_config(workdir), config)
    if changed:
        raise UsageError(
            f"{workdir} holds a run with another config: "
            + "; ".join(f"config.{name} was {old}, is {new}" for name, old, new in changed)
            + ".\nGive the fields their old values to continue it, or choose another --workdir."
        )


def open_run(workdir: Path, config: ml_collections.ConfigDict) -> None:
    """Makes the run's folder and saves `config` in it; raises UsageError when it cannot be written."""
    path = Path(workdir) / "config.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".json.tmp")
        partial.write_text(json.dumps(config.to_dict(), indent=2) + "\n")
        partial.replace(path)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise  # `writing` says it better
        raise UsageError(f"--workdir={workdir} cannot be written ({error.strerror}): choose another folder.") from error


@contextlib.contextmanager
def writing(workdir: Path) -> Iterator[None]:
    """Turns what a full disk makes of training into a UsageError; each library that writes has its own error for it."""
    try:
        yield
    except Exception as error:
        if "No space left on device" not in str(error) or isinstance(error, UsageError):
            raise
        raise UsageError(
            f"--workdir={workdir} is on a full disk: make room and run the same command again.\n"
            "It goes on at the last checkpoint, which is whole."
        ) from error


def read_config(workdir: Path, data_dir: str | None = None) -> ml_collections.ConfigDict:
    """The config of the run in `workdir`, locked; raises UsageError when there is none.

    `data_dir` is where its data is now, None: where the run had it.
    """
    path = Path(workdir) / "config.json"
    try:
        fields = json.loads(path.read_text())
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"{workdir} is not a run: it has no config.json. Train one with launch.train.") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read ({error}): restore it, or choose another --workdir.") from error
    if not isinstance(fields, dict) or not fields.keys() >= SECTIONS:
        raise UsageError(f"{path} is not the config of a run: choose another --workdir.")
    if data_dir is not None:
        fields["data"]["dir"] = data_dir
    return ml_collections.ConfigDict(fields).lock()


def training_rate(workdir: Path) -> float | None:
    """The median of the training rates that a run has logged, pictures per second; None if it has none."""
    rates = [line["pictures/s"] for line in read_metrics(workdir) if "pictures/s" in line]
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
        if "pictures/s" in line:
            seconds += (line["step"] - step) * batch_size / line["pictures/s"]
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
    lines = [line for line in read_metrics(workdir) if "pictures/s" in line]
    played = [line for line in lines if terms and terms.fake in line]
    if not played:
        return None
    ahead = sum(line[terms.fake] > line[terms.real] for line in played)
    last = {name: played[-1][name] for name in terms.shown if name in played[-1]}
    return Course(len(played) / len(lines), ahead / len(played), last)


def _differences(old: ml_collections.ConfigDict, new: ml_collections.ConfigDict) -> list[tuple]:
    before, after = _flat(old), _flat(json.loads(json.dumps(new.to_dict())))  # JSON has lists where configs have tuples
    if before.get("train.steps", 0) <= after.get("train.steps", 0):  # a run may be prolonged, not shortened
        before.pop("train.steps", None), after.pop("train.steps", None)
    return [
        (name, before.get(name), after.get(name))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name) and not name.startswith(FREE_FIELDS)
    ]


def _flat(config, prefix: str = "") -> dict:
    flat = {}
    for name, value in dict(config).items():
        if isinstance(value, (dict, ml_collections.ConfigDict)):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = list(value) if isinstance(value, tuple) else value
    return flat
