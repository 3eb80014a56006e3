import io
import json
import sys

import numpy as np
import pytest
from matplotlib.colors import to_hex
from PIL import Image

from genmodels.figures import plots, sheets
from genmodels.runs import logs


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def flat(*levels):
    """Images of 4x6 pixels, each of one level of grey."""
    return np.array(levels, np.uint8)[:, None, None, None] * np.ones((1, 4, 6, 3), np.uint8)


def drawn(figure):
    """The figure's pixels: saving it must neither warn nor need pyplot."""
    file = io.BytesIO()
    figure.savefig(file)
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB"))


def nothing_is_cut(figure):
    """All that is drawn, labels included, lies within the figure."""
    figure.draw_without_rendering()
    drawn_box = figure.get_tightbbox()  # inches
    return min(drawn_box.min) >= 0 and np.all(drawn_box.max <= figure.get_size_inches())


def test_a_grid_goes_row_by_row():
    sheet = sheets.image_grid(flat(10, 20, 30), columns=2)
    assert sheet.shape == (10, 14, 3)
    assert [sheet[0, 0, 0], sheet[0, 8, 0], sheet[6, 0, 0], sheet[6, 8, 0]] == [10, 20, 30, 255]


def test_a_reconstruction_is_right_of_its_original_and_pairs_stay_together():
    sheet = sheets.reconstruction_pairs(flat(10, 20, 30), flat(11, 21, 31), columns=2)
    assert sheet.shape == (4 + 8 + 4, 14 + 8 + 14, 3)
    assert [sheet[0, x, 0] for x in (0, 5, 6, 7, 8, 13)] == [10, 10, 255, 255, 11, 11]
    assert [sheet[0, x, 0] for x in (14, 21, 22, 30)] == [255, 255, 20, 21]
    assert [sheet[12, x, 0] for x in (0, 8, 22)] == [30, 31, 255]


def test_pairs_need_as_many_reconstructions_as_originals():
    with pytest.raises(ValueError, match="shorter"):
        sheets.reconstruction_pairs(flat(1, 2), flat(1), columns=2)


def test_interpolations_have_a_row_each():
    images = flat(10, 11, 12, 20, 21, 22).reshape(2, 3, 4, 6, 3)
    sheet = sheets.interpolation_rows(images)
    assert sheet.shape == (10, 22, 3)
    assert sheet[0, ::8, 0].tolist() == [10, 11, 12]
    assert sheet[6, ::8, 0].tolist() == [20, 21, 22]


@pytest.fixture
def clouds(rng):
    """Codes [N, 5] of the prior and of training and test images, and a plane."""
    plane = np.linalg.qr(rng.normal(size=(5, 2)))[0]
    return rng.normal(size=(30, 5)), 0.5 * rng.normal(size=(20, 5)) + 1, rng.normal(size=(10, 5)), plane


def test_points_are_the_projected_codes(clouds):
    *codes, plane = clouds
    figure = plots.prior_and_codes(*codes, plane)
    (axes,) = figure.axes
    assert len(axes.collections) == 3
    for found, expected in zip(axes.collections, codes, strict=True):
        np.testing.assert_allclose(found.get_offsets(), expected @ plane, rtol=1e-12)
    colours = [to_hex(found.get_facecolor()[0]) for found in axes.collections]
    assert len(set(colours)) == 3
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "$P_z$",
        "$Q_z$, training images",
        "$Q_z$, test images",
    ]
    assert [to_hex(handle.get_facecolor()[0]) for handle in legend.legend_handles] == colours


def test_an_inch_is_as_long_along_both_axes(clouds):
    figure = plots.prior_and_codes(*clouds)
    image = drawn(figure)
    (axes,) = figure.axes
    assert axes.get_aspect() == 1
    across, up = axes.transData.transform([[1, 0], [0, 1]]) - axes.transData.transform([[0, 0]])
    np.testing.assert_allclose([across, up], across[0] * np.eye(2), atol=1e-9)
    assert axes.get_xlabel() == "projection on $u_1$"
    assert axes.get_ylabel() == "projection on $u_2$"
    assert nothing_is_cut(figure)
    assert image.shape[:2] == (590, 550)
    left, right, low, high = *axes.get_xlim(), *axes.get_ylim()
    for found in axes.collections:
        x, y = np.transpose(found.get_offsets())
        assert left < x.min() < x.max() < right
        assert low < y.min() < y.max() < high


