"""Where the legend of a figure goes, so that it neither is cut nor takes the room of the axes."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

LONG, MANY = 20, 12  # characters of a title, and titles, beyond which a legend beside the axes leaves them no room
CHARACTER, KEY, LINE = 0.085, 0.8, 0.21  # inches: a character's width, a title's key with the space around, a line


def size(titles: Sequence[str], width: float, most: int) -> tuple[int, float]:
    """As many columns as fit into a width, at most `most`, and the height of the legend; in inches."""
    columns = max((n for n in range(1, min(most, len(titles)) + 1) if _width(titles, n) <= width), default=1)
    return columns, LINE * -(-len(titles) // columns)


def add(figure: Figure) -> None:
    """Adds the legend of the first axes, beside them all; long or many titles go below: the figure grows by them."""
    handles, titles = figure.axes[0].get_legend_handles_labels()
    if all(len(title) <= LONG for title in titles) and len(titles) <= MANY:
        figure.legend(handles, titles, loc="outside right upper", frameon=False)
        return
    width, height = figure.get_size_inches()
    columns, needed = size(titles, width, most=2)
    figure.set_size_inches(width, height + needed)
    figure.legend(handles, titles, loc="outside lower center", ncols=columns, frameon=False)


def _width(titles: Sequence[str], columns: int) -> float:
    """Of a legend in inches: each column is as wide as its longest title; matplotlib fills them one after another."""
    return sum(KEY + CHARACTER * max(map(len, part)) for part in np.array_split(np.array(titles), columns))
