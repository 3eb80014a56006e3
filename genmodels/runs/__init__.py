"""A run's folder: its config, its checkpoints, what it logs."""

from genmodels.runs.folder import (
    Course,
    Point,
    check,
    default_workdir,
    game,
    open_run,
    read_config,
    rmse_history,
    training_rate,
    writing,
)

__all__ = [
    "Course",
    "Point",
    "check",
    "default_workdir",
    "game",
    "open_run",
    "read_config",
    "rmse_history",
    "training_rate",
    "writing",
]
