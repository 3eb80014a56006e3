"""The whole comparison on tiny runs: trained once, reused, resumed; failures keep their row."""

import json
import re
import shutil

import pytest

from genmodels import comparison, runs, training
from genmodels.errors import DivergedError, UsageError
from genmodels.report import page, results
from tests.support import tiny_comparison, tiny_runs

pytestmark = pytest.mark.usefixtures("in_the_repository")


@pytest.fixture(scope="module")
def config(image_folder):
    return tiny_comparison.config(image_folder)


def test_every_method_is_trained_evaluated_and_drawn(compared):
    workdir, found = compared
    assert [run.config.method for run in found] == list(tiny_comparison.METHODS)
    for run in found:
        assert run.workdir == workdir / f"{run.config.method}-0".replace("_", "-")
        assert run.report["step"] == 6
        assert (run.figures / "samples.png").exists()
        assert ("improved_" + run.config.method in run.report["rows"]) == (run.config.method == "wae_mmd")
        assert (run.figures / "improved_pairs.png").exists() == (run.config.method == "wae_mmd")


def test_a_run_of_the_comparison_is_one_that_launch_train_would_continue(compared, image_folder):
    workdir, _ = compared
    alike = tiny_runs.config("vae", image_folder, **tiny_comparison.FIELDS["vae"])
    runs.check(workdir / "vae-0", alike)


def test_again_nothing_is_done_twice(compared, config, monkeypatch):
    workdir, found = compared
    monkeypatch.setattr(comparison.runs, "PHASES", {})
    assert comparison.compare(config, workdir) == found


@pytest.mark.parametrize("lost", ["eval/6.json", "figures/6", "checkpoints/6"])
def test_what_an_interruption_left_undone_is_done(compared, config, tmp_path, lost, monkeypatch):
    workdir = shutil.copytree(compared[0], tmp_path / "work")
    gone = workdir / "vae-0" / lost
    shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
    done = []
    phases = {
        name: lambda run, *rest, name=name, do=do: done.append((run.name, name)) or do(run, *rest)
        for name, do in comparison.runs.PHASES.items()
    }
    monkeypatch.setattr(comparison.runs, "PHASES", phases)
    comparison.compare(config, workdir)
    expected = {"eval/6.json": ["evaluation"], "figures/6": ["figures"]}
    assert done == [("vae, seed 0", name) for name in expected.get(lost, ["training", "evaluation", "figures"])]
    assert gone.exists()


def test_a_diverged_run_keeps_its_row_and_is_not_tried_again(compared, config, tmp_path, monkeypatch, capsys):
    workdir = shutil.copytree(compared[0], tmp_path / "work")
    shutil.rmtree(workdir / "vae-0")

    def diverges(*_):
        raise DivergedError("Training diverged at step 3: loss is not finite.\nremedy")

    monkeypatch.setattr(training, "train", diverges)
    for _ in range(2):
        first, *others = comparison.compare(config, workdir)
        assert first.failure == "Training diverged at step 3: loss is not finite."
        assert all(run.report for run in others)
        monkeypatch.setattr(training, "train", None)
    made = page.write(tmp_path / "report", [first, *others], config, "command").read_text()
    assert "Training diverged at step 3: loss is not finite." in made
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert report["rows"]["vae"]["failures"] == ["seed 0: Training diverged at step 3: loss is not finite."]


def test_an_earlier_failure_is_reported(config, tmp_path, monkeypatch, capsys):
    for name in ("vae-0", "wae-mmd-0"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "failure.txt").write_text("step 3: loss is not finite.\n")
    assert all(run.failure for run in comparison.compare(config, tmp_path))
    said = capsys.readouterr().out
    assert "vae, seed 0 failed before: step 3: loss is not finite." in said
    assert f"To try it again, delete {tmp_path / 'wae-mmd-0' / 'failure.txt'}" in said


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"wae_mmd.train.batch_size": 13}, "^wae_mmd: train.batch_size=13 must lie between 1 and the 12"),
        (
            {"wae_mmd.train.batch_size": 9, "wae_mmd.parallel.devices": 2},
            "^wae_mmd: config.train.batch_size=9 cannot be shared equally by 2 devices",
        ),
        ({"methods": ("vae", "vae")}, "names a method twice: config.seeds gives more runs"),
    ],
)
def test_errors_of_the_last_run_are_reported_before_the_first_is_trained(image_folder, tmp_path, fields, words):
    with pytest.raises(UsageError, match=words):
        comparison.compare(tiny_comparison.config(image_folder, **fields), tmp_path)
    assert not list(tmp_path.iterdir())


