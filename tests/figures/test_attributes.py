"""Images along attribute vectors."""

import types

import jax.numpy as jnp
import numpy as np

from genmodels.figures import attributes
from genmodels.sampling.attributes import Vectors


def test_columns_are_amounts_and_rows_are_codes():
    def decode(z):  # a code of one number is a grey level
        return jnp.broadcast_to(z[:, :, None, None] / 255, (len(z), 2, 2, 3)) if z.shape[1] == 1 else None

    vectors = Vectors(("Smiling", "Hat_On"), np.array([[10.0], [1.0]], np.float32), np.array([0.7, 0.9]))
    figure = attributes.along(types.SimpleNamespace(decode=decode), vectors, np.array([[100.0], [200.0]]))
    figure.draw_without_rendering()
    assert [each.get_title() for each in figure.axes] == ["Hat On", "Smiling"]  # best probed first
    box = figure.get_tightbbox()  # inches
    assert min(box.min) >= 0  # nothing is cut
    assert np.all(box.max <= figure.get_size_inches())
    sheet = figure.axes[1].images[0].get_array()
    step = 2 + attributes.GAP
    levels = [[int(sheet[r * step, c * step, 0]) for c in range(5)] for r in range(2)]
    assert levels == [[80, 90, 100, 110, 120], [180, 190, 200, 210, 220]]
    assert [tick.get_text() for tick in figure.axes[0].get_xticklabels()] == ["-2", "-1", "0", "+1", "+2"]


def test_titles_and_amounts_of_a_whole_figure_neither_overlap_nor_are_cut():
    sheets = [np.zeros((131, 164, 3), np.uint8)] * 6
    figure = attributes.panels(sheets, [f"attribute {i}" for i in range(6)], attributes.AMOUNTS)
    figure.draw_without_rendering()
    box = figure.get_tightbbox()
    assert min(box.min) >= 0
    assert np.all(box.max <= figure.get_size_inches())
    above, below = figure.axes[0], figure.axes[3]
    assert below.title.get_window_extent().y1 < min(tick.get_window_extent().y0 for tick in above.get_xticklabels())
