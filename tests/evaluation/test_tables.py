"""Tables of measurements: what is found, what is marked as best."""

import pytest

from genmodels.evaluation import measures, tables
from genmodels.evaluation.measures import Measure

LOW, HIGH, REAL = (Measure("x", "x", 1, rule) for rule in ("low", "high", "real"))


def estimate(low: float, high: float) -> dict:
    return {"mean": (low + high) / 2, "low": low, "high": high, "n": 50}


@pytest.mark.parametrize(
    ("measure", "a", "b", "winner"),
    [
        (LOW, (1, 2), (3, 4), "a"),
        (LOW, (1, 3), (2, 4), None),  # the intervals meet
        (HIGH, (1, 2), (3, 4), "b"),
        (HIGH, (1, 3), (2, 4), None),
        (Measure("x", "x", 1), (1, 2), (3, 4), None),  # no better or worse
    ],
)
def test_the_best_is_better_by_more_than_the_intervals(measure, a, b, winner):
    rows = {"a": {"x": estimate(*a)}, "b": {"x": estimate(*b)}, "reference": {"x": estimate(-9, 9)}}
    assert tables.best(rows, measure, ["a", "b"]) == winner
    assert tables.best(rows, measure, ["a"]) is None  # the best of one says nothing


@pytest.mark.parametrize(
    ("a", "b", "winner"),
    [((0.01, 0.02), (0.05, 0.06), "a"), ((-0.06, -0.05), (0.01, 0.02), "b"), ((-0.06, 0.01), (0.02, 0.03), None)],
)
def test_diversity_is_best_where_it_is_nearest_to_real_images(a, b, winner):
    rows = {name: {"samples": {"x_minus_real": estimate(*x)}} for name, x in {"a": a, "b": b}.items()}
    assert tables.best(rows, REAL, ["a", "b"]) == winner


def test_table_has_the_measures_that_some_row_has_and_says_n():
    rows = {
        "real": {"title": "real images", "ms_ssim": estimate(0.2, 0.3)},
        "vae": {
            "title": "VAE",
            "reconstruction": {"test": {"rmse": estimate(20, 21)}},
            "samples": {"ms_ssim": estimate(0.3, 0.4) | {"n": 70}, "ms_ssim_minus_real": estimate(0.0, 0.2)},
        },
        "introvae": {"title": "IntroVAE", "reconstruction": {"test": {"rmse": estimate(22, 23)}}, "failures": ["x"]},
    }
    found = tables.table(rows, measures.shown("deck"), ["vae", "introvae"])
    assert found.headings == ["RMSE test", "MS-SSIM", "MS-SSIM − real"]
    lines = dict(found.lines)
    assert [cell.text for cell in lines["VAE"]] == ["20.50", "0.350", "0.100"]
    assert lines["VAE"][0].interval == "[20.00, 21.00]"
    assert [cell.best for cell in lines["VAE"]] == [True, False, False]
    assert [cell.text for cell in lines["IntroVAE"]] == ["22.50", "–", "–"]
    assert found.counts == "RMSE test 50; MS-SSIM 50 or 70; MS-SSIM − real 50"


def test_without_an_interval_nothing_is_the_best_and_the_value_stands_alone():
    rows = {"a": {"x": {"mean": 1.0, "n": 50}}, "b": {"x": estimate(3, 4)}}
    assert tables.best(rows, LOW, ["a", "b"]) is None
    (_, (cell,)), *_ = tables.table(rows, [LOW], ["a", "b"]).lines
    assert (cell.text, cell.interval, cell.n) == ("1.0", "", 50)


@pytest.mark.parametrize(
    ("value", "made"),
    [
        (estimate(1_234.0, 1_236.0), ("1,235.00", "[1,234.00, 1,236.00]", 50, False)),
        ({"mean": 1.25, "n": 1, "sets": 1}, ("1.25", "", 1, False)),  # of one set there is no interval
        (0.0, ("0.00", "", None, False)),
        (None, ("–", "", None, False)),
    ],
)
def test_a_cell_has_what_is_known_of_a_value(value, made):
    assert tables.cell(value, 2) == made
    assert tables.text(value, 2) == f"{made[0]} {made[1]}".strip()


def test_levels_are_those_that_a_row_has_finest_first():
    level = {"16": estimate(1, 2), "128": estimate(3, 4), "64": estimate(5, 6)}
    rows = {"mean": {}, "real": {"sliced_wasserstein_levels": level}, "vae": {"samples": {}}}
    found = tables.table(rows, tables.levels(rows), [])
    assert found.headings == ["128 px", "64 px", "16 px"]
    assert [[cell.text for cell in cells] for _, cells in found.lines] == [["–"] * 3, ["3.5", "5.5", "1.5"], ["–"] * 3]
    assert tables.levels({"mean": {}}) == []


def test_plain_table_for_a_terminal():
    rows = {"vae": {"ms_ssim": estimate(0.3, 0.4)}, "real": {"sharpness": estimate(1, 3)}}
    assert tables.plain(rows).splitlines() == [
        "                      vae                        real",
        "MS-SSIM               0.350 [0.300, 0.400] (50)  –",
        "sharpness of samples  –                          2.0000 [1.0000, 3.0000] (50)",
    ]
