"""Which series look alike, and in what."""

from matplotlib.colors import to_hex

from genmodels.figures import styles
from genmodels.figures.styles import COLOURS, MARKERS


def test_a_group_has_a_colour_and_its_series_differ_in_all_else():
    made = styles.assign({"a": "A", "b": "B", "a, again": "A", "b, again": "B"})
    assert made["a"].colour == made["a, again"].colour != made["b"].colour == made["b, again"].colour
    assert len({style.marker for style in made.values()}) == 4
    assert (made["a"].line, made["a"].hatch) == (made["b"].line, made["b"].hatch) == ("-", "")
    assert made["a, again"].line == made["b, again"].line != "-"
    assert made["a, again"].hatch == made["b, again"].hatch != ""


def test_the_first_series_of_a_group_is_plain_whether_or_not_others_are_of_two():
    made = styles.assign({"a": "A", "a, again": "A", "c": "C"})
    assert (made["c"].colour, made["c"].line, made["c"].hatch) == (COLOURS[1], "-", "")


def test_no_two_series_look_alike():
    alone = styles.assign({str(i): str(i) for i in range(len(COLOURS) * len(MARKERS))})
    assert len({(style.colour, style.marker) for style in alone.values()}) == len(alone)
    bars = list(alone.values())[: 3 * len(COLOURS)]  # which have no markers
    assert len({(style.colour, style.hatch) for style in bars}) == len(bars)
    grouped = styles.assign({f"{i}, {kind}": str(i) for kind in "ab" for i in range(len(COLOURS))})
    assert len({(style.colour, style.line, style.marker) for style in grouped.values()}) == len(grouped)


def test_an_open_marker_is_white_within_its_colour():
    style = styles.assign({"a": "A"})["a"]
    assert style.markers["markerfacecolor"] == style.markers["color"] == style.colour
    left = style._replace(filled=False).markers
    assert to_hex(left["markerfacecolor"]) == "#ffffff"
    assert left["color"] == style.colour
