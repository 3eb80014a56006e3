"""The bar chart of attributes."""

import numpy as np
import pytest

from genmodels.figures import bars


def test_a_colour_that_is_used_again_is_hatched():
    names = [f"model {i}" for i in range(len(bars.COLOURS) + 1)]
    figure = bars.grouped(["Hat"], {name: {"Hat": 0.9} for name in names}, {}, "AUC")
    looks = [(group[0].get_facecolor(), group[0].get_hatch()) for group in figure.axes[0].containers]
    assert len(set(looks)) == len(names)


def test_bars_reach_from_chance_to_their_values_and_marks_lie_on_theirs():
    own = {"VAE": {"Hat": 0.9, "Bald_Head": 0.7}, "WAE": {"Hat": 0.8}}
    figure = bars.grouped(["Hat", "Bald_Head"], own, {"4x4 pixels": {"Hat": 0.6, "Bald_Head": 0.55}}, "AUC")
    figure.draw_without_rendering()
    axes = figure.axes[0]
    ends = [[bar.get_x() + bar.get_width() for bar in group] for group in axes.containers]
    assert ends[0] == pytest.approx([0.9, 0.7])
    assert ends[1][0] == pytest.approx(0.8)
    assert np.isnan(ends[1][1])
    assert {bar.get_x() for group in axes.containers for bar in group} == {0.5}
    np.testing.assert_allclose(axes.collections[0].get_offsets()[:, 0], [0.6, 0.55])
    assert [text.get_text() for text in axes.get_yticklabels()] == ["Hat", "Bald Head"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["VAE", "WAE", "4x4 pixels"]
