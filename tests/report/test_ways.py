"""Ways to draw codes as the report shows them."""

import csv
import html
import json

import pytest

from genmodels.evaluation import tables
from genmodels.report import conclusions, page, templating, ways
from tests.support import tiny_comparison


def values(distance: float, gap: float, ratio: float | None = 1.0) -> dict:
    estimate = {"mean": gap, "low": gap - 0.01, "high": gap + 0.01, "n": 500}
    found = {
        "sliced_wasserstein": {"mean": distance, "n": 1_000},
        "sliced_wasserstein_levels": {"32": 2 * distance, "16": 0.0},
        "ms_ssim_minus_real": estimate,
    }
    return found if ratio is None else found | {"nearest_over_real": ratio}


@pytest.fixture
def rows():
    def draws(**each):
        return {"draws": {"n": 1_000, "components": 10, "ways": each}}

    return {
        "real": {"title": "real images", "draws": {"n": 1_000, "sliced_wasserstein": {"mean": 10.04, "n": 1_000}}},
        "wae_mmd": {"title": "WAE-MMD"}
        | draws(
            prior=values(65.0, 0.023),
            improved=values(70.0, 0.1),
            gaussian=values(50.8, 0.045),
            mixture=values(47.0, 0.052, 0.71),
        ),
        "improved_wae_mmd": {"title": "improved WAE-MMD"},
        "vae": {"title": "VAE"} | draws(prior=values(30.0, 0.01, 0.7), gaussian=values(31.0, 0.02, None)),
    }


def test_methods_are_lines_and_ways_are_columns(rows):
    made = ways.table(rows)
    assert made.headings == ["prior", "improved sampling", "Gaussian", "mixture of 10"]
    (wae, cells), (vae, others) = made.lines
    assert (wae, vae) == ("WAE-MMD", "VAE")
    assert [cell.text for cell in cells] == ["65.0;", "70.0;", "50.8;", "47.0;"]
    assert cells[3].interval == "0.052 [0.042, 0.062]; 0.71"
    assert [cell.text for cell in others] == ["30.0;", tables.DASH, "31.0;", tables.DASH]
    assert others[2].interval == "0.020 [0.010, 0.030]; –"
    assert not any(cell.best for line in (cells, others) for cell in line)  # of one run
    assert "Bold" not in made.note
    assert made.counts == "1,000"
    assert made.note.endswith("training images in the samples' place have 10.0.")
    text = templating.table(made, "md")
    assert "| WAE-MMD | 65.0; 0.023 [0.013, 0.033]; 1.00 |" in text
    assert "n: 1,000. Sliced Wasserstein distance" in text
    assert "better than every other model" not in text


def test_where_there_is_nothing_there_is_no_table():
    assert ways.table({"vae": {"title": "VAE"}, "real": {}}) is None
    assert ways.plain({}, {}) == ""


def test_sentences(rows):
    compared = {name: row for name, row in rows.items() if name != "real"}
    assert list(ways.sentences(rows, compared, 0.8)) == [
        "Best way to draw codes of WAE-MMD in one run, by sliced Wasserstein distance to 1,000 test images: mixture of "
        "10, 47.0 against 65.0 of the prior; training images have 10.0.",
        "No way to draw codes of VAE is better than the prior: 30.0 by sliced Wasserstein distance to 1,000 test "
        "images; training images have 10.0.",
        "More than a fifth closer to training images than held-out images are samples of: WAE-MMD, mixture of 10 "
        "(0.71).",
    ]
    assert set(ways.sentences(rows, compared, 0.8)) <= set(conclusions.draw(rows, []))


@pytest.mark.parametrize(
    ("distance", "start"),
    [(28.1, "No way to draw codes of VAE is clearly better than the prior in one run, by sliced"), (27.9, "Best way")],
)
def test_a_difference_in_one_run_must_be_one_that_matters(rows, distance, start):
    rows["vae"]["draws"]["ways"]["gaussian"]["sliced_wasserstein"]["mean"] = distance
    assert next(ways.sentences(rows, {"vae": rows["vae"]}, 0.8)).startswith(start)


