"""What a reader of the page must know of its runs, in one line each."""

from genmodels import evaluation
from genmodels.comparison.run import Run
from genmodels.report import claims


def draw(runs: list[Run], rows: dict[str, dict]) -> list[str]:
    """What was not checked, not finished, not measured and not judged."""
    measured = [run for run in runs if run.report]
    unchecked = [run.name for run in measured if run.report["same_data"] is None]
    return [
        *([f"data not checked: {'; '.join(unchecked)}"] if unchecked else []),
        *(
            f"not trained to its end: {run.name}, {run.step:,} of {run.config.train.steps:,} steps"
            for run in measured
            if run.step < run.config.train.steps
        ),
        *evaluation.lines(_left_out(measured)),
        *claims.left_out(rows),
    ]


def _left_out(measured: list[Run]) -> dict[str, str]:
    """What was not measured, in words, with its reason; with the run's name where not all runs are alike."""
    each = {run.name: run.report.get("left_out", {}) for run in measured}
    found = {}
    for name, left_out in each.items():
        for words, reason in left_out.items():
            alike = all(other.get(words) == reason for other in each.values())
            found[words if alike else f"{words} ({name})"] = reason
    return found
