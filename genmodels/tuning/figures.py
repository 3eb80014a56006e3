"""The figures of a study: samples of each trial, maps over two fields, the front of both goals."""

import textwrap
from pathlib import Path

import jax
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from genmodels import images, model
from genmodels.figures.styles import BLUE, GREY, VERMILION
from genmodels.tuning.results import Result
from genmodels.tuning.trial import shown

TILES = 3  # samples in a row and in a column of a cell
CHARACTERS, LINE = 14, 0.15  # of small text: so many fit into an inch, and a line is so many inches high


def write(folder: Path, results: list[Result]) -> None:
    """Writes cells.png, front.png and, for a table of two fields, heat.png into a study's folder."""
    cells(results, folder).savefig(folder / "cells.png", dpi=150)
    front(results).savefig(folder / "front.png", dpi=150)
    heat = folder / "heat.png"
    if _is_table(results) and any(result.rmse for result in results):
        heat_maps(results).savefig(heat, dpi=150)
    else:
        heat.unlink(missing_ok=True)  # of an earlier, smaller study


def cells(results: list[Result], workdir: Path) -> Figure:
    """The deck's figure 6: samples of each trial, test RMSE and MS-SSIM under them, the best one framed.

    A table of two fields spans rows and columns; otherwise the trials are in order.
    """
    rows, columns, places = _layout(results)
    width = 1.75 * columns + 0.9
    below = ["test RMSE / MS-SSIM", *textwrap.wrap(_rule(results), int(CHARACTERS * width), break_on_hyphens=False)]
    titles = 0 if _is_table(results) else len(results[0].chosen)  # lines of them
    height = (width / columns + 0.3 + LINE * titles) * rows + LINE * (1 + len(below))
    figure = Figure(figsize=(width, height), layout="compressed")
    panels = figure.subplots(rows, columns, squeeze=False)
    for axes in panels.flat:
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        axes.set_box_aspect(1)  # without samples, too
    for result, (row, column) in zip(results, places, strict=True):
        axes = panels[row, column]
        if result.rmse:
            axes.imshow(_samples(workdir / result.folder), interpolation="nearest")
            axes.set_xlabel("{:.2f} / {:.3f}".format(*result.values))
        else:
            axes.text(0.5, 0.5, _why(result), ha="center", va="center", color=GREY, transform=axes.transAxes)
        if result.best:
            axes.spines[:].set(visible=True, color=VERMILION, linewidth=3)
        if not _is_table(results):
            title = "\n".join(f"{name}={shown(value)}" for name, value in result.chosen.items())
            axes.set_title(title, fontsize="x-small")
    if _is_table(results):
        _name_sides(list(panels[-1]), list(panels[:, 0]), results)
    figure.supxlabel("\n".join(below), fontsize="small")
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
        for result, place in zip(results, places, strict=True):
            text = f"{table[place]:.{digits}f}" if result.rmse else _why(result)
            axes.text(*place[::-1], text, ha="center", va="center", color="white" if table[place] > middle else "black")
        (first, of_rows), (second, of_columns) = _sides(results)
        axes.set_yticks(range(rows), list(map(shown, of_rows)))
        axes.set_xticks(range(columns), list(map(shown, of_columns)))
        axes.set(title=title, ylabel=first, xlabel=second)
    return figure


def front(results: list[Result]) -> Figure:
    """Test RMSE against the distance of MS-SSIM to that of real images; a line joins the Pareto front."""
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    points = sorted((*result.values[::2], result.number) for result in results if result.rmse)
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


def _rule(results: list[Result]) -> str:
    """By which rule a cell is framed; '' if none is."""
    best = next((result for result in results if result.best), None)
    if best is None:
        return ""
    rule = "framed: the lowest sum of two ranks, by test RMSE and by closeness of MS-SSIM to that of real images"
    return f"{rule}\N{NO-BREAK SPACE}({best.real:.3f})"  # a line begins with no number alone


def _why(result: Result) -> str:
    return "failed" if result.failed else "collapsed"


def _is_table(results: list[Result]) -> bool:
    """Whether two fields were tried, with few enough values of each to form a table, unlike those of a search."""
    if len(results[0].chosen) != 2:
        return False
    (_, of_rows), (_, of_columns) = _sides(results)
    return len(of_rows) * len(of_columns) <= 2 * len(results)


def _sides(results: list[Result]) -> list[tuple[str, list]]:
    """Both fields with the values tried, ascending: that of the rows, then that of the columns."""
    fields = list(results[0].chosen)  # in alphabetical order: beta before margin, as in the deck
    return [(field, sorted({result.chosen[field] for result in results})) for field in fields]


def _layout(results: list[Result]) -> tuple[int, int, list[tuple[int, int]]]:
    """The numbers of rows and columns, and each result's (row, column)."""
    if _is_table(results):
        (first, of_rows), (second, of_columns) = _sides(results)
        places = [(of_rows.index(r.chosen[first]), of_columns.index(r.chosen[second])) for r in results]
        return len(of_rows), len(of_columns), places
    columns = min(6, len(results))
    return -(-len(results) // columns), columns, [divmod(i, columns) for i in range(len(results))]


def _name_sides(bottom: list[Axes], left: list[Axes], results: list[Result]) -> None:
    (first, of_rows), (second, of_columns) = _sides(results)
    for axes, value in zip(left, of_rows, strict=True):
        axes.set_ylabel(f"{first} = {shown(value)}")
    for axes, value in zip(bottom, of_columns, strict=True):
        axes.set_xlabel(f"{axes.get_xlabel()}\n{second} = {shown(value)}")


def _samples(run: Path) -> np.ndarray:
    return images.grid(images.to_uint8(model.load(run).sample(jax.random.key(0), TILES**2)), TILES)
