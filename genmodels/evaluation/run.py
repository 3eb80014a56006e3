"""The evaluation of a run, and the file that keeps it."""

import json
import tempfile
from pathlib import Path
from typing import Any

from genmodels import runs
from genmodels.data import Pictures
from genmodels.errors import UsageError
from genmodels.evaluation import left_out, measures
from genmodels.evaluation.budget import Budget
from genmodels.evaluation.rows import evaluate
from genmodels.model import Model


def evaluate_run(
    workdir: Path, model: Model, pictures: Pictures, budget: Budget, out: Path | None = None
) -> dict[str, Any]:
    """Evaluates the model of a run, with progress bars, and writes all of it to <workdir>/eval/<step>.json.

    With a folder `out` it goes to <out>/<step>.json, and the run is only read. Names what is left out: what the data
    cannot give before any work, the rest after it. UsageError where it cannot be written, before any work.
    """
    path = report_path(workdir, model.step, out)
    expected = left_out.expected(pictures, model.config.model.latent, budget)
    _check_writable(path, workdir)
    _say(expected)
    found = evaluate(model, pictures, budget, progress=True)
    _say({words: reason for words, reason in found.left_out.items() if words not in expected})
    report = {
        "format": measures.FORMAT,
        "measures": _taken(),
        "data": pictures.description,
        "data_digest": getattr(pictures, "digest", None),
        "step": model.step,
        "budget": budget._asdict(),
        "training_pictures_per_s": runs.training_rate(workdir),
        "left_out": found.left_out,
        "rows": found.rows,
    }
    partial = path.with_suffix(".tmp")
    try:
        partial.write_text(json.dumps(report, indent=1) + "\n")
        partial.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}): make room there.") from error
    return report


def report_path(workdir: Path, step: int, out: Path | None = None) -> Path:
    """Where the evaluation of a run at `step` is kept: with the run, or in the folder `out`."""
    return (workdir / "eval" if out is None else out) / f"{step}.json"


def read(workdir: Path, step: int) -> dict[str, Any] | None:
    """The evaluation of a run at `step`, of whatever format; None if there is none."""
    try:
        return json.loads(report_path(workdir, step).read_text())
    except (OSError, ValueError):
        return None


def is_done(workdir: Path, step: int, budget: Budget) -> bool:
    """Whether a run at `step` was evaluated with this budget, with every measure, as it is taken now."""
    report = read(workdir, step) or {}
    current = report.get("format") == measures.FORMAT and set(_taken()) <= set(report["measures"])
    return current and report["budget"] == budget._asdict()


def _taken() -> list[str]:
    """The names of all that an evaluation measures."""
    return [measure.name for measure in measures.MEASURES if measure.function]


def _check_writable(path: Path, workdir: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written ({error.strerror}): make that folder writable, or give another by --out."
        ) from error


def _say(found: dict[str, str]) -> None:
    for line in left_out.lines(found):
        print(line, flush=True)
