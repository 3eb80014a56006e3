"""A bar chart of several series by name, as a matplotlib Figure."""

from collections.abc import Mapping, Sequence
from itertools import cycle

import numpy as np
from matplotlib.figure import Figure

from genmodels.figures.plots import COLOURS, GREY, MARKERS

BAR, GAP = 0.09, 0.14  # inches: a bar's height, and the space between two groups
CHANCE = 0.5  # the left end of the axis


def grouped(
    names: Sequence[str], bars: Mapping[str, Mapping[str, float]], marks: Mapping[str, Mapping[str, float]], label: str
) -> Figure:
    """A group of horizontal bars for each name, from chance to its value in each series; `marks` are points beside.

    Series are by title, values by name; a value that is missing has no bar.
    """
    group = BAR * max(len(bars), 1) + GAP
    figure = Figure(figsize=(7.5, group * len(names) + 1.4), layout="constrained")
    axes = figure.subplots()
    places, handles = np.arange(len(names)) * group, []
    for i, ((title, values), colour) in enumerate(zip(bars.items(), cycle(COLOURS), strict=False)):
        widths = [values.get(name, np.nan) - CHANCE for name in names]
        heights = places + (i - (len(bars) - 1) / 2) * BAR
        hatch = "////" if i >= len(COLOURS) else None  # where a colour is used again
        handles.append(axes.barh(heights, widths, BAR, CHANCE, color=colour, hatch=hatch, label=title))
    for (title, values), marker in zip(marks.items(), cycle(reversed(MARKERS)), strict=False):
        x = [values.get(name, np.nan) for name in names]
        style = {"s": 22, "facecolor": "white", "edgecolor": "black", "zorder": 3}
        handles.append(axes.scatter(x, places, marker=marker, label=title, **style))
    axes.set_yticks(places, [name.replace("_", " ") for name in names])
    axes.set(xlabel=label, ylim=(places[-1] + group, -group) if len(names) else None)
    axes.axvline(CHANCE, color=GREY, linewidth=1)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x", color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)
    figure.legend(handles=handles, loc="outside upper center", ncols=3, frameon=False)
    return figure
