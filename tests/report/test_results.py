"""The results' text: its numbers are a report's, its images the models' own."""

import json
import re
from pathlib import Path

import pytest

from genmodels.report import page, results
from tests.support import tiny_comparison
from tests.support.plain import assert_plain

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "results" / "slim64"


@pytest.fixture(scope="module")
def report(compared, image_folder, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("results") / "report"
    _, runs = compared
    page.write(
        folder, runs, tiny_comparison.config(image_folder), "python -m launch.compare --config=configs/compare.py"
    )
    return folder


def test_collects_numbers_and_generated_images(command, report, tmp_path):
    folder, out = tmp_path / "docs" / "kept", tmp_path / "README.md"
    code, said, _ = command("results", f"--report={report}", f"--folder={folder}", f"--out={out}")
    assert (code, said) == (0, f"results: {out}\n")
    text = out.read_text()
    shown = re.findall(r"!\[[^]]+\]\(([^)]+)\)", text)
    expected = {f"{name}.png" for name in (*results.OF_EACH, *results.OF_ALL[:2])} - {"attributes_samples.png"}
    assert {Path(path).name for path in shown} == expected  # nothing is known of these images
    assert all((tmp_path / path).is_file() for path in shown)
    assert {str(path.relative_to(tmp_path)) for path in folder.rglob("*.png")} == set(shown)  # nothing else is copied
    assert "| VAE |" in text
    assert text.startswith("# Results\n")
    assert not re.search(r"\n{3}", text)


def test_other_numbers_make_another_text_and_old_images_go(report, tmp_path):
    folder = tmp_path / "kept"
    results.collect(report, [], folder)
    made = json.loads((folder / "report.json").read_text())
    before = results.render(folder, tmp_path)
    made["rows"]["vae"]["reconstruction"]["test"]["rmse"] |= {"mean": 1.25, "low": 1.0, "high": 1.5}
    (folder / "report.json").write_text(json.dumps(made))
    assert "| 1.25 [1.00, 1.50] |" in results.render(folder, tmp_path).replace("**", "")
    (folder / "old-0").mkdir()
    (folder / "old-0" / "samples.png").touch()
    results.collect(report, [], folder)
    assert not (folder / "old-0" / "samples.png").exists()
    assert results.render(folder, tmp_path) == before


def test_plans_become_a_table(report, tmp_path):
    plan = {
        "method": "introvae",
        "image_size": 128,
        "dtype": "bfloat16",
        "batch_size": 64,
        "steps": 200_000,
        "topology": "v5e:2x4",
        "utilisation": 0.4,
        "chips": 8,
        "available": 16 * 2**30,
        "memory": 3 * 2**30,
        "phases": {"VAE warm-up": {"flops": 1e11}, "game": {"flops": 5e11}},
        "epoch_seconds": 90.0,
        "training_seconds": 7_200.0,
    }
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    results.collect(report, [tmp_path / "plan.json"], tmp_path / "kept")
    line = "| IntroVAE, 128 px, bfloat16 | v5e:2x4 | 64 | 3.00 of 16 GiB | 40 % | 1.5 min | 200,000: 2.0 h | 16 |"
    assert f"{line} 800 | 2.2 h |" in results.render(tmp_path / "kept", tmp_path)


def test_a_text_written_by_hand_comes_first_and_is_kept(report, tmp_path):
    folder = tmp_path / "kept"
    results.collect(report, [], folder)
    (folder / results.READING).write_text("IntroVAE's samples are sharp.\n")
    results.collect(report, [], folder)
    text = results.render(folder, tmp_path)
    assert text.index("## What was trained") > text.index("\n\nIntroVAE's samples are sharp.\n\n") > 0


def test_a_folder_elsewhere_and_a_plan_that_is_none(command, report, tmp_path):
    kept = f"--folder={tmp_path / 'kept'}"
    outcome = command("results", f"--report={report}", kept, f"--out={tmp_path / 'other' / 'RESULTS.md'}")
    assert_plain(outcome, "must be in the folder of --out")
    assert not (tmp_path / "kept").exists()
    given = [f"--report={report}", kept, f"--out={tmp_path / 'RESULTS.md'}"]
    assert_plain(command("results", *given, "--plans=/nowhere.json"), "/nowhere.json is not a file")


def test_a_method_that_failed_keeps_its_line(report, tmp_path):
    results.collect(report, [], tmp_path / "kept")
    made = json.loads((tmp_path / "kept" / "report.json").read_text())
    made["rows"]["vae"] = {"title": "VAE", "runs": 1, "failures": ["seed 0: out of memory"]}
    (tmp_path / "kept" / "report.json").write_text(json.dumps(made))
    text = results.render(tmp_path / "kept", tmp_path)
    assert re.search(r"\| VAE \| [\d-]+ \| \d+ \| – \| – x \d+ \| failed \|", text)
    assert "VAE failed in 1 of its runs: seed 0: out of memory" in text


def numbers(tree) -> list[float]:
    """All numbers of a JSON tree."""
    if isinstance(tree, dict):
        return [number for value in tree.values() for number in numbers(value)]
    if isinstance(tree, list):
        return [number for value in tree for number in numbers(value)]
    return [tree] if isinstance(tree, (int, float)) and not isinstance(tree, bool) else []


def test_the_published_text_is_what_its_report_says():
    text = (ROOT / "results" / "README.md").read_text()
    assert text == results.render(PUBLISHED, ROOT / "results")
    assert not re.search("real picture|mean picture", text)  # titles of an earlier revision
    known = numbers(json.loads((PUBLISHED / "report.json").read_text()))
    lines = [*text.splitlines(), *(ROOT / "README.md").read_text().partition("## Results")[2].splitlines()]
    reading = PUBLISHED / results.READING
    if reading.exists():  # what is written by hand has only numbers that are written by rules as well
        told, rest = reading.read_text(), text.replace(reading.read_text().strip(), "")
        assert set(re.findall(r"[\d.]*\.\d+", told)) <= set(re.findall(r"[\d.]*\.\d+", rest))
    # Not the lines of plans, "| VAE, 128 px, ...", whose hours and GiB are computed from a plan's seconds and bytes.
    names = r"\| (VAE|WAE|IntroVAE|improved|PCA|real|mean)(?!.*\d px)"
    measured = [line for line in lines if re.match(names, line)]
    found = set(re.findall(r"(?<![\d.,-])-?\d+\.\d+", " ".join(line for line in measured if "](" not in line)))
    assert len(found) > 100
    for number in found:
        digits = len(number.split(".")[1])
        assert any(f"{value:.{digits}f}" == number for value in known), number


def test_what_cannot_be_collected(command, report, tmp_path):
    kept, out = f"--folder={tmp_path / 'kept'}", f"--out={tmp_path / 'README.md'}"
    results.collect(report, [], tmp_path / "kept")
    before = sorted((tmp_path / "kept").rglob("*.png"))
    assert_plain(
        command("results", f"--report={tmp_path / 'kept'}", kept, out), "is --folder itself: leave --report out"
    )
    assert sorted((tmp_path / "kept").rglob("*.png")) == before  # it has not deleted its own images
    outside = command("results", f"--report={report.parent}", kept, out)
    assert_plain(outside, f"has no report.json: give {report}")
    assert_plain(command("results", "--plans=a.json", kept, out), "give --report as well")
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "plan.json").write_text('{"chips": 8}')
    plans = f"--plans={tmp_path / 'a' / 'plan.json'},{tmp_path / 'b' / 'plan.json'}"
    assert_plain(command("results", f"--report={report}", plans, kept, out), "two files named plan.json")
    for text, words in (("{", "cannot be read"), ('{"rows": {}}', "is not a report of launch.compare")):
        (tmp_path / "kept" / "report.json").write_text(text)
        assert_plain(command("results", kept, out), words)
    assert_plain(command("results", f"--report={report}", kept, "--out=/dev/null/x.md"), "/dev/null/x.md cannot be")


def test_intervals_are_over_seeds_only_where_a_row_has_several(report, tmp_path):
    results.collect(report, [], tmp_path / "kept")
    made = json.loads((tmp_path / "kept" / "report.json").read_text())
    made["rows"] |= {"wae_gan": made["rows"]["wae_mmd"] | {"title": "WAE-GAN"}}  # one claim at least
    made["configs"]["vae, seed 0"]["seed"] = 7  # of another setting
    (tmp_path / "kept" / "report.json").write_text(json.dumps(made))
    assert "of one run of each method" in results.render(tmp_path / "kept", tmp_path)
    made["rows"]["vae"]["runs"] = 2
    (tmp_path / "kept" / "report.json").write_text(json.dumps(made))
    assert "The intervals cover images and pairs and seeds." in results.render(tmp_path / "kept", tmp_path)
