"""A run's folder: its config, its checkpoints, what it logs."""

from genmodels.runs import data, history, origin
from genmodels.runs.folder import check, check_is_run, default_workdir, opened, read_config, writing
from genmodels.runs.history import Course, Point, game, rmse_history, training_rate

__all__ = [
    "Course",
    "Point",
    "check",
    "check_is_run",
    "data",
    "default_workdir",
    "game",
    "history",
    "opened",
    "origin",
    "read_config",
    "rmse_history",
    "training_rate",
    "writing",
]
