"""A bar chart of several series by name, as a matplotlib Figure."""

from collections.abc import Mapping, Sequence
from itertools import cycle

import numpy as np
from matplotlib.figure import Figure

from genmodels.figures import legends
from genmodels.figures.styles import GREY, Style

WIDTH = 7.5  # inches
BAR, GAP = 0.09, 0.14  # inches: a bar's height, and the space between two groups
CHANCE = 0.5  # the left end of the axis
MARKS = "XP<vD^so"  # of what the bars are compared with


def grouped(
    names: Sequence[str],
    bars: Mapping[str, Mapping[str, float]],
    marks: Mapping[str, Mapping[str, float]],
    label: str,
    styles: Mapping[str, Style],
) -> Figure:
    """A group of horizontal bars for each name, from chance to its value in each series; `marks` are points beside.

    Series are by title, values by name; a value that is missing has no bar. `styles` are those of the bars.
    """
    group = BAR * max(len(bars), 1) + GAP
    columns, above = legends.size([*bars, *marks], WIDTH, most=3)
    figure = Figure(figsize=(WIDTH, group * len(names) + above + 0.8), layout="constrained")
    axes = figure.subplots()
    places, handles = np.arange(len(names)) * group, []
    for i, (title, values) in enumerate(bars.items()):
        widths = [values.get(name, np.nan) - CHANCE for name in names]
        heights = places + (i - (len(bars) - 1) / 2) * BAR
        colour, hatch = styles[title].colour, styles[title].hatch
        handles.append(axes.barh(heights, widths, BAR, CHANCE, color=colour, hatch=hatch, label=title))
    for (title, values), marker in zip(marks.items(), cycle(MARKS), strict=False):
        x = [values.get(name, np.nan) for name in names]
        style = {"s": 22, "facecolor": "white", "edgecolor": "black", "zorder": 3}
        handles.append(axes.scatter(x, places, marker=marker, label=title, **style))
    axes.set_yticks(places, [name.replace("_", " ") for name in names])
    axes.set(xlabel=label, ylim=(places[-1] + group, -group) if len(names) else None)
    axes.axvline(CHANCE, color=GREY, linewidth=1)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x", color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)
    figure.legend(handles=handles, loc="outside upper center", ncols=columns, frameon=False)
    return figure
