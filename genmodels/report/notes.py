"""What a reader of the page must know about its runs, in one line each."""

from genmodels import evaluation, methods
from genmodels.comparison.run import Run
from genmodels.evaluation.left_out import IMPROVED
from genmodels.report import claims
from genmodels.runs import exported, history, origin


def draw(runs: list[Run], rows: dict[str, dict]) -> list[str]:
    """What was not checked, not finished, not measured and not judged."""
    measured = [run for run in runs if run.report]
    unchecked = [run.name for run in measured if run.evaluation["same_data"] is None]
    return [
        *([f"data not checked: {'; '.join(unchecked)}"] if unchecked else []),
        *(
            f"not fully trained: {run.name}, {run.step:,} of {run.config.train.steps:,} steps"
            for run in measured
            if run.step < run.config.train.steps
        ),
        *(f"{run.name}: {words}" for run in measured if (words := methods.make(run.config).unreached(run.step))),
        *(f"{run.name}: {_exported(run)}" for run in measured if exported.step(run.workdir) is not None),
        *(f"{run.name}: {begun}" for run in measured if (begun := origin.line(run.workdir))),
        *evaluation.lines(_left_out(measured)),
        *claims.left_out(rows),
    ]


def _exported(run: Run) -> str:
    words = "an exported model, whose weights are rounded"
    known = history.read(run.workdir, run.config, run.step).errors
    return words if known else f"{words}; its seconds of training are unknown, or another machine's, and left out"


def _left_out(measured: list[Run]) -> dict[str, str]:
    """What was not measured, in words, with its reason; with the names of its runs where runs differ."""
    names: dict[tuple[str, str], list[str]] = {}
    for run in measured:
        for words, reason in run.evaluation.get("left_out", {}).items():
            others = [other for other in measured if not words.endswith(IMPROVED) or _is_improved(other)]
            alike = all(other.evaluation.get("left_out", {}).get(words) == reason for other in others)
            names.setdefault((words, reason), []).extend([] if alike else [run.name])
    return {f"{words} ({'; '.join(of)})" if of else words: reason for (words, reason), of in names.items()}


def _is_improved(run: Run) -> bool:
    return methods.SPECS[run.config.method].improved
