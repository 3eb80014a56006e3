"""Measures are entries: add one, and everything that shows measurements shows it."""

import csv
import errno
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest

from genmodels import comparison, data
from genmodels.errors import UsageError
from genmodels.evaluation import measures, tables
from genmodels.evaluation.measures import Measure, Sizes, least, scratch
from genmodels.report import page
from genmodels.runs import renamed
from tests.support import tiny_comparison

PUBLISHED = Path(__file__).parents[2] / "results" / "slim64"
SINCE = ("samples sliced_wasserstein", "start ", "change ", "attributes auc", "manifold test_images largest_step")
TOY = Measure(
    "samples brightness",
    "brightness, toy",
    1,
    "real",
    lambda images: images.images.mean((1, 2, 3)),  # [N]
    real=least(test=2),
)


@pytest.fixture
def toy(monkeypatch):
    monkeypatch.setattr(measures, "MEASURES", [*measures.MEASURES, TOY])


@pytest.mark.usefixtures("toy")
def test_a_new_measure_is_one_entry(compared, image_folder, tmp_path):
    """In rows that were measured without it, on the terminal, in the CSV and on the page."""
    workdir = shutil.copytree(compared[0], tmp_path / "work")
    config = tiny_comparison.config(image_folder, methods=("vae",))
    runs = comparison.compare(config, workdir)  # evaluated again, as it lacked the measure
    rows = runs[0].report["rows"]
    test = data.build(runs[0].config).test
    assert rows["real"]["brightness"]["mean"] == pytest.approx(test.mean())
    own = rows["vae"]["samples"]["brightness"]
    assert own["n"] == 2 * tiny_comparison.BUDGET["pairs"]
    gap = rows["vae"]["samples"]["brightness_minus_real"]
    assert gap["mean"] == pytest.approx(own["mean"] - test.mean())
    (line,) = [line for line in tables.plain(rows).splitlines() if line.startswith("brightness, toy")]
    assert line.count(f"{own['mean']:.1f} [") == line.count(f"{test.mean():.1f} [") == 1
    made = page.write(tmp_path / "report", runs, config, "command").read_text()
    assert '<th scope="col">brightness, toy</th>' in made
    assert f"{own['mean']:.1f}<small>" in made
    with (tmp_path / "report" / "tables" / "measurements.csv").open() as file:
        found = {line["row"]: line for line in csv.DictReader(file) if line["measure"] == "brightness, toy"}
    assert float(found["vae"]["mean"]) == own["mean"]
    assert float(found["real"]["mean"]) == pytest.approx(test.mean())


def test_names_and_headings_are_of_one_measure_each():
    names = [measure.name for measure in measures.MEASURES]
    headings = [measure.heading for measure in measures.MEASURES if measure.heading]
    assert len(set(names)) == len(names)
    assert len(set(headings)) == len(headings)
    assert {measure.best for measure in measures.MEASURES} <= {"low", "high", "real", ""}
    assert {measure.table for measure in measures.MEASURES} == {"deck", "more", "improved", "speed"}


def test_what_real_images_have_is_of_samples():
    assert {measure.subject for measure in measures.MEASURES if measure.real} == {"samples"}


def test_shown_measures_of_tables_one_after_another():
    both = measures.shown("speed", "deck")
    assert both == measures.shown("speed") + measures.shown("deck")
    assert [measure.heading for measure in measures.shown("deck")] == [
        "RMSE train",
        "RMSE test",
        "lines to training set, mean RMSE",
        "lines to training set, nearest RMSE",
        "MS-SSIM",
        "MS-SSIM − real",
        "sliced Wasserstein distance",
    ]


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        (Sizes(9, 4, 2), ""),
        (Sizes(9, 3, 2), "it takes 4 test images, and there are 3"),
        (Sizes(9, 1, 2), "it takes 4 test images, and there is 1"),
        (Sizes(9, 4, 1), "it takes 2 latent dimensions, and there is 1"),
    ],
)
def test_what_is_lacking_is_said(sizes, said):
    assert least(test=4, latent=2)(sizes) == said


def test_images_that_are_made_are_kept_in_a_file_and_not_in_memory():
    batches = [np.full((3, 4, 4, 3), i, np.uint8) for i in range(3)] + [np.full((1, 4, 4, 3), 9, np.uint8)]
    made = scratch.stored(iter(batches))
    assert isinstance(made, np.memmap)
    np.testing.assert_array_equal(made, np.concatenate(batches))


def test_a_full_disk_for_them_is_said_plainly(monkeypatch):
    def full(**_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with pytest.raises(UsageError, match=r"No space left on device.*: set TMPDIR to a folder with room"):
        scratch.stored([np.zeros((1, 4, 4, 3), np.uint8)])


def test_results_of_before_there_were_entries_are_still_read():
    """The layout of rows in a report.json: a name is the path of keys to its value."""
    rows = renamed.current(json.loads((PUBLISHED / "report.json").read_text()))["rows"]
    for measure in measures.shown("deck", "more", "improved", "speed"):
        if measure.name.startswith(SINCE):
            continue
        row = rows["improved_wae_mmd" if measure.subject == "" else "vae"]
        assert tables.find(row, measure.name) is not None, measure.name
        assert (tables.find(rows["real"], measure.name) is not None) == (measure.real is not None)
