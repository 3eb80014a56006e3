"""The rows of the comparison, in the order of its tables: real images, their mean, PCA, then the models."""

import math
from typing import Any

from genmodels import methods, runs
from genmodels.comparison import seeds
from genmodels.comparison.run import Run
from genmodels.evaluation import tables
from genmodels.evaluation.measures import Measure

IMPROVED = "improved_"  # prefix of the row of a method's improved samples
REFERENCES = {  # titles, by row
    "real": "real images",
    "mean": "mean image",
    "pixels_4": "4x4 pixels",
    "pixels_16": "16x16 pixels",
}


def names(compared: list[Run]) -> dict[str, str]:
    """The rows of the runs compared, with their titles, each followed by that of its improved samples."""
    found = {}
    for run in compared:
        found[run.row] = run.title
        if methods.SPECS[run.config.method].improved:
            found[IMPROVED + run.row] = f"improved {run.title}"
    return found


def method(rows: dict[str, dict[str, Any]], name: str) -> str:
    """The method of a row; reports of earlier revisions have one row for each method, by its name."""
    return rows[name].get("method", name.removeprefix(IMPROVED))


def assemble(compared: list[Run]) -> dict[str, dict[str, Any]]:
    """Rows by name, each with a `title`; seeds of one setting are combined, and `failures` lists those that failed."""
    measured = [run for run in compared if run.report]
    rows = {}
    if measured:
        of_any = measured[0].evaluation["rows"]
        rows |= {name: {"title": title, **of_any[name]} for name, title in REFERENCES.items() if name in of_any}
        for size in sorted({run.config.model.latent for run in measured}):
            owner = next(run for run in measured if run.config.model.latent == size)
            if linear := owner.evaluation["rows"].get(f"pca_{size}"):  # absent if there were too few images for it
                rows[f"pca_{size}"] = {"title": f"PCA, {size} dimensions", **linear}
    for name, title in names(compared).items():
        is_improved = name.startswith(IMPROVED)
        own = [run for run in compared if run.row == name.removeprefix(IMPROVED)]
        found = [row for run in own if (row := _row(run, is_improved))]
        failures = [f"seed {run.config.seed}: {run.failure}" for run in own if run.failure]
        if found or (failures and not is_improved):
            combined = seeds.combine(found) if found else {}
            about = {"title": title, "method": own[0].config.method}
            rows[name] = {**about, **combined, "runs": len(own), "failures": failures}
    return rows


def add_time_to_target(rows: dict[str, dict[str, Any]]) -> float | None:
    """Adds to each method's row the first seed's training seconds to the test RMSE that all of them reached.

    Returns that RMSE, 0-255 scale, rounded up to the tenth that the tables show; None if no run has measured it.
    """
    courses = histories(rows)
    if not courses:
        return None
    target = math.ceil(10 * max(min(point.rmse for point in points) for points in courses.values())) / 10
    for name, points in courses.items():
        rows[name]["training"]["to_target"] = next(point.seconds for point in points if point.rmse <= target)
    return target


def histories(rows: dict[str, dict[str, Any]]) -> dict[str, list[runs.Point]]:
    """The test RMSE over training of the first seed, for each row whose run has measured it."""
    kept = {name: row.get("training", {}).get("history") for name, row in rows.items()}
    return {name: [runs.Point(*point) for point in points] for name, points in kept.items() if points}


def repeated(rows: dict[str, dict[str, Any]]) -> bool:
    """Whether some row is of several seeds; reports of earlier revisions have one."""
    return any(row.get("runs", 1) > 1 for row in rows.values())


def with_any(rows: dict[str, dict], measures: list[Measure]) -> dict[str, dict]:
    """The rows for a table of these measures: those that have one of them, and failures."""
    return {
        name: row
        for name, row in rows.items()
        if row.get("failures") or any(tables.find(row, measure.name) is not None for measure in measures)
    }


def models(rows: dict[str, dict]) -> dict[str, dict]:
    """The rows of models, without the references."""
    return {name: row for name, row in rows.items() if name not in REFERENCES and not name.startswith("pca_")}


def trained(rows: dict[str, dict]) -> dict[str, dict]:
    """The rows of trained models, without improved samples, whose model has a row of its own."""
    return {name: row for name, row in models(rows).items() if not name.startswith(IMPROVED)}


def improved(rows: dict[str, dict]) -> dict[str, dict]:
    """The rows of improved samples."""
    return {name: row for name, row in rows.items() if name.startswith(IMPROVED)}


def _row(run: Run, improved: bool) -> dict[str, Any] | None:
    """The measurements of a run, or of its improved samples; None if there are none."""
    method = run.config.method
    row = run.report["rows"].get(IMPROVED + method if improved else method) if run.report else None
    if row is None or improved:
        return row
    history = runs.history.read(run.workdir, run.config, run.step)
    training = {
        "images_per_s": run.evaluation["training_images_per_s"],
        "seconds": history.errors[-1].seconds if history.errors else None,
        "steps": run.step,
        "batch_size": run.config.train.batch_size,
        "history": history.errors,
    }
    if history.game:
        training["game"] = history.game._asdict()
    return row | {"training": training, "latent_size": run.config.model.latent}
