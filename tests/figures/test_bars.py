"""The bar chart of attributes."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from genmodels.figures import bars, styles


def styled(*titles: str) -> dict[str, styles.Style]:
    return styles.assign({title: title for title in titles})


def test_bars_have_the_colour_and_the_hatch_of_their_series():
    looks = styled(*(f"model {i}" for i in range(len(styles.COLOURS) + 1)))
    shown = list(looks)[1:]  # the others look as they do beside the first
    figure = bars.grouped(["Hat"], {name: {"Hat": 0.9} for name in shown}, {}, "AUC", looks)
    drawn = [(to_hex(group[0].get_facecolor()), group[0].get_hatch() or "") for group in figure.axes[0].containers]
    assert drawn == [(looks[name].colour.lower(), looks[name].hatch) for name in shown]
    assert drawn[-1][1]


@pytest.mark.parametrize("end", ["", ", loss.cost_weight=0.05, model.latent=64"])
@pytest.mark.parametrize("count", [1, 5, 14])
def test_titles_are_not_cut_and_leave_each_bar_its_height(count, end):
    titles = [f"model {i}{end}" for i in range(count)]
    figure = bars.grouped(["Hat", "Bald"], {title: {"Hat": 0.9} for title in titles}, {}, "AUC", styled(*titles))
    figure.draw_without_rendering()
    words = figure.legends[0].get_window_extent()
    assert figure.bbox.x0 <= words.x0 < words.x1 <= figure.bbox.x1
    assert figure.axes[0].get_tightbbox().y1 <= words.y0 < words.y1 <= figure.bbox.y1
    height = figure.axes[0].containers[0][0].get_window_extent().height / figure.dpi
    assert height == pytest.approx(bars.BAR, rel=0.35)


def test_bars_reach_from_chance_to_their_values_and_marks_lie_on_theirs():
    own = {"VAE": {"Hat": 0.9, "Bald_Head": 0.7}, "WAE": {"Hat": 0.8}}
    beside = {"4x4 pixels": {"Hat": 0.6, "Bald_Head": 0.55}}
    figure = bars.grouped(["Hat", "Bald_Head"], own, beside, "AUC", styled(*own))
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