def test_the_best_way_over_seeds_is_one_that_is_apart_from_the_prior(rows):
    """The mixture has the least mean, and an interval that includes the prior's; the Gaussian has not."""
    draws = rows["wae_mmd"]["draws"]["ways"]
    for way, half in {"prior": 2.0, "improved": 2.0, "gaussian": 3.0, "mixture": 20.0}.items():
        mean = draws[way]["sliced_wasserstein"]["mean"]
        draws[way]["sliced_wasserstein"] |= {"low": mean - half, "high": mean + half}
    assert [cell.best for cell in ways.table(rows).lines[0][1]] == [0, 0, 1, 0]
    said = next(ways.sentences(rows, {"wae_mmd": rows["wae_mmd"]}, 0.8))
    assert said.startswith("Best way to draw codes of WAE-MMD over these seeds, by ")
    assert ": Gaussian, 50.8 [47.8, 53.8] against 65.0 [63.0, 67.0] of the prior" in said


@pytest.mark.parametrize(("half", "better"), [(8.0, True), (10.0, False)])
def test_over_seeds_a_way_is_better_only_if_it_is_apart_from_the_prior(rows, half, better):
    for values in rows["wae_mmd"]["draws"]["ways"].values():
        mean = values["sliced_wasserstein"]["mean"]
        values["sliced_wasserstein"] |= {"low": mean - half, "high": mean + half}
    made = ways.table(rows)
    assert [cell.best for cell in made.lines[0][1]] == [0, 0, 0, better]
    assert made.lines[0][1][3].interval == f"[{47 - half:.1f}, {47 + half:.1f}]; 0.052 [0.042, 0.062]; 0.71"
    assert "has no interval" not in made.note
    said = next(ways.sentences(rows, {"wae_mmd": rows["wae_mmd"]}, 0.8))
    words = "Best way to draw codes of {}" if better else "No way to draw codes of {} is clearly better than the prior"
    start = f"{words.format('WAE-MMD')} over these seeds"
    assert said.startswith(start)
    assert f"mixture of 10, 47.0 [{47 - half:.1f}, {47 + half:.1f}] against 65.0 [" in said


def test_lines_of_the_csv(rows):
    found = list(ways.lines(rows))
    assert ("wae_mmd", "mixture of 10, sliced Wasserstein mean", 47.0, "", "", 1_000) in found
    assert ("wae_mmd", "mixture of 10, sliced Wasserstein 32", 94.0, "", "", 1_000) in found
    assert ("vae", "Gaussian, MS-SSIM − real", 0.02, 0.01, 0.03, 500) in found
    assert len(found) == 6 * 4 + 5  # three distances and MS-SSIM of each, and all but one ratio


def test_the_page_of_a_comparison(compared, image_folder, tmp_path):
    made = page.write(tmp_path, compared[1], tiny_comparison.config(image_folder), "command")
    text = html.unescape(made.read_text())
    rows = json.loads((tmp_path / "report.json").read_text())["rows"]
    distance = rows["wae_mmd"]["draws"]["ways"]["mixture"]["sliced_wasserstein"]["mean"]
    section = text.partition("<h3>How to draw codes</h3>")[2].partition("<h3>")[0]
    assert f"{distance:.1f}" in section
    assert '<th scope="col">mixture of 1</th>' in section
    assert section.count("<figure") == 2 * 2  # of each run, for each density
    with (tmp_path / "tables" / "measurements.csv").open() as file:
        lines = {(line["row"], line["measure"]): line for line in csv.DictReader(file)}
    assert float(lines["wae_mmd", "mixture of 1, sliced Wasserstein mean"]["mean"]) == distance
    assert "mixture of 1" in (tmp_path / "tables" / "draws.md").read_text()
    assert "mixture of 1" in (tmp_path / "tables" / "draws.tex").read_text()
