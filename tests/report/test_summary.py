"""The text on all published comparisons: what it takes from each, plans, and what is written by hand."""

import json
import re
from pathlib import Path

import pytest

from genmodels.report import page, results, summary
from tests.support import tiny_comparison
from tests.support.measured import assert_measured
from tests.support.plain import assert_plain

ROOT = Path(__file__).parents[2]
PLAN = {
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


@pytest.fixture(scope="module")
def report(compared, image_folder, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("summary") / "report"
    _, runs = compared
    page.write(folder, runs, tiny_comparison.config(image_folder), "python -m launch.compare --config=configs/x.py")
    return folder


@pytest.fixture
def base(report, tmp_path) -> Path:
    """A folder with one comparison."""
    results.collect(report, tmp_path)
    return tmp_path


def text(base: Path) -> str:
    summary.write(base)
    return (base / "README.md").read_text()


def test_comparisons_come_by_size_with_their_own_verdicts(base, report):
    results.collect(report, base, "larger")
    made = json.loads((base / "larger" / "report.json").read_text())
    for config in made["configs"].values():
        config["image_size"], config["variant"] = 64, "slim64"
    made["rows"]["wae_gan"] = made["rows"]["wae_mmd"] | {"title": "WAE-GAN"}
    (base / "larger" / "report.json").write_text(json.dumps(made))
    assert summary.write(base) == [base / "demo" / "README.md", base / "larger" / "README.md", base / "README.md"]
    found = text(base)
    assert found.index("## `slim64`: 64x64") < found.index("](larger/README.md)") < found.index("## `demo`: 32x32")
    assert "| the deck's conclusion | `slim64` | `demo` |" in found
    assert re.search(r"\| WAE-MMD reconstructs test images better than WAE-GAN \| (level|undecided) \| – \|", found)
    shown = re.findall(r"!\[[^]]+\]\(([^)]+)\)", found)
    assert {Path(path).name for path in shown} == {"error_and_diversity.png", "samples.jpg"}
    assert all((base / path).is_file() for path in shown)
    assert not re.search(r"\n{3}", found)


def test_plans_become_a_table_and_replace_those_kept(command, base):
    (base / "a.json").write_text(json.dumps(PLAN | {"steps": 1}))
    (base / "b.json").write_text(json.dumps(PLAN))
    for name in ("a", "b"):
        assert command("results", f"--plans={base / name}.json", f"--results={base}")[0] == 0
    line = "| IntroVAE, 128 px, bfloat16 | v5e:2x4 | 64 | 3.00 of 16 GiB | 40 % | 1.5 min | 200,000: 2.0 h | 16 |"
    assert (base / "README.md").read_text().count("IntroVAE, 128 px") == 1
    assert f"{line} 800 | 2.2 h |" in (base / "README.md").read_text()


def test_a_text_written_by_hand_comes_first_and_is_kept(base):
    (base / summary.READING).write_text("IntroVAE's samples are sharp.\n")
    found = text(base)
    assert found.index("## `demo`") > found.index("\n\nIntroVAE's samples are sharp.\n\n") > 0
    assert text(base) == found


def test_what_is_refused_changes_nothing(command, base, report):
    given = f"--results={base}"
    assert_plain(command("results", "--plans=/nowhere.json", given), "/nowhere.json is not a file")
    (base / "none.json").write_text("{}")
    assert_plain(command("results", f"--plans={base / 'none.json'}", given), "none.json is not a plan")
    for folder in ("a", "b"):
        (base / folder).mkdir()
        (base / folder / "plan.json").write_text(json.dumps(PLAN))
    plans = f"--plans={base / 'a' / 'plan.json'},{base / 'b' / 'plan.json'}"
    assert_plain(command("results", plans, given), "two files named plan.json")
    assert not (base / "README.md").exists()
    (base / "README.md").write_text("# My thesis\n")
    assert_plain(command("results", given), "was not written by launch.results: move it")
    assert (base / "README.md").read_text() == "# My thesis\n"
    assert not (base / "demo" / "README.md").exists()
    assert_plain(command("results", f"--results={base / 'a'}"), "no folder of .*a has a report.json yet")


def test_the_published_text_is_what_its_reports_say():
    base = ROOT / "results"
    folders = sorted(path.parent for path in base.glob("*/report.json"))
    published = (base / "README.md").read_text()
    assert published == summary.render(base, folders)
    texts = [published, *(each.read_text() for each in base.glob("*/README.md")), (ROOT / "README.md").read_text()]
    assert_measured("\n".join([*texts[:-1], texts[-1].partition("## Results")[2]]), folders)
    reading = base / summary.READING
    if reading.exists():  # what is written by hand has only numbers that are written by rules as well
        told = reading.read_text().strip()
        rest = [published.replace(told, ""), *((folder / "README.md").read_text() for folder in folders)]
        assert set(re.findall(r"[\d.]*\.\d+", told)) <= set(re.findall(r"[\d.]*\.\d+", "\n".join(rest)))
