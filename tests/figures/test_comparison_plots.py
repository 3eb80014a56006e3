"""The plots of a whole comparison: each model looks as it is told to, and neither points nor words are in the way."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from genmodels.figures import plots, styles
from genmodels.figures.styles import Style

PLAIN = Style("#0072B2", "o")
DASHED, OPEN = Style("#D55E00", "s", "--", "////"), Style("#D55E00", "s", filled=False)
POINT = {"mean": 1.0, "low": 0.9, "high": 1.1}
COURSE = [(1_000, 2.0, 3.0), (9_000, 4.0, 2.0)]  # step, seconds, RMSE


def looks(*titles: str) -> dict[str, Style]:
    return styles.assign({title: title for title in titles})


def look(line) -> tuple[str, str, bool]:
    """The colour and the marker of a line, and whether its marker is filled."""
    edge, inside = line.get_markeredgecolor(), line.get_markerfacecolor()
    assert to_hex(edge) == to_hex(line.get_color())
    return to_hex(edge).upper(), line.get_marker(), to_hex(edge) == to_hex(inside)


def test_points_look_as_they_are_told_and_improved_ones_have_thin_bars():
    given = {"b": DASHED, "a": PLAIN, "improved a": PLAIN._replace(filled=False)}
    figure = plots.error_and_diversity(dict.fromkeys(("a", "b", "improved a"), (POINT, POINT)), None, given)
    drawn = {each.get_label(): each for each in figure.axes[0].containers}
    assert {title: look(each.lines[0]) for title, each in drawn.items()} == {
        title: (style.colour, style.marker, style.filled) for title, style in given.items()
    }
    bars = {title: each.lines[2] for title, each in drawn.items()}
    assert all(to_hex(bar.get_color()[0]).upper() == given[title].colour for title in bars for bar in bars[title])
    assert [bar.get_linestyle()[0][1] is None for bar in (*bars["a"], *bars["b"])] == [True, True, False, False]
    assert bars["improved a"][0].get_linewidth()[0] < bars["a"][0].get_linewidth()[0]


def test_courses_look_as_they_are_told():
    given = {"b": DASHED, "a": PLAIN, "c": OPEN}
    figure = plots.error_over_training(dict.fromkeys("acb", COURSE), given)
    for axes in figure.axes:
        drawn = {line.get_label(): line for line in axes.lines}
        assert {title: (*look(line), line.get_linestyle()) for title, line in drawn.items()} == {
            title: (style.colour, style.marker, style.filled, style.line) for title, style in given.items()
        }


@pytest.mark.parametrize("real", [None, {"mean": 0.3, "low": 0.2, "high": 0.4}])
def test_real_images_are_a_band_where_they_were_measured(real):
    figure = plots.error_and_diversity({"VAE": (POINT, POINT)}, real, looks("VAE"))
    figure.draw_without_rendering()
    (axes,) = figure.axes
    assert len(axes.patches) == len(axes.texts) == (real is not None)
    for words in axes.texts:  # where no point can be
        assert words.get_window_extent().x0 > axes.get_window_extent().x1


LONG = "WAE-MMD, loss.cost_weight=0.05, model.latent=64, step=4000"


@pytest.mark.parametrize("make", ["error_and_diversity", "error_over_training"])
@pytest.mark.parametrize(
    "titles",
    [
        ["VAE"],
        ["improved WAE-MMD", *"abcdef"],
        [LONG],
        [f"improved model {i}, {nets} nets" for nets in ("own", "same") for i in range(7)],
        [f"{LONG} {i}" for i in range(14)],
        list("abcdefghijklmnopqr"),
    ],
    ids=["one", "few", "long", "many", "many-long", "many-short"],
)
def test_titles_are_not_cut_and_leave_the_axes_their_room(make, titles):
    if make == "error_and_diversity":
        figure = plots.error_and_diversity(dict.fromkeys(titles, (POINT, POINT)), POINT, looks(*titles))
    else:
        figure = plots.error_over_training(dict.fromkeys(titles, COURSE), looks(*titles))
    figure.draw_without_rendering()
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == titles
    words = legend.get_window_extent()
    assert np.all(words.min >= figure.bbox.min)
    assert np.all(words.max <= figure.bbox.max)
    assert not any(words.overlaps(axes.get_tightbbox()) for axes in figure.axes)
    sides = np.sum([axes.get_window_extent().size for axes in figure.axes], axis=0) / figure.dpi
    assert sides[0] > 3.5
    assert sides[1] > 2.4 * len(figure.axes)
