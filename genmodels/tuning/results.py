"""What a study has found: a table, figures like the deck's, and the config to train with."""

import csv
import json
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
import optuna
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from genmodels import evaluation, images, model
from genmodels.figures.plots import BLUE, GREY, VERMILION
from genmodels.tuning.study import COLLAPSED, ended, folder_of, words

TILES = 3  # samples in a row and in a column of a cell


class Result(NamedTuple):
    """A trial that has ended. Estimates are {mean, low, high, n}; None if it collapsed, then `collapsed` says why."""

    number: int
    chosen: dict[str, Any]
    folder: str
    rmse: dict | None = None
    ms_ssim: dict | None = None
    distance: float | None = None  # |MS-SSIM - real|
    best: bool = False
    collapsed: str | None = None


def collect(study: optuna.Study, workdir: Path, method: str, step: int) -> list[Result]:
    """The results of a study's ended trials, each set of values once; the best one is marked.

    Best is the lowest sum of both ranks, by test RMSE and by distance to real pictures' MS-SSIM; of equals the lower
    RMSE.
    """
    found = {}
    for trial in ended(study):
        folder = folder_of(workdir, trial.params)
        result = Result(trial.number, dict(sorted(trial.params.items())), folder.name)
        if (folder / COLLAPSED).exists():
            result = result._replace(collapsed=(folder / COLLAPSED).read_text().strip())
        else:
            row = evaluation.read(folder, step)["rows"][method]
            samples = row["samples"]
            result = result._replace(
                rmse=row["reconstruction"]["test"]["rmse"],
                ms_ssim=samples["ms_ssim"],
                distance=abs(samples["ms_ssim_minus_real"]["mean"]),
            )
        found[words(trial.params)] = result
    results = list(found.values())
    measured = [result for result in results if result.rmse]
    if not measured:
        return results
    by_error = sorted(measured, key=lambda result: result.rmse["mean"])
    by_distance = sorted(measured, key=lambda result: result.distance)
    best = min(by_error, key=lambda result: by_error.index(result) + by_distance.index(result))
    return [result._replace(best=result is best) for result in results]


def write(folder: Path, results: list[Result]) -> None:
    """Writes results.json, results.csv, cells.png, heat.png (of two fields) and front.png into a study's folder."""
    (folder / "results.json").write_text(json.dumps([result._asdict() for result in results], indent=1) + "\n")
    fields = list(results[0].chosen)
    with (folder / "results.csv").open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["trial", *fields, "test RMSE", "low", "high", "MS-SSIM", "low", "high", "collapsed"])
        for result in results:
            values = [*_three(result.rmse), *_three(result.ms_ssim), result.collapsed or ""]
            lines.writerow([result.number, *(result.chosen[field] for field in fields), *values])
    cells(results, folder).savefig(folder / "cells.png", dpi=150)
    if len(fields) == 2:
        heat_maps(results).savefig(folder / "heat.png", dpi=150)
    front(results).savefig(folder / "front.png", dpi=150)


def suggestion(results: list[Result], config_file: str) -> str:
    """The command to train with the best values, and why."""
    best = next((result for result in results if result.best), None)
    if best is None:
        return "Every trial collapsed: try smaller learning rates, or margins nearer to the KL(x) of the warm-up."
    flags = " ".join(f"--config.{field}={value}" for field, value in best.chosen.items())
    return (
        f"best of {len(results)}: test RMSE {best.rmse['mean']:.2f}, MS-SSIM {best.ms_ssim['mean']:.3f}, "
        f"{best.distance:.3f} from real pictures'\npython -m launch.train --config={config_file} {flags}"
    )


def cells(results: list[Result], workdir: Path) -> Figure:
    """The deck's figure 6: samples of each trial, test RMSE and MS-SSIM under them, the best one framed.

    Two fields span rows and columns; else the trials stand in their order.
    """
    rows, columns, places = _layout(results)
    figure = Figure(figsize=(1.75 * columns + 0.9, 2.15 * rows + 0.3), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False)
    for axes in panels.flat:
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    for result, (row, column) in zip(results, places, strict=True):
        axes = panels[row, column]
        if result.rmse:
            axes.imshow(_samples(workdir / result.folder), interpolation="nearest")
            axes.set_xlabel(f"{result.rmse['mean']:.2f} / {result.ms_ssim['mean']:.3f}")
        else:
            axes.text(0.5, 0.5, "collapsed", ha="center", va="center", color=GREY, transform=axes.transAxes)
        if result.best:
            axes.spines[:].set(visible=True, color=VERMILION, linewidth=3)
        if len(result.chosen) != 2:
            axes.set_title(
                "\n".join(f"{name}={value:.4g}" for name, value in result.chosen.items()), fontsize="x-small"
            )
    if len(results[0].chosen) == 2:
        _name_sides(panels[-1], panels[:, 0], results)
    figure.supxlabel("test RMSE / MS-SSIM; framed: the best", fontsize="small")
    return figure