@pytest.mark.parametrize("count", [1, 3, 8, 11])
def test_a_query_is_above_its_neighbour_and_their_distance_below(count):
    queries, neighbours = flat(*range(count)), flat(*range(100, 100 + count))
    distances = np.arange(count) + 0.25
    figure = plots.nearest_neighbours(queries, neighbours, distances)
    panels = [axes for axes in figure.axes if axes.images]
    assert len(panels) == count
    for i, axes in enumerate(panels):
        shown = axes.images[0].get_array()
        np.testing.assert_array_equal(shown[:4], queries[i])
        np.testing.assert_array_equal(shown[6:], neighbours[i])
        assert axes.get_xlabel() == f"RMSE {distances[i]:.1f}"
    assert nothing_is_cut(figure)
    assert figure.get_supxlabel() == "RMSE on the 0-255 scale"
    for first in panels[::8]:
        assert [label.get_text() for label in first.get_yticklabels()] == ["query", "nearest\ntraining\nimage"]
        np.testing.assert_allclose(first.get_yticks(), [1.5, 7.5], atol=0.5)  # the middles of rows 0-3 and 6-9
    assert not any(axes.axison for axes in figure.axes if not axes.images)


@pytest.fixture
def lines():
    """Lines of a run with a warm-up, which has a different loss, and an occasional test error."""
    warmup = [{"step": step, "L_AE": 900.0 - step} for step in (100, 200)]
    game = [{"step": step, "L_AE": 500.0 - step, "L_E": 2e6 + step} for step in (300, 400, 500)]
    return [*warmup, *game, {"step": 500, "test/rmse": 30.5}]


def test_a_curve_for_each_name_over_the_same_steps(lines):
    figure = plots.loss_curves(lines, ["L_AE", "L_E", "test/rmse"])
    curves = [axes.lines[0].get_xydata().tolist() for axes in figure.axes]
    assert curves == [
        [[100, 800], [200, 700], [300, 200], [400, 100], [500, 0]],
        [[300, 2000300], [400, 2000400], [500, 2000500]],
        [[500, 30.5]],
    ]
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["L_AE", "L_E", "test/rmse"]
    assert [axes.get_xlabel() for axes in figure.axes] == ["", "", "step"]
    assert len({axes.get_xlim() for axes in figure.axes}) == 1
    assert nothing_is_cut(figure)
    blue = np.all(drawn(figure) == (0x00, 0x72, 0xB2), axis=-1)
    for axes in figure.axes:  # even where there is only one value
        box = axes.get_window_extent()
        rows = slice(len(blue) - int(box.y1), len(blue) - int(box.y0))
        assert blue[rows].any()


def test_a_step_is_a_whole_number():
    figure = plots.loss_curves([{"step": step, "loss": 1.0} for step in (1, 2, 3)], ["loss"])
    figure.draw_without_rendering()
    (axes,) = figure.axes
    seen = [label.get_text() for label in axes.get_xticklabels() if 1 <= label.get_position()[0] <= 3]
    assert seen == ["1", "2", "3"]


def test_curves_of_a_metrics_file(tmp_path, lines):
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    figure = plots.loss_curves(logs.read_metrics(tmp_path), ["L_AE"])
    assert figure.axes[0].lines[0].get_xdata().tolist() == [100, 200, 300, 400, 500]


def test_a_name_that_no_line_has(lines):
    with pytest.raises(ValueError, match="no line of the metrics has 'L_X'"):
        plots.loss_curves(lines, ["L_AE", "L_X"])


def test_no_figure_needs_pyplot(clouds, lines):
    drawn(plots.prior_and_codes(*clouds))
    drawn(plots.loss_curves(lines, ["L_AE"]))
    drawn(plots.nearest_neighbours(flat(1), flat(2), np.ones(1)))
    assert "matplotlib.pyplot" not in sys.modules
