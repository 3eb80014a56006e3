"""A run's folder: its config, its checkpoints, what it logs."""

from genmodels.runs import data, history, origin
from genmodels.runs.folder import check, check_is_run, check_start, default_workdir, opened, read_config, writing
from genmodels.runs.history import Course, Point

__all__ = [
    "Course",
    "Point",
    "check",
    "check_is_run",
    "check_start",
    "data",
    "default_workdir",
    "history",
    "opened",
    "origin",
    "read_config",
    "writing",
]