def heat_maps(results: list[Result]) -> Figure:
    """Test RMSE and MS-SSIM over two fields."""
    rows, columns, places = _layout(results)
    figure = Figure(figsize=(2 * (1.1 * columns + 1.6), 0.8 * rows + 1.3), layout="constrained")
    for axes, (title, name, digits) in zip(
        figure.subplots(1, 2), (("test RMSE", "rmse", 1), ("MS-SSIM", "ms_ssim", 3)), strict=True
    ):
        table = np.full((rows, columns), np.nan)
        for result, place in zip(results, places, strict=True):
            table[place] = getattr(result, name)["mean"] if result.rmse else np.nan
        axes.imshow(table, cmap="viridis_r", aspect="auto")
        middle = (np.nanmin(table) + np.nanmax(table)) / 2
        for place in places:
            text = "collapsed" if np.isnan(table[place]) else f"{table[place]:.{digits}f}"
            axes.text(*place[::-1], text, ha="center", va="center", color="white" if table[place] > middle else "black")
        (first, of_rows), (second, of_columns) = _sides(results)
        axes.set_yticks(range(rows), [f"{value:g}" for value in of_rows])
        axes.set_xticks(range(columns), [f"{value:g}" for value in of_columns])
        axes.set(title=title, ylabel=first, xlabel=second)
    return figure


def front(results: list[Result]) -> Figure:
    """Test RMSE against the distance of MS-SSIM to that of real pictures; a line joins the Pareto front."""
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    points = sorted((result.rmse["mean"], result.distance, result.number) for result in results if result.rmse)
    edge, lowest = [], np.inf
    for rmse, distance, _ in points:
        if distance < lowest:
            edge.append((rmse, distance))
            lowest = distance
    if points:
        axes.step(*np.transpose(edge), where="post", color=GREY, zorder=1)
        axes.scatter(*np.transpose(points)[:2], c=BLUE, zorder=2)
        for rmse, distance, number in points:
            axes.annotate(str(number), (rmse, distance), xytext=(5, 4), textcoords="offset points", fontsize="small")
    axes.set(xlabel="test RMSE, 0-255 scale", ylabel="|MS-SSIM − real|")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _sides(results: list[Result]) -> list[tuple[str, list]]:
    """Both fields with the values tried, upwards: of the rows, then of the columns."""
    fields = list(results[0].chosen)  # in alphabetical order: beta before margin, as in the deck
    return [(field, sorted({result.chosen[field] for result in results})) for field in fields]


def _layout(results: list[Result]) -> tuple[int, int, list[tuple[int, int]]]:
    """Rows, columns and each result's place."""
    if len(results[0].chosen) == 2:
        (first, of_rows), (second, of_columns) = _sides(results)
        places = [(of_rows.index(r.chosen[first]), of_columns.index(r.chosen[second])) for r in results]
        return len(of_rows), len(of_columns), places
    columns = min(6, len(results))
    return -(-len(results) // columns), columns, [divmod(i, columns) for i in range(len(results))]


def _name_sides(bottom: list[Axes], left: list[Axes], results: list[Result]) -> None:
    (first, of_rows), (second, of_columns) = _sides(results)
    for axes, value in zip(left, of_rows, strict=True):
        axes.set_ylabel(f"{first} = {value:g}")
    for axes, value in zip(bottom, of_columns, strict=True):
        axes.set_xlabel(f"{axes.get_xlabel()}\n{second} = {value:g}")


def _samples(run: Path) -> np.ndarray:
    return images.grid(images.to_uint8(model.load(run).sample(jax.random.key(0), TILES**2)), TILES)


def _three(estimate: dict | None) -> list:
    return [estimate[key] for key in ("mean", "low", "high")] if estimate else ["", "", ""]
