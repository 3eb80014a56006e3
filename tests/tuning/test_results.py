"""The table, the figures and the summary of a study, from made-up results."""

import csv
import itertools
import shlex

import numpy as np
import pytest
from matplotlib import image
from matplotlib.transforms import Bbox

from genmodels.errors import UsageError
from genmodels.tuning import figures, results
from genmodels.tuning.results import Result

COMMAND = "python -m launch.train --config=configs/wae_mmd.py:demo"


def estimate(mean: float) -> dict:
    return {"mean": mean, "low": mean - 1, "high": mean + 1, "n": 4}


def measured(number: int, chosen: dict, rmse: float = 30.0, best: bool = False) -> Result:
    return Result(number, chosen, f"run-{number}", estimate(rmse), estimate(0.5), 0.1, 0.4, best)


KERNELS = [  # two fields, one of them text, with every way to end
    measured(0, {"loss.kernel": "imq", "model.remat": True}, best=True),
    measured(1, {"loss.kernel": "rbf", "model.remat": True}, 40.0),
    Result(2, {"loss.kernel": "imq", "model.remat": False}, "run-2", collapsed="step 9: KL"),
    Result(3, {"loss.kernel": "rbf", "model.remat": False}, "run-3", failed="out of memory"),
]


@pytest.fixture
def drawn(monkeypatch):
    """Samples without a model."""
    monkeypatch.setattr(figures, "_samples", lambda folder: [[[0, 128, 255]]])


def test_table_has_every_way_to_end(tmp_path):
    results.write(tmp_path, KERNELS)
    with (tmp_path / "results.csv").open() as file:
        table = list(csv.DictReader(file))
    assert [line["given up"] for line in table] == ["", "", "collapsed: step 9: KL", "failed: out of memory"]
    assert [line["loss.kernel"] for line in table] == ["imq", "rbf", "imq", "rbf"]
    assert table[1]["test RMSE"] == "40.0"


@pytest.mark.parametrize(
    ("found", "names"),
    [
        (KERNELS, {"cells", "front", "heat"}),
        (KERNELS[2:], {"cells", "front"}),  # no values to draw
        ([measured(i, {"a": i / 7, "b": (i * 5 % 9) / 3}) for i in range(9)], {"cells", "front"}),  # of a search
        ([measured(i, {"loss.kernel": "imq"[i:]}) for i in range(2)], {"cells", "front"}),
        ([measured(i, {"a": 1.5, "b": "x", "c": bool(i)}) for i in range(2)], {"cells", "front"}),
    ],
)
def test_figures(drawn, tmp_path, found, names):
    (tmp_path / "heat.png").touch()  # of an earlier command
    figures.write(tmp_path, found)
    assert {path.stem for path in tmp_path.glob("*.png")} == names
    for path in tmp_path.glob("*.png"):
        assert min(image.imread(path).shape[:2]) > 150


@pytest.mark.parametrize("count", [1, 2, 8])
def test_the_cells_say_by_which_rule_one_is_framed(drawn, tmp_path, count):
    found = [measured(i, {"loss.beta": float(i)}, best=i == 0) for i in range(count)]
    figure = figures.cells(found, tmp_path)
    assert figure.get_supxlabel().replace("\n", " ").replace("\N{NO-BREAK SPACE}", " ") == (
        "test RMSE / MS-SSIM framed: the lowest sum of two ranks, by test RMSE and by closeness of MS-SSIM to that of "
        "real images (0.400)"
    )


@pytest.mark.parametrize("fields", [1, 3])
@pytest.mark.parametrize("count", [1, 2, 8])
def test_no_words_of_the_cells_are_cut_or_covered(monkeypatch, tmp_path, count, fields):
    monkeypatch.setattr(figures, "_samples", lambda folder: np.zeros((68, 68, 3), np.uint8))
    found = [measured(i, dict.fromkeys("abc"[:fields], i / 7), best=i == 0) for i in range(count)]
    figure = figures.cells(found, tmp_path)
    figure.draw_without_rendering()
    cells = [axes.get_tightbbox() for axes in figure.axes if axes.images]
    drawn = [*cells, figure._supxlabel.get_window_extent()]
    assert not any(a.overlaps(b) for a, b in itertools.combinations(drawn, 2))
    whole = Bbox.union(drawn)
    assert min(whole.min) >= 0
    assert np.all(whole.max <= figure.bbox.max)


def test_cells_are_of_one_size_with_samples_and_without(drawn, tmp_path):
    figure = figures.cells(KERNELS, tmp_path)
    figure.draw_without_rendering()
    first, *others = [axes.get_window_extent().size for axes in figure.axes]
    assert all(np.allclose(first, other) for other in others)


def test_rows_of_cells_are_near_each_other(drawn, tmp_path):
    figure = figures.cells([measured(i, {"a": 0.1, "b": i / 7, "c": 2}) for i in range(8)], tmp_path)
    figure.draw_without_rendering()
    above, below = figure.axes[0], figure.axes[6]
    assert 0 < (above.get_tightbbox().y0 - below.get_tightbbox().y1) / figure.dpi < 0.2  # inches


def test_where_nothing_is_framed_no_rule_is_told(drawn, tmp_path):
    assert figures.cells(KERNELS[2:], tmp_path).get_supxlabel() == "test RMSE / MS-SSIM"


def test_the_cells_of_a_search_are_no_larger_than_its_trials(drawn, tmp_path):
    found = [measured(i, {"a": i / 7, "b": i / 3}) for i in range(20)]
    assert len(figures.cells(found, tmp_path).axes) <= 24


def test_the_summary_repeats_what_the_user_has_set_and_sets_the_best_values():
    given = {"train.steps": "100", "model.channels": "(4, 4)", "loss.kernel": "rbf", "data.dir": "/my images"}
    first, command = results.summary(KERNELS, COMMAND, given).splitlines()
    assert first.startswith("best of 4 (1 collapsed, 1 failed): test RMSE 30.00, MS-SSIM 0.500")
    assert shlex.split(command) == [
        *COMMAND.split(),
        "--config.train.steps=100",
        "--config.model.channels=(4, 4)",
        "--config.loss.kernel=imq",
        "--config.data.dir=/my images",
        "--config.model.remat=True",
    ]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            KERNELS[3:],
            "measured (1 failed): out of memory.\nTo try a trial again, delete its run-*/failed.txt in",
        ),
        (
            KERNELS[2:3],
            "measured (1 collapsed): step 9: KL.\nTo try a trial again, delete its run-*/collapsed.txt",
        ),
        (KERNELS[2:], "(1 collapsed, 1 failed): step 9: KL, and others, see results.csv.\nTo try"),
    ],
)
def test_nothing_measured_is_an_error_that_says_why(found, words):
    with pytest.raises(UsageError) as error:
        results.summary(found, COMMAND, {})
    assert words in str(error.value)
    assert "margin" not in str(error.value)
