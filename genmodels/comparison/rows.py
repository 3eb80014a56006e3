"""The rows of the comparison, in the order of its tables: real pictures, their mean, PCA, then the models."""

from typing import Any

from genmodels import methods, runs
from genmodels.comparison import seeds
from genmodels.comparison.runs import Run

IMPROVED = "improved_"  # before a method's name: the row of its improved samples


def names(compared: list[Run]) -> dict[str, str]:
    """The rows of the methods compared, with their titles, each followed by that of its improved samples."""
    found = {}
    for name in dict.fromkeys(run.config.method for run in compared):
        spec = methods.SPECS[name]
        found[name] = spec.title
        if spec.improved:
            found[IMPROVED + name] = f"improved {spec.title}"
    return found


def assemble(compared: list[Run]) -> dict[str, dict[str, Any]]:
    """Rows by name, each with a `title`; a method's seeds are combined, and `failures` lists those that failed."""
    measured = [run for run in compared if run.report]
    rows = {}
    if measured:
        of_any = measured[0].report["rows"]
        rows["real"] = {"title": "real pictures", **of_any["real"]}
        rows["mean"] = {"title": "mean picture", **of_any["mean"]}
        for size in sorted({run.config.model.latent for run in measured}):
            owner = next(run for run in measured if run.config.model.latent == size)
            if linear := owner.report["rows"].get(f"pca_{size}"):  # none where there were too few images for it
                rows[f"pca_{size}"] = {"title": f"PCA, {size} dimensions", **linear}
    for name, title in names(compared).items():
        own = [run for run in compared if run.config.method == name.removeprefix(IMPROVED)]
        found = [_row(run, name) for run in own if run.report and name in run.report["rows"]]
        failures = [f"seed {run.config.seed}: {run.failure}" for run in own if run.failure]
        if found or (failures and name in {run.config.method for run in own}):
            combined = seeds.combine(found) if found else {}
            rows[name] = {"title": title, **combined, "runs": len(own), "failures": failures}
    return rows


def add_time_to_target(rows: dict[str, dict[str, Any]]) -> float | None:
    """Adds to each method's row the training seconds to the test RMSE that all of them reached, and returns it."""
    courses = histories(rows)
    if not courses:
        return None
    target = max(min(point.rmse for point in points) for points in courses.values())
    for name, points in courses.items():
        rows[name]["training"]["to_target"] = next(point.seconds for point in points if point.rmse <= target)
    return target


def histories(rows: dict[str, dict[str, Any]]) -> dict[str, list[runs.Point]]:
    """The test RMSE all through training, of each row whose run has looked at it; of the first seed."""
    kept = {name: row.get("training", {}).get("history") for name, row in rows.items()}
    return {name: [runs.Point(*point) for point in points] for name, points in kept.items() if points}


def models(rows: dict[str, dict]) -> dict[str, dict]:
    """The rows that compete: not the references."""
    return {name: row for name, row in rows.items() if name not in ("real", "mean") and not name.startswith("pca_")}


def trained(rows: dict[str, dict]) -> dict[str, dict]:
    """The rows that compete and were trained: improved samples are of a model that has a row of its own."""
    return {name: row for name, row in models(rows).items() if not name.startswith(IMPROVED)}


def _row(run: Run, name: str) -> dict[str, Any]:
    row = run.report["rows"][name]
    if name != run.config.method:
        return row
    # None if the run was stopped before its first look at test pictures.
    points = runs.rmse_history(run.workdir, run.config.train.batch_size)
    game = runs.game(run.workdir, methods.SPECS[name].game)
    training = {
        "pictures_per_s": run.report["training_pictures_per_s"],
        "seconds": points[-1].seconds if points else None,
        "steps": run.step,
        "batch_size": run.config.train.batch_size,
        "history": points,
    }
    if game:
        training["game"] = game._asdict()
    return row | {"training": training, "latent_size": run.config.model.latent}