def test_runs_of_a_workdir_that_were_trained_on_other_images(compared, config, tmp_path):
    workdir = shutil.copytree(compared[0], tmp_path / "work")
    known = json.loads((workdir / "wae-mmd-0" / "data.json").read_text())
    (workdir / "wae-mmd-0" / "data.json").write_text(json.dumps(known | {"digest": "of others"}))
    shutil.rmtree(workdir / "vae-0")
    with pytest.raises(UsageError, match="wae-mmd-0 was trained on other images"):
        comparison.compare(config, workdir)
    assert not (workdir / "vae-0").exists()


def test_a_signal_stops_the_whole_comparison(config, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "train", lambda *_: training.Result(step=2, finished=False))
    assert comparison.compare(config, tmp_path) is None


def test_two_seeds_make_one_row_of_the_page(image_folder, tmp_path):
    config = tiny_comparison.config(image_folder, seeds=2, methods=("vae",))
    runs = comparison.compare(config, tmp_path)
    assert [run.name for run in runs] == ["vae, seed 0", "vae, seed 1"]
    page.write(tmp_path / "report", runs, config, "command")
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    test = report["rows"]["vae"]["reconstruction"]["test"]["rmse"]
    each = [run.report["rows"]["vae"]["reconstruction"]["test"]["rmse"]["mean"] for run in runs]
    assert each[0] != each[1]
    assert (test["mean"], test["seeds"]) == (pytest.approx(sum(each) / 2), 2)
    assert any(sentence.startswith("VAE") or "PCA" in sentence for sentence in report["conclusions"])


def test_seeds_are_runs_of_their_own(image_folder, tmp_path):
    planned = comparison.plan(tiny_comparison.config(image_folder, seeds=2, methods=("vae",)), tmp_path)
    assert [(run.workdir.name, run.config.seed) for run in planned] == [("vae-0", 0), ("vae-1", 1)]


def test_runs_of_different_images_are_not_compared(compared, trained, config, tmp_path):
    other = shutil.copytree(trained, tmp_path / "other")
    text = (other / "config.json").read_text()
    (other / "config.json").write_text(text.replace('"crop": "square"', '"crop": "none"'))
    with pytest.raises(UsageError, match="have different data, crop or size"):
        comparison.compare(config, tmp_path, [compared[0] / "vae-0", other])


def test_command_compares_existing_runs(command, compared, tmp_path):
    workdir, _ = compared
    existing = ",".join(str(workdir / f"{name}-0".replace("_", "-")) for name in tiny_comparison.METHODS)
    budget = [f"--config.evaluation.{name}={n}" for name, n in tiny_comparison.BUDGET.items()]
    code, out, _ = command(
        "compare", "--config=configs/compare.py:demo", f"--workdir={tmp_path}", f"--runs={existing}", *budget
    )
    assert code == 0
    assert f"the comparison: {tmp_path}/report/index.html" in out
    assert {path.name for path in (tmp_path / "report").iterdir()} == {"index.html", "report.json", "tables", "figures"}


def test_three_seeds_go_through_compare_page_and_results(image_folder, tmp_path):
    fields = {"seeds": 3, "methods": ("wae_mmd", "wae_gan")}
    config = tiny_comparison.config(image_folder, names=("wae_mmd", "wae_gan"), **fields)
    runs = comparison.compare(config, tmp_path / "work")
    assert [(run.config.method, run.config.seed) for run in runs] == [
        (method, seed) for method in ("wae_mmd", "wae_gan") for seed in range(3)
    ]
    text = page.write(tmp_path / "report", runs, config, "command").read_text()
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    first = report["claims"][0]
    assert first["claim"] == "WAE-MMD reconstructs test images better than WAE-GAN"
    assert re.fullmatch(r"(holds|contradicted|level|undecided), in (each|\d) of 3 seeds", first["verdict"])
    assert f"<td>{first['verdict']}</td>" in text
    assert not any("intervals" in judged for judged in report["claims"])
    (rmse,) = [
        one
        for one in report["differences"]
        if (one["first"], one["second"], one["measure"]) == ("wae_mmd", "wae_gan", "reconstruction test rmse")
    ]
    means = [
        [run.report["rows"][run.config.method]["reconstruction"]["test"]["rmse"]["mean"] for run in runs[half]]
        for half in (slice(3), slice(3, 6))
    ]
    assert [one["mean"] for one in rmse["each"]] == pytest.approx(
        [a - b for a, b in zip(*means, strict=True)], rel=1e-4
    )
    assert rmse["paired"] is True
    assert re.search(r">s to test RMSE \d+\.\d, first seed<", text)
    results.collect(tmp_path / "report", tmp_path / "results", "tiny")
    collected = results.render(tmp_path / "results" / "tiny")
    assert first["verdict"] in collected
    for told in (text, collected):
        assert "Test RMSE of up to 4 images, first seed" in told
