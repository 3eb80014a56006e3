"""A run of the comparison: what it is called, and whether it failed."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import ml_collections

from genmodels import methods
from genmodels.runs import checkpoint, exported

FAILURE = "failure.txt"  # why a run could not be trained, in its folder; without it the run is tried again


class Run(NamedTuple):
    """One run of the comparison. `report` is its evaluation; None if it failed, then `failure` says why."""

    workdir: Path
    config: ml_collections.ConfigDict
    step: int = 0
    report: dict[str, Any] | None = None
    figures: Path | None = None
    failure: str | None = None
    setting: str = ""  # what distinguishes it from other runs of its method besides the seed

    @property
    def row(self) -> str:
        """The key of its row, shared by runs that differ only in the seed."""
        return ", ".join(filter(None, (self.config.method, self.setting)))

    @property
    def title(self) -> str:
        """The title of that row."""
        title = methods.SPECS[self.config.method].title
        return f"{title} ({self.setting})" if self.setting else title

    @property
    def name(self) -> str:
        return f"{self.row}, seed {self.config.seed}"

    @property
    def evaluation(self) -> dict[str, Any]:
        """`report`, of a run that has one."""
        assert self.report is not None
        return self.report

    @property
    def folder(self) -> str:
        """The name of its folder of figures in the report."""
        return re.sub(r"[^A-Za-z0-9.+-]+", "-", f"{self.row}-{self.config.seed}")


def compared_step(run: Run) -> int:
    """The step that is compared: the last one; of an existing run, the newest."""
    return run.step or run.config.train.steps


def is_trained(run: Run) -> bool:
    """Whether its newest checkpoint is that of the step that is compared."""
    return checkpoint.newest_step(run.workdir) == compared_step(run)


def opening(compared: Sequence[Run]) -> ml_collections.ConfigDict:
    """The config by which the images of all runs are opened: of the first that knows where they are, if one does."""
    return next((run for run in compared if exported.step(run.workdir) is None), compared[0]).config


def failure(run: Run) -> str | None:
    """Why it could not be trained; None if it was, even by a later command."""
    path = run.workdir / FAILURE
    if not path.exists() or checkpoint.newest_step(run.workdir) == run.config.train.steps:
        return None
    return path.read_text().strip()
