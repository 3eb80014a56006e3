"""The rows of the comparison, in the order of its tables: real pictures, their mean, PCA, then the models."""

from typing import Any

from genmodels import runs, seeds
from genmodels.comparison import Run

TITLES = {
    "vae": "VAE",
    "wae_mmd": "WAE-MMD",
    "wae_gan": "WAE-GAN",
    "improved_wae_mmd": "improved WAE-MMD",
    "improved_wae_gan": "improved WAE-GAN",
    "introvae": "IntroVAE",
}


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
            rows[f"pca_{size}"] = {"title": f"PCA, {size} dimensions", **owner.report["rows"][f"pca_{size}"]}
    for name, title in TITLES.items():
        own = [run for run in compared if run.config.method == name.removeprefix("improved_")]
        found = [_row(run, name) for run in own if run.report and name in run.report["rows"]]
        failures = [f"seed {run.config.seed}: {run.failure}" for run in own if run.failure]
        if found or (failures and name in {run.config.method for run in own}):
            combined = seeds.combine(found) if found else {}
            rows[name] = {"title": title, **combined, "runs": len(own), "failures": failures}
    return rows


def add_time_to_target(rows: dict[str, dict[str, Any]], compared: list[Run]) -> float | None:
    """Adds to each method's row the training seconds to the test RMSE that all of them reached, and returns it."""
    histories = {run.config.method: history(run) for run in reversed(compared) if run.report}  # of the first seed
    histories = {method: points for method, points in histories.items() if points}
    if not histories:
        return None
    target = max(min(point.rmse for point in points) for points in histories.values())
    for method, points in histories.items():
        rows[method]["training"]["to_target"] = next(point.seconds for point in points if point.rmse <= target)
    return target


def history(run: Run) -> list[runs.Point]:
    """The test RMSE all through a run."""
    return runs.rmse_history(run.workdir, run.config.train.batch_size)


def models(rows: dict[str, dict]) -> dict[str, dict]:
    """The rows that compete: not the references."""
    return {name: row for name, row in rows.items() if name in TITLES}


def _row(run: Run, name: str) -> dict[str, Any]:
    row = run.report["rows"][name]
    if name != run.config.method:
        return row
    points = history(run)  # none if the run was stopped before its first look at test pictures
    training = {
        "pictures_per_s": run.report["training_pictures_per_s"],
        "seconds": points[-1].seconds if points else None,
        "steps": run.step,
        "batch_size": run.config.train.batch_size,
    }
    return row | {"training": training, "latent_size": run.config.model.latent}
