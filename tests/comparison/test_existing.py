"""Finished runs: those that cannot be compared are refused before any work; how others differ is said."""

import json
import re
import shutil

import pytest

from genmodels import comparison
from genmodels.comparison import existing
from genmodels.errors import UsageError
from genmodels.report import notes, page, results, summary
from genmodels.runs import lock, origin
from tests.support import images, tiny_comparison, tiny_runs
from tests.support.plain import assert_plain

pytestmark = pytest.mark.usefixtures("in_the_repository")
REMEMBERED = "data.json"


@pytest.fixture
def runs(compared, tmp_path):
    """Copies of finished runs by folder's name, to be changed."""
    return lambda name, to: shutil.copytree(compared[0] / name, tmp_path / to)


@pytest.fixture
def compare(image_folder, tmp_path, monkeypatch):
    """Compares finished runs that are fully measured and drawn; any work is an error."""
    monkeypatch.setattr(comparison.runs, "PHASES", {})
    config = tiny_comparison.config(image_folder)
    return lambda *folders: comparison.compare(config, tmp_path / "work", folders)


def change(folder, field: str, value) -> None:
    """One field of a run's config, 'section.field'."""
    fields = json.loads((folder / "config.json").read_text())
    *sections, name = field.split(".")
    place = fields
    for section in sections:
        place = place[section]
    place[name] = value
    (folder / "config.json").write_text(json.dumps(fields))


def remember(folder, digest: str) -> None:
    known = json.loads((folder / REMEMBERED).read_text())
    (folder / REMEMBERED).write_text(json.dumps(known | {"digest": digest}))


def test_runs_of_other_images_are_refused_and_stay_as_they_are(runs, compare):
    a, b = runs("vae-0", "a"), runs("wae-mmd-0", "b")
    remember(b, "of other images")
    shutil.rmtree(b / "eval")
    with pytest.raises(UsageError, match=rf"^{b} was trained on other images than {a}, .*\n.*--config\.data\.dir"):
        compare(a, b)
    assert not (b / "eval").exists()
    remember(a, "of images that are no more")
    with pytest.raises(UsageError, match=rf"^{a} was trained on other images than those that are opened"):
        compare(a)


def test_a_run_that_does_not_record_its_images_is_named_and_compared(runs, compare, capsys):
    a, b = runs("vae-0", "a"), runs("wae-mmd-0", "b")
    (b / REMEMBERED).unlink()
    assert len(compare(a, b)) == 2
    assert f"data not checked: {b} " in capsys.readouterr().out
    change(b, "data.folder_split", "order")  # as for all runs of that time
    with pytest.raises(UsageError, match=f"{b} was trained on other images"):
        compare(a, b)


def test_one_run_counts_once(runs, compare, tmp_path):
    a = runs("vae-0", "a")
    (tmp_path / "link").symlink_to(a)
    with pytest.raises(UsageError, match=rf"^--runs lists one run twice, {a}: give it once"):
        compare(a, a)
    with pytest.raises(UsageError, match=rf"^--runs lists one run twice, {a} and {tmp_path / 'link'}: give it once"):
        compare(a, tmp_path / "link")
    copy = runs("vae-0", "copy")
    with pytest.raises(UsageError, match=rf"^{a} and {copy} are the same run by their configs, vae, seed 0"):
        compare(a, copy)


def test_a_run_in_training_is_refused(runs, compare):
    a = runs("vae-0", "a")
    with lock.held(a), pytest.raises(UsageError, match=rf"^{a} is being trained by process \d+ .*\nWait for it to end"):
        compare(a)
    assert compare(a)


def test_a_run_that_was_stopped_early_is_said_and_is_no_seed_of_one_that_was_not(runs, compare, capsys):
    a, b = runs("vae-0", "a"), runs("vae-0", "b")
    change(b, "seed", 1)
    assert {run.row for run in compare(a, b)} == {"vae"}
    for each in (a, b):
        change(each, "train.steps", 9)
    found = compare(a, b)
    assert f"not fully trained: {b} is compared after 6 of 9 steps" in capsys.readouterr().out
    assert {run.row for run in found} == {"vae"}  # both after as many
    change(a, "train.steps", 6)
    assert [run.row for run in compare(a, b)] == ["vae, train.steps=6", "vae, train.steps=9"]


def test_failures_keep_their_place_until_they_are_fixed(runs, compare):
    a, b = runs("vae-0", "a"), runs("wae-mmd-0", "b")
    (b / "failure.txt").write_text("step 3: loss is not finite.\n")
    assert [run.failure for run in compare(a, b)] == [None, None]  # trained to its end, by another command
    shutil.rmtree(b / "checkpoints")
    assert [run.failure for run in compare(a, b)] == [None, "step 3: loss is not finite."]


def test_a_folder_that_cannot_be_written_is_refused_before_any_work(runs, compare, monkeypatch):
    a, b = runs("vae-0", "a"), runs("wae-mmd-0", "b")
    monkeypatch.setattr(existing.os, "access", lambda folder, mode: folder != b)
    assert compare(a, b)  # nothing is left to do
    shutil.rmtree(b / "figures")
    with pytest.raises(UsageError, match=f"{b} cannot be written, and its evaluation and figures are kept there"):
        compare(a, b)


@pytest.fixture
def two_settings(runs, compare, image_folder, tmp_path):
    a, b, c = runs("wae-mmd-0", "a"), runs("wae-mmd-0", "b"), runs("vae-0", "c")
    change(b, "loss.cost_weight", 9.0)
    found = compare(a, b, c)
    page.write(tmp_path / "report", found, tiny_comparison.config(image_folder), "command")
    return tmp_path / "report"


FIRST, SECOND = "wae_mmd, loss.cost_weight=0.05", "wae_mmd, loss.cost_weight=9.0"


