"""A run's folder: its config, its checkpoints, what it logs."""

from genmodels.runs import data
from genmodels.runs.folder import (
    Course,
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
    "Course",
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
