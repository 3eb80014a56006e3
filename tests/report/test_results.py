"""A published comparison: its numbers are a report's, its images the models' own."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genmodels.data import celeb_a_files
from genmodels.report import page, results
from tests.support import tiny_comparison
from tests.support.measured import assert_measured
from tests.support.plain import assert_plain

RESULTS = Path(__file__).parents[2] / "results"


@pytest.fixture(scope="module")
def report(compared, image_folder, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("results") / "report"
    _, runs = compared
    page.write(
        folder, runs, tiny_comparison.config(image_folder), "python -m launch.compare --config=configs/compare.py"
    )
    return folder


@pytest.fixture
def kept(report, tmp_path) -> Path:
    """The folder of a comparison that was collected."""
    results.collect(report, tmp_path, "kept")
    return tmp_path / "kept"


def test_collects_numbers_and_generated_images(command, report, tmp_path):
    code, said, _ = command("results", f"--report={report}", f"--results={tmp_path}")
    folder = tmp_path / "demo"
    assert (code, said) == (0, f"results: {folder / 'README.md'}\nresults: {tmp_path / 'README.md'}\n")
    text = (folder / "README.md").read_text()
    shown = re.findall(r"!\[[^]]+\]\(([^)]+)\)", text)
    expected = {"prior_and_codes.png", *(f"{name}.png" for name in results.OF_ALL[:2])}
    expected |= {f"{name}.jpg" for name in results.SHEETS} - {"attributes_samples.jpg"}  # nothing is known of these
    assert {Path(path).name for path in shown} == expected
    assert all((folder / path).is_file() for path in shown)
    assert images_in(folder) == set(shown)  # nothing else is copied
    assert "| VAE |" in text
    assert text.startswith("# Results: demo\n")
    assert not re.search(r"\n{3}", text)


def images_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.suffix in results.ENDINGS}


def test_sheets_stay_what_they_were(report, kept):
    for place in ("vae-0/samples", "wae-mmd-0/improved"):
        with Image.open(report / "figures" / f"{place}.png") as before, Image.open(kept / f"{place}.jpg") as after:
            difference = np.subtract(before.convert("RGB"), after, dtype=np.float32)
        assert np.abs(difference).mean() < 2  # grey levels of 256


def test_other_numbers_make_another_text_and_old_images_go(report, kept):
    made = json.loads((kept / "report.json").read_text())
    before = results.render(kept)
    made["rows"]["vae"]["reconstruction"]["test"]["rmse"] |= {"mean": 1.25, "low": 1.0, "high": 1.5}
    (kept / "report.json").write_text(json.dumps(made))
    assert "| 1.25 [1.00, 1.50] |" in results.render(kept).replace("**", "")
    (kept / "old-0").mkdir()
    (kept / "old-0" / "samples.png").touch()
    (kept / "old-0" / "samples.jpg").touch()
    results.collect(report, kept.parent, "kept")
    assert not list((kept / "old-0").iterdir())
    assert results.render(kept) == before


def test_a_method_that_failed_keeps_its_line(kept):
    made = json.loads((kept / "report.json").read_text())
    made["rows"]["vae"] = {"title": "VAE", "runs": 1, "failures": ["seed 0: out of memory"]}
    (kept / "report.json").write_text(json.dumps(made))
    text = results.render(kept)
    assert re.search(r"\| VAE \| [\d-]+ \| \d+ \| – \| – x \d+ \| – \| [\d.]+.*? \| failed \|", text)
    assert "VAE failed in 1 of its runs: seed 0: out of memory" in text


def test_of_seeds_the_first_that_was_trained_is_shown(report):
    made = json.loads((report / "report.json").read_text())
    failed = {"name": "vae, seed 9", "row": "vae", "figures": "vae-9", "failure": "out of memory"}
    made["configs"]["vae, seed 9"] = made["configs"]["vae, seed 0"]
    made["runs"] = [failed, *made["runs"]]
    assert [run["folder"] for run in results.first_runs(made)] == ["vae-0", "wae-mmd-0"]
    made["runs"] = [failed, failed | {"name": "vae, seed 0", "failure": "diverged"}]
    assert [run["folder"] for run in results.first_runs(made)] == ["vae-9"]


def test_a_report_of_an_earlier_revision_names_no_kernel(kept):
    made = json.loads((kept / "report.json").read_text())
    made["provenance"]["machine"] = "Linux-6.18.44-fc-v509-x86_64-with-glibc2.36"
    (kept / "report.json").write_text(json.dumps(made))
    assert f"- Machine: {made['provenance']['device']}, Linux x86_64, Python 3" in results.render(kept)


def test_the_images_of_published_comparisons_are_listed_as_celeba_lists_its_own():
    partition = celeb_a_files.read_partition(RESULTS / "list_eval_partition.txt")
    counts = {part: list(partition.values()).count(part) for part in ("train", "test")}
    for path in RESULTS.glob("*/report.json"):
        data = json.loads(path.read_text())["data"]
        assert f"({counts['train']:,} of 162,770 train, {counts['test']:,} of 19,962 test)" in data


@pytest.mark.parametrize("folder", sorted(path.parent for path in RESULTS.glob("*/report.json")), ids=lambda p: p.name)
def test_a_published_text_is_what_its_report_says(folder):
    text = (folder / "README.md").read_text()
    assert text == results.render(folder)
    assert not re.search("real picture|mean picture", text)  # titles of an earlier revision
    assert_measured(text, [folder])


def test_what_cannot_be_collected(command, report, kept):
    base = f"--results={kept.parent}"
    before = images_in(kept)
    assert_plain(command("results", f"--report={kept}", "--name=kept", base), "itself: leave --report out")
    assert images_in(kept) == before  # it has not deleted its own images
    outside = command("results", f"--report={report.parent}", base)
    assert_plain(outside, f"has no report.json: give {report}")
    for text, words in (("{", "cannot be read"), ('{"rows": {}}', "is not a report of launch.compare")):
        (kept / "report.json").write_text(text)
        assert_plain(command("results", base), words)
    assert_plain(command("results", f"--report={report}", "--results=/dev/null"), "/dev/null is no folder")


def test_intervals_are_over_seeds_only_where_a_row_has_several(kept):
    made = json.loads((kept / "report.json").read_text())
    made["rows"] |= {"wae_gan": made["rows"]["wae_mmd"] | {"title": "WAE-GAN"}}  # one claim at least
    made["configs"]["vae, seed 0"]["seed"] = 7  # of another setting
    (kept / "report.json").write_text(json.dumps(made))
    assert "of one run of each method" in results.render(kept)
    made["rows"]["vae"]["runs"] = 2
    (kept / "report.json").write_text(json.dumps(made))
    assert "The intervals cover images and pairs and seeds." in results.render(kept)
