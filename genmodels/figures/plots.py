"""Plots as matplotlib Figures; nothing is saved."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Ellipse, Patch
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from genmodels import images
from genmodels.figures import legends
from genmodels.figures.styles import BLUE, GREY, VERMILION, Style

GAP = 2  # pixels between the two images of a pair
NEIGHBOUR_COLUMNS = 8


def prior_and_codes(prior: np.ndarray, train_codes: np.ndarray, test_codes: np.ndarray, plane: np.ndarray) -> Figure:
    """Codes of P_z and of Q_z on training and test images, each [N, Z], projected on an orthonormal plane [Z, 2]."""
    figure = Figure(figsize=(5.5, 5.9), layout="constrained")
    axes = figure.subplots()
    clouds = (
        ("$P_z$", prior, GREY, "o"),
        ("$Q_z$, training images", train_codes, BLUE, "s"),
        ("$Q_z$, test images", test_codes, VERMILION, "^"),
    )
    for label, codes, colour, marker in clouds:
        points = np.asarray(codes, np.float64) @ np.asarray(plane, np.float64)  # [N, 2]
        axes.scatter(*points.T, s=9, c=colour, marker=marker, alpha=0.5, linewidths=0, label=label, rasterized=True)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set(xlabel="projection on $u_1$", ylabel="projection on $u_2$")
    _plain(axes)
    legend = figure.legend(loc="outside upper center", ncols=3, frameon=False, handletextpad=0.2, markerscale=2)
    for handle in filter(None, legend.legend_handles):
        handle.set_alpha(1)
    return figure


def codes_of_images(mean: np.ndarray, deviation: np.ndarray | None) -> Figure:
    """Codes [N, Z] of images against the prior, in the two dimensions in which they vary most.

    With a posterior's `deviation` [N, Z] each image is an ellipse of one deviation; without (None) each code is a
    point. Circles: the prior's one and two deviations. Q_Z is the mixture of all ellipses, or all points.
    """
    figure = Figure(figsize=(4.6, 4.9), layout="constrained")
    axes = figure.subplots()
    x, y = np.argsort(mean.var(0))[::-1][:2]
    if deviation is None:
        axes.scatter(mean[:, x], mean[:, y], s=8, c=BLUE, alpha=0.5, linewidths=0, rasterized=True)
        drawn = Line2D([], [], color=BLUE, marker="o", markersize=4, linewidth=0, label="$E(x)$ of each image")
    else:
        for centre, radii in zip(mean[:, (x, y)], 2 * deviation[:, (x, y)], strict=True):
            axes.add_patch(Ellipse(centre, *radii, facecolor=BLUE, edgecolor=BLUE, alpha=0.12, linewidth=0.5))
        drawn = Patch(facecolor=BLUE, alpha=0.4, label="$q(z|x)$ of each image")
    for radius in (1, 2):
        axes.add_patch(Circle((0, 0), radius, fill=False, edgecolor=VERMILION, linewidth=1.6))
    prior = Line2D([], [], color=VERMILION, label="$P_z$: 1 and 2 deviations")
    axes.set(xlim=(-3.5, 3.5), ylim=(-3.5, 3.5), xlabel=f"$z_{{{x + 1}}}$", ylabel=f"$z_{{{y + 1}}}$")
    axes.set_aspect("equal")
    _plain(axes)
    figure.legend(handles=[drawn, prior], loc="outside upper center", ncols=2, frameon=False)
    return figure


def error_and_diversity(
    points: Mapping[str, tuple[dict, dict]], real: dict | None, styles: Mapping[str, Style]
) -> Figure:
    """Test RMSE against MS-SSIM, estimates {mean, low, high}, by title; intervals are bars, real images a band.

    `real` is None if there were too few real images to measure.
    A point with the same RMSE as another (improved sampling) is in the same column; if it is open, its bars are thin,
    so that both intervals show where they overlap.
    """
    figure = Figure(figsize=(7, 4.4), layout="constrained")
    axes = figure.subplots()
    if real:
        axes.axhspan(real["low"], real["high"], color=GREY, alpha=0.35, linewidth=0)
        place = {"xycoords": ("axes fraction", "data"), "ha": "left", "va": "center"}
        axes.annotate("real\nimages", (1.01, real["mean"]), **place)  # beside the axes: no point is in the way
    for title, (x, y) in points.items():
        wide, high = ([[v["mean"] - v["low"]], [v["high"] - v["mean"]]] for v in (x, y))
        style = styles[title]
        look = {"linestyle": "", "markersize": 7, "elinewidth": 1.5 if style.filled else 0.7, "capsize": 3}
        drawn = axes.errorbar(x["mean"], y["mean"], high, wide, label=title, **look, **style.markers)
        for bar in drawn[2]:
            bar.set_linestyle(style.line)
    axes.set(xlabel="test RMSE, 0-255 scale (lower is better)", ylabel="MS-SSIM of samples")
    axes.margins(0.12)
    _plain(axes)
    legends.add(figure)
    return figure


def error_over_training(
    histories: Mapping[str, Sequence[tuple[int, float, float]]], styles: Mapping[str, Style]
) -> Figure:
    """Test RMSE over steps and over seconds of training, by title: (step, seconds, RMSE) each."""
    figure = Figure(figsize=(7.5, 3.2), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for title, points in histories.items():
        steps, seconds, errors = np.transpose(points)
        line = {"linestyle": styles[title].line, "linewidth": 1.2, "markersize": 4, **styles[title].markers}
        for axes, x in zip(panels, (steps, seconds), strict=True):
            axes.plot(x, errors, label=title, **line)
    panels[0].set(xlabel="step", ylabel="test RMSE, 0-255 scale")
    panels[0].xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    panels[1].set(xlabel="seconds of training")
    panels[1].xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    for axes in panels:
        axes.xaxis.set_major_locator(MaxNLocator(6))
        _plain(axes)
    legends.add(figure)
    return figure


def nearest_neighbours(queries: np.ndarray, neighbours: np.ndarray, distances: np.ndarray) -> Figure:
    """Each query above its nearest training image, uint8 [N, H, W, 3], with their RMSE [N], 0-255 scale."""
    count, height, width, _ = queries.shape
    columns = min(count, NEIGHBOUR_COLUMNS)
    rows = -(-count // columns)
    figure = Figure(figsize=(1.2 * columns + 1.3, (2.4 * height / width + 0.4) * rows + 0.3), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False)
    for axes in panels.flat[count:]:
        axes.set_axis_off()
    for axes, query, neighbour, distance in zip(panels.flat, queries, neighbours, distances, strict=False):
        axes.imshow(images.grid(np.stack([query, neighbour]), columns=1, gap=GAP))
        axes.set(xticks=[], yticks=[], xlabel=f"RMSE {distance:.1f}")
        axes.spines[:].set_visible(False)
    for axes in panels[:, 0]:
        axes.set_yticks([0.5 * height, 1.5 * height + GAP], ["query", "nearest\ntraining\nimage"])
        axes.tick_params(axis="y", length=0)
    figure.supxlabel("RMSE on the 0-255 scale", fontsize="medium")
    return figure


def loss_curves(metrics: list[dict], names: list[str]) -> Figure:
    """One panel for each of `names` over the steps of a run's `logs.read_metrics`; ValueError if one is in no line."""
    figure = Figure(figsize=(7, 1.5 * len(names) + 0.5), layout="constrained")
    panels = figure.subplots(len(names), sharex=True, squeeze=False)[:, 0]
    for axes, name in zip(panels, names, strict=True):
        points = [(line["step"], line[name]) for line in metrics if name in line]
        if not points:
            raise ValueError(f"no line of the metrics has {name!r}")
        steps, values = np.transpose(points)
        axes.plot(steps, values, color=BLUE, linewidth=1.2, marker="." if len(points) == 1 else None)
        axes.set_title(name, loc="left", fontsize="medium", parse_math=False)
        axes.yaxis.set_major_locator(MaxNLocator(4))
        _plain(axes)
    panels[-1].set_xlabel("step")
    panels[-1].xaxis.set_major_locator(MaxNLocator(8, integer=True))
    panels[-1].xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    return figure


def _plain(axes: Axes) -> None:
    """Two spines are enough, and a faint grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)
