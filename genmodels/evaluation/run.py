"""The evaluation of a run, and the file that keeps it."""

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from genmodels import data, runs
from genmodels.data import Dataset
from genmodels.errors import UsageError
from genmodels.evaluation import left_out, measures, values, ways
from genmodels.evaluation.budget import Budget
from genmodels.evaluation.measures.attributes import TRAIN
from genmodels.evaluation.rows import Evaluation, evaluate, train_codes_of
from genmodels.model import Model
from genmodels.runs import data as run_data
from genmodels.runs import derived, files, renamed
from genmodels.sampling import attributes, densities
from genmodels.sampling.densities import Density


def evaluate_run(
    workdir: Path, model: Model, dataset: Dataset, budget: Budget, out: Path | None = None
) -> dict[str, Any]:
    """Evaluates the model of a run, with progress bars, and writes the report to <workdir>/eval/<step>.json.

    The values behind its means go into <step>.npz beside it, the densities of codes and the vectors of attributes that
    it fits to <workdir>/densities/<step>.npz and <workdir>/attributes/<step>.npz. With a folder `out` all of them go
    there, and the run is only read. Reports what is left out: what the data rule out before any work, the rest
    afterwards. Raises UsageError, before any work, if the file cannot be written, or if the run was trained on other
    images and this would replace its own evaluation.
    """
    path, expected = (
        report_path(workdir, model.step, out),
        left_out.expected(dataset, model.config.model.latent, budget),
    )
    same = _check(path, workdir, dataset, own=path.resolve() == report_path(workdir, model.step).resolve())
    _say(expected)
    history = runs.history.read(workdir, model.config, model.step)
    fitted = _fit(workdir if out is None else out, model, dataset, budget)
    codes = None if dataset.labels is None else train_codes_of(model, dataset)
    found = evaluate(model, dataset, budget, fitted, train_codes=codes, progress=True)
    _say({words: reason for words, reason in found.left_out.items() if words not in expected})
    if codes is not None:
        place = derived.path(workdir if out is None else out, derived.ATTRIBUTES, model.step)
        _keep_vectors(place, codes, dataset, found)
    report = {
        "format": measures.FORMAT,
        "measures": _taken(),
        "data": dataset.description,
        "data_digest": dataset.digest,
        "labels_digest": _labels(dataset),
        "same_data": same,  # as the run was trained on; null: not recorded by runs of earlier revisions
        "run": str(workdir.resolve()),
        "step": model.step,
        "budget": budget._asdict(),
        "training_images_per_s": history.images_per_s,
        "left_out": found.left_out,
        "rows": found.rows,
    }
    try:
        values.write(path, found.values, report["budget"])
        files.write_whole(path, json.dumps(report, indent=1) + "\n")
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}): make room there.") from error
    return report


def _keep_vectors(path: Path, codes: np.ndarray, dataset: Dataset, found: Evaluation) -> None:
    """Fits attribute vectors to training codes, ranked by the AUC of 16x16 pixels, and writes them."""
    assert dataset.labels is not None
    auc = found.rows.get("pixels_16", {}).get("attributes", {}).get("each", {})
    labels = data.sampled(dataset.labels.train, TRAIN)
    try:
        attributes.write(path, attributes.fit(codes, labels, dataset.labels.names, auc))
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}): make room there.") from error


def _fit(folder: Path, model: Model, dataset: Dataset, budget: Budget) -> dict[str, Density]:
    """Fits densities to codes of training images, and keeps them in `folder`; none without budget.draws."""
    if not budget.draws:
        return {}
    fitted = ways.fit(model, dataset, budget, progress=True)
    path = derived.path(folder, derived.DENSITIES, model.step)
    try:
        densities.write(path, fitted)
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}): make room there.") from error
    return fitted


def report_path(workdir: Path, step: int, out: Path | None = None) -> Path:
    """Where the evaluation of a run at `step` is kept: with the run, or in the folder `out`."""
    return (workdir / "eval" if out is None else out) / f"{step}.json"


def read(workdir: Path, step: int) -> dict[str, Any] | None:
    """The evaluation of a run at `step`, of whatever format; None if there is none."""
    return _json(report_path(workdir, step))


def read_values(workdir: Path, step: int) -> dict[str, np.ndarray]:
    """The values of each image, pair or set behind a run's evaluation, by '<row> <measure>'; {} if not kept."""
    return values.read(report_path(workdir, step), (read(workdir, step) or {}).get("budget", {}))


def is_done(workdir: Path, step: int, budget: Budget, dataset: Dataset | None = None) -> bool:
    """Whether a run at `step` was evaluated with this budget, with every measure, as it is taken now, and values kept.

    With `dataset`: on these images, with these labels, and the vectors of their attributes are kept.
    """
    report = read(workdir, step) or {}
    current = report.get("format") == measures.FORMAT and set(_taken()) <= set(report["measures"])
    on_these = current and (dataset is None or _identity(report) == (dataset.digest, _labels(dataset)))
    vectors = dataset is None or dataset.labels is None or derived.path(workdir, derived.ATTRIBUTES, step).exists()
    kept = vectors and bool(read_values(workdir, step))
    return on_these and kept and report["budget"] == budget._asdict()


def _identity(report: dict[str, Any]) -> tuple[str, str | None]:
    return report["data_digest"], report.get("labels_digest")


def _labels(dataset: Dataset) -> str | None:
    return None if dataset.labels is None else dataset.labels.digest


def _taken() -> list[str]:
    """The names of all that an evaluation measures."""
    return [measure.name for measure in measures.MEASURES if measure.function]


def _check(path: Path, workdir: Path, dataset: Dataset, *, own: bool) -> bool | None:
    """Whether the run was trained on these images, None: not recorded.

    Other images are reported, and refused if the report is the run's `own`. Also raises UsageError if the report
    cannot be written, or would replace that of another run.
    """
    same = run_data.same(workdir, dataset)
    if same is None:
        print(f"data not checked: {workdir} does not record what it was trained on", flush=True)
    if same is False:
        said = f"{workdir} was trained on other images than these: {dataset.description}"
        if own:
            raise UsageError(f"{said}.\nIts own evaluation is kept: choose a folder for this one with --out.")
        print(said, flush=True)
    if not own and path.exists() and (_json(path) or {}).get("run") != str(workdir.resolve()):
        raise UsageError(f"{path} exists already and is not of {workdir}: choose another --out.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written ({error.strerror}): make that folder writable, or choose another with --out."
        ) from error
    return same


def _json(path: Path) -> dict[str, Any] | None:
    try:
        found = renamed.current(json.loads(path.read_text()))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _say(found: dict[str, str]) -> None:
    for line in left_out.lines(found):
        print(line, flush=True)
