"""A run's folder: its config, its checkpoints, what it logs."""

from genmodels.runs import data
from genmodels.runs.folder import (
    Game,
    Point,
    check,
    default_workdir,
    game,
    opened,
    read_config,
    rmse_history,
    training_rate,
    writing,
)

__all__ = [
    "Game",
    "Point",
    "check",
    "data",
    "default_workdir",
    "game",
    "opened",
    "read_config",
    "rmse_history",
    "training_rate",
    "writing",
]