def test_two_settings_of_one_method_are_two_rows_of_the_page(two_settings):
    report = json.loads((two_settings / "report.json").read_text())
    assert [name for name in report["rows"] if "wae" in name] == [
        FIRST,
        f"improved_{FIRST}",
        SECOND,
        f"improved_{SECOND}",
    ]
    assert {row["method"] for name, row in report["rows"].items() if "wae" in name} == {"wae_mmd"}
    assert list(report["configs"]) == [f"{FIRST}, seed 0", f"{SECOND}, seed 0", "vae, seed 0"]
    folders = {path.name for path in (two_settings / "figures").iterdir() if path.is_dir()}
    assert folders == {"vae-0", "wae-mmd-loss.cost-weight-0.05-0", "wae-mmd-loss.cost-weight-9.0-0"}
    lines = (two_settings / "tables" / "measurements.csv").read_text()
    assert f'"{FIRST}",RMSE test' in lines
    assert f'"{SECOND}",RMSE test' in lines

    text = (two_settings / "index.html").read_text()
    assert text.count("<h3>WAE-MMD</h3>") == 1  # one formula
    for row in (FIRST, SECOND):
        setting = row.partition(", ")[2]
        title = f"WAE-MMD ({setting})"
        assert f'<th scope="row">{title}</th>' in text
        assert f'alt="{title}: samples from the prior"' in text
        assert f"<summary>Config of wae_mmd, {setting}, seed 0</summary>" in text
    said = "eft out, as there are several settings: the deck&#39;s numbers and conclusions for WAE-MMD"
    assert f"l{said}" in text
    assert f"L{said}" in text  # among the conclusions
    assert "The deck's numbers" not in text


def test_two_settings_of_one_method_are_two_rows_of_the_results(two_settings, tmp_path):
    results.collect(two_settings, tmp_path / "published", "kept")
    own, overall = (path.read_text() for path in summary.write(tmp_path / "published"))
    for row in (FIRST, SECOND):
        title = f"WAE-MMD ({row.partition(', ')[2]})"
        assert re.search(rf"\| {re.escape(title)} \| [\d-]+ \| 8 \| [\d,]+ \| 6 x 8 \|", own)
        assert f"![{title}: samples]({row.replace(', ', '-').replace('_', '-').replace('=', '-')}-0/" in own
    assert overall.count("--config=configs/wae_mmd.py") == 1
    assert "the deck's conclusion |" not in own + overall


def test_what_a_reader_must_know_is_on_the_page(compared, image_folder, tmp_path):
    first, second = compared[1]
    unchecked = first._replace(report=first.report | {"same_data": None})
    early = second._replace(step=4)
    (workdir := tmp_path / "later").mkdir()
    origin.record(workdir, origin.Origin(first.workdir, 3), images.fake())
    later = first._replace(workdir=workdir)
    assert (
        f"{first.name}: begun at step 3 of another run, vae-0, from where its seconds count; that was"
        in notes.draw([later], {})[0]
    )
    warmed_up = first._replace(config=tiny_runs.config("introvae", image_folder))
    assert f"{warmed_up.name}: the game would begin at step 100, and training ends at 6" in notes.draw([warmed_up], {})
    page.write(tmp_path, [unchecked, early], tiny_comparison.config(image_folder), "command")
    text = (tmp_path / "index.html").read_text()
    assert "data not checked: vae, seed 0." in text
    assert "not fully trained: wae_mmd, seed 0, 4 of 6 steps." in text


def test_what_is_left_out_of_improved_samples_names_no_run_where_all_that_have_them_are_alike(compared):
    vae, wae = (run._replace(report=run.report | {"left_out": {"A": "few"}}) for run in compared[1])
    wae = wae._replace(report=wae.report | {"left_out": {"A": "few", "A of improved samples": "few", "B": "none"}})
    assert notes.draw([vae, wae], {}) == [
        "not measured, as few: A; A of improved samples",
        "not measured, as none: B (wae_mmd, seed 0)",
    ]
    again = wae._replace(setting="again")
    assert notes.draw([vae, wae, again], {})[1] == "not measured, as none: B (wae_mmd, seed 0; wae_mmd, again, seed 0)"


def test_flags_that_change_nothing_are_said(command, compared, tmp_path):
    run = compared[0] / "vae-0"
    budget = [f"--config.evaluation.{name}={n}" for name, n in tiny_comparison.BUDGET.items()]
    arguments = ["--config=configs/compare.py:demo", f"--workdir={tmp_path}", f"--runs={run}", *budget]
    _, out, _ = command("compare", *arguments, "--config.seeds=3", "--config.vae.train.steps=9")
    assert "ignored, as --runs are compared as they are: --config.seeds, --config.vae.train.steps" in out
    _, out, _ = command("compare", *arguments)
    assert "ignored" not in out


@pytest.mark.parametrize("made", ["file", "study"])
def test_what_the_page_could_not_be_made_of_is_refused_before_any_work(command, compared, tmp_path, made):
    arguments = [
        "--config=configs/compare.py:demo",
        f"--workdir={tmp_path / 'work'}",
        f"--runs={compared[0] / 'vae-0'}",
    ]
    if made == "file":
        (tmp_path / "work").mkdir()
        (tmp_path / "work" / "report").touch()
        assert_plain(command("compare", *arguments), "report cannot be written .* is a file")
        return
    for text, words in (
        ("[]", "is not what launch.tune writes"),
        ('[{"folder": "run", "rmse": null}]', "has no cells.png"),
    ):
        (tmp_path / "results.json").write_text(text)
        assert_plain(command("compare", *arguments, f"--tuning={tmp_path}"), words)
    assert not (tmp_path / "work").exists()
