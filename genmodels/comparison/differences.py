"""Differences between the rows of a comparison: paired where both were measured on the same images or codes."""

from itertools import combinations
from typing import Any

import numpy as np

from genmodels import evaluation, metrics
from genmodels.comparison import same_nets, seeds
from genmodels.comparison.rows import IMPROVED, models, trained
from genmodels.comparison.run import Run
from genmodels.evaluation import tables

RATE, RMSE = "training images_per_s", "reconstruction test rmse"
MEASURES = (
    RMSE,
    "samples ms_ssim",
    "samples sliced_wasserstein",
    "samples sharpness",
    RATE,
)


def measure(compared: list[Run], rows: dict[str, dict]) -> list[dict[str, Any]]:
    """The difference, `first` minus `second`, of each two rows of models in each of MEASURES that was kept of both.

    Rows on the same nets and rows on their own are two comparisons: no difference is taken between them. Of test RMSE
    there is also that of each model and PCA with as many dimensions.
    Each is an estimate over all seeds with {first, second, measure, paired, each: the estimates by seed}: the k-th seed
    of one row is compared with the k-th of the other, and what only one of them has is left out. The interval is left
    out where one set of samples was measured with one seed.
    """
    kept = {run.workdir: evaluation.read_values(run.workdir, run.step) for run in compared if run.report}
    found = []
    for first, second in (pair for group in same_nets.grouped(models(rows)) for pair in combinations(group, 2)):
        both = list(zip(_of_row(compared, first), _of_row(compared, second), strict=False))
        for name in MEASURES:
            each = [_difference(_Side(a, first, name, kept), _Side(b, second, name, kept)) for a, b in both]
            found += _over_all(each, first, second, name)
    for row in trained(rows):
        if runs := _of_row(compared, row):
            each = [_from_pca(run, kept[run.workdir]) for run in runs]
            found += _over_all(each, row, f"pca_{runs[0].config.model.latent}", RMSE)
    return found


def _over_all(each: list[dict[str, Any] | None], first: str, second: str, name: str) -> list[dict[str, Any]]:
    """The entry of `measure` of these differences by seed; [] if none was kept."""
    there = [difference for difference in each if difference]
    if not there:
        return []
    paired = {difference.pop("paired") for difference in there} == {True}
    over_all = seeds.combine([{"": difference} for difference in there])[""]
    return [{**over_all, "first": first, "second": second, "measure": name, "paired": paired, "each": there}]


def _from_pca(run: Run, values: dict[str, np.ndarray]) -> dict[str, Any] | None:
    """The difference of a model's test RMSE from that of PCA with as many dimensions, on the same images."""
    own, linear = (values.get(f"{row} {RMSE}") for row in (run.config.method, f"pca_{run.config.model.latent}"))
    if own is None or linear is None:
        return None
    return {**metrics.interval(own - linear, seed=run.evaluation["budget"]["seed"])._asdict(), "paired": True}


def find(differences: list[dict[str, Any]], first: str, second: str, name: str) -> dict[str, Any] | None:
    """The difference, `first` minus `second`, of two rows in a measure; None if it was not kept."""
    for one in differences:
        if one["measure"] == name and {one["first"], one["second"]} == {first, second}:
            return one if one["first"] == first else _turned(one)
    return None


def _turned(one: dict[str, Any]) -> dict[str, Any]:
    turned = one | {"mean": -one["mean"]}
    if "low" in one:
        turned |= {"low": -one["high"], "high": -one["low"]}
    if "each" in one:
        turned |= {"first": one["second"], "second": one["first"], "each": [_turned(each) for each in one["each"]]}
    return turned


class _Side:
    """One run's measure: the values of images, pairs or sets, None if they were not kept, and what they are of."""

    def __init__(self, run: Run, row: str, name: str, kept: dict):
        self.improved = row.startswith(IMPROVED)
        own = f"{IMPROVED if self.improved else ''}{run.config.method}"
        self.row = run.evaluation["rows"].get(own, {})
        self.estimate = tables.find(self.row, name)
        self.rate = run.evaluation["training_images_per_s"] if name == RATE and not self.improved else None
        self.values: np.ndarray | None = kept[run.workdir].get(f"{own} {name}")
        self.name, self.seed = name, run.evaluation["budget"]["seed"]
        # What the i-th value is of: a test image, or a sample decoded from the i-th code of this size.
        samples = (self.improved, run.config.model.latent, self.seed)
        self.of = "test images" if name.startswith("reconstruction") else samples
        self.owner = run.workdir


def _difference(a: _Side, b: _Side) -> dict[str, Any] | None:
    """The estimate of a minus b, and whether it is `paired`; None if values were not kept."""
    if a.owner == b.owner:  # improved sampling was judged in pairs, after minus before
        change = tables.find(b.row, a.name.replace("samples ", "change "))
        return change and _turned(change) | {"paired": True}
    if a.rate and b.rate:
        rate = a.rate - b.rate
        return {"mean": rate, "low": rate, "high": rate, "n": 1, "paired": False}
    if a.values is None or b.values is None or not (a.estimate and b.estimate):
        return None
    if "sets" in a.estimate:
        return {**_of_sets(a.values, b.values), "n": a.estimate["n"], "paired": False}
    if a.of == b.of and len(a.values) == len(b.values):
        return {**metrics.interval(np.subtract(a.values, b.values), seed=a.seed)._asdict(), "paired": True}
    return {**metrics.difference(a.values, b.values, seed=a.seed)._asdict(), "paired": False}


def _of_sets(a: np.ndarray, b: np.ndarray) -> dict[str, Any]:
    """The difference of means over sets, with Welch's interval if both have several."""
    return {"mean": float(a.mean() - b.mean())} if min(len(a), len(b)) < 2 else metrics.welch(a, b)._asdict()


def _of_row(compared: list[Run], row: str) -> list[Run]:
    """The measured runs of a row, by seed."""
    own = [run for run in compared if run.row == row.removeprefix(IMPROVED) and run.report]
    return sorted(own, key=lambda run: run.config.seed)
