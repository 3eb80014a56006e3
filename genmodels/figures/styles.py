"""Colours, markers and lines: how each series looks, the same in every figure."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

# Okabe and Ito 2008: distinguishable with any kind of colour vision, and in greyscale by lightness.
GREY, BLUE, VERMILION = "#999999", "#0072B2", "#D55E00"
COLOURS = (BLUE, VERMILION, "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "os^Dv<>*Xp"  # ten and seven have no factor in common: a pair of marker and colour repeats only after 70
LINES = (("-", ""), ("--", "////"), (":", "...."))  # of a colour's first, second and third series, with their hatches


class Style(NamedTuple):
    """How a series looks: its line in a plot, its hatch in a chart of bars; an open marker is not `filled`."""

    colour: str
    marker: str
    line: str = "-"
    hatch: str = ""
    filled: bool = True

    @property
    def markers(self) -> dict[str, Any]:
        """For matplotlib: the colour and the marker, which is white where it is open."""
        inside = self.colour if self.filled else "white"
        return {"color": self.colour, "marker": self.marker, "markerfacecolor": inside}


def assign(groups: Mapping[str, str]) -> dict[str, Style]:
    """A style for each series, given the group of each by name: groups have colours, and series have markers.

    Where a colour is used again, within a group or because there are more groups, line and hatch differ as well.
    """
    order, uses, styles = list(dict.fromkeys(groups.values())), Counter(), {}
    for i, (name, group) in enumerate(groups.items()):
        colour = COLOURS[order.index(group) % len(COLOURS)]
        styles[name] = Style(colour, MARKERS[i % len(MARKERS)], *LINES[uses[colour] % len(LINES)])
        uses[colour] += 1
    return styles
