"""The evaluation of a run: where it is kept, when it counts as done, and the command."""

import json
import shutil

import pytest

import genmodels
from genmodels import data, evaluation
from genmodels.errors import UsageError
from genmodels.evaluation import measures
from genmodels.runs import data as run_data
from tests.support.plain import assert_plain

pytestmark = pytest.mark.usefixtures("in_the_repository")
BUDGET = evaluation.Budget(images=4, pairs=2, real_pairs=None, lines=2, points=3, refined=0, seed=0)
FEW = ("--num=4", "--pairs=2", "--lines=2", "--points=3")


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory, trained, model):
    """A run that has been evaluated, not to be changed."""
    run = shutil.copytree(trained, tmp_path_factory.mktemp("evaluated") / "run")
    run_data.record(run, data.build(model.config))
    evaluation.evaluate_run(run, model, data.build(model.config), BUDGET)
    return run


@pytest.fixture
def run(evaluated, tmp_path):
    return shutil.copytree(evaluated, tmp_path / "run")


def rewrite(run, **fields) -> None:
    path = evaluation.report_path(run, 6)
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def test_an_evaluation_is_done_with_its_budget(run):
    assert evaluation.is_done(run, 6, BUDGET)
    assert not evaluation.is_done(run, 6, BUDGET._replace(pairs=3))
    assert not evaluation.is_done(run, 5, BUDGET)


def test_an_evaluation_of_another_format_is_read_and_not_done(run):
    report = evaluation.read(run, 6)
    assert report["format"] == measures.FORMAT
    rewrite(run, format=measures.FORMAT - 1)
    assert not evaluation.is_done(run, 6, BUDGET)
    assert evaluation.read(run, 6)["rows"] == report["rows"]


def test_an_evaluation_of_before_there_were_formats_is_read_and_not_done(run):
    report = evaluation.read(run, 6)
    old = {k: report[k] for k in ("data", "step", "budget", "training_images_per_s", "rows")}
    evaluation.report_path(run, 6).write_text(json.dumps(old))
    assert not evaluation.is_done(run, 6, BUDGET)
    assert evaluation.read(run, 6) == old


def test_an_evaluation_that_lacks_a_measure_is_not_done(run, monkeypatch):
    logged = measures.Measure("training joules", "energy, J")  # not measured by an evaluation
    monkeypatch.setattr(measures, "MEASURES", [*measures.MEASURES, logged])
    assert evaluation.is_done(run, 6, BUDGET)
    added = measures.Measure("samples brightness", "brightness", function=len)
    monkeypatch.setattr(measures, "MEASURES", [*measures.MEASURES, added])
    assert not evaluation.is_done(run, 6, BUDGET)


def test_a_measure_that_was_left_out_is_not_tried_again(model, run, monkeypatch):
    def perfect(_, x):
        return x

    monkeypatch.setattr(type(model), "reconstruct", perfect)
    report = evaluation.evaluate_run(run, model, data.build(model.config), BUDGET)
    assert "PSNR test, dB" in report["left_out"]
    assert evaluation.is_done(run, 6, BUDGET)


def test_what_turns_out_unmeasurable_is_said_afterwards(model, run, monkeypatch, capsys):
    monkeypatch.setattr(type(model), "reconstruct", lambda _, x: x)
    evaluation.evaluate_run(run, model, data.build(model.config), BUDGET)
    *_, last = [line for line in capsys.readouterr().out.splitlines() if line]
    assert last == ("not measured, as 4 of 4 values are not finite: reconstruction train psnr; PSNR test, dB")


def test_a_report_names_its_data(run, model):
    report = evaluation.read(run, 6)
    assert "12 train, 4 test" in report["data"]
    assert report["data_digest"] == data.build(model.config).digest


def test_an_evaluation_elsewhere_leaves_the_run_alone(command, run, tmp_path):
    def contents():
        return {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}

    before = contents()
    code, out, _ = command("evaluate", f"--workdir={run}", f"--out={tmp_path / 'new' / 'place'}", *FEW, "--figures")
    assert code == 0
    assert f"all numbers: {tmp_path / 'new' / 'place' / '6.json'}" in out
    assert json.loads((tmp_path / "new" / "place" / "6.json").read_text())["budget"]["pairs"] == 2
    assert (tmp_path / "new" / "place" / "figures" / "6" / "samples.png").exists()
    assert contents() == before


@pytest.fixture
def others(run, model, monkeypatch):
    """Other images than the run was trained on."""
    others = data.build(model.config)._replace(digest="another", description="other faces")
    monkeypatch.setattr(data, "build", lambda _: others)
    return others


def test_a_run_keeps_its_own_evaluation_when_it_meets_other_images(command, run, model, others, tmp_path):
    kept = evaluation.report_path(run, 6).read_bytes()
    words = "was trained on other images than these: other faces\\..*\n.*--out"
    for out in ((), (f"--out={run}/eval",), (f"--out={tmp_path}/run/../run/eval",)):
        assert_plain(command("evaluate", f"--workdir={run}", *FEW, *out), words)
    assert evaluation.report_path(run, 6).read_bytes() == kept
    code, said, _ = command("evaluate", f"--workdir={run}", *FEW, f"--out={tmp_path / 'others'}")
    assert code == 0
    assert said.startswith(f"{run} was trained on other images than these: other faces\n")
    report = json.loads((tmp_path / "others" / "6.json").read_text())
    assert (report["same_data"], report["data_digest"]) == (False, "another")
    assert evaluation.report_path(run, 6).read_bytes() == kept


def test_an_evaluation_on_other_images_is_not_done(run, model, others):
    assert evaluation.is_done(run, 6, BUDGET)
    assert not evaluation.is_done(run, 6, BUDGET, others)
    assert evaluation.is_done(run, 6, BUDGET, others._replace(digest=evaluation.read(run, 6)["data_digest"]))


@pytest.mark.parametrize("recorded", [True, False])
def test_whether_data_were_checked_is_told(model, run, capsys, recorded):
    if not recorded:
        (run / run_data.FILE).unlink()
    report = evaluation.evaluate_run(run, model, data.build(model.config), BUDGET)
    assert report["same_data"] is (True if recorded else None)
    assert capsys.readouterr().out.startswith("data not checked: ") is not recorded


def test_another_run_keeps_its_evaluation(command, trained, run, tmp_path):
    other = shutil.copytree(trained, tmp_path / "other")
    assert_plain(
        command("evaluate", f"--workdir={other}", *FEW, f"--out={run}/eval"),
        "6.json exists already and is not of .*other",
    )


def test_a_run_that_cannot_be_written_says_so_before_any_work(command, run, monkeypatch):
    shutil.rmtree(run / "eval")
    (run / "eval").touch()  # like a folder without write permission, which root would ignore
    monkeypatch.setattr(evaluation.run, "evaluate", None)
    assert_plain(command("evaluate", f"--workdir={run}", *FEW), r"eval.* cannot be written .*: .*--out")


def test_a_home_folder_is_known(command, run, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    code, _, _ = command("evaluate", "--workdir=~/run", "--out=~/elsewhere", *FEW)
    assert code == 0
    assert (tmp_path / "elsewhere" / "6.json").exists()


def test_command(command, run):
    code, out, _ = command("evaluate", f"--workdir={run}", "--pairs=4", "--lines=2", "--points=3")
    assert code == 0
    report = json.loads((run / "eval" / "6.json").read_text())
    assert report["step"] == 6
    assert report["training_images_per_s"] > 0
    rmse = report["rows"]["vae"]["reconstruction"]["test"]["rmse"]
    assert f"{rmse['mean']:.2f} [{rmse['low']:.2f}, {rmse['high']:.2f}] (4)" in out
    assert "12 train, 4 test" in out
    assert "\nnot measured, as it takes more training images than dimensions, and there are 12: PCA with" in out
    assert out.startswith("not measured, as the images have no labels: mean AUC of attributes; ")


def test_command_with_labels_of_images_of_a_run_without(command, run, image_folder, tmp_path):
    names = sorted(path.relative_to(image_folder).as_posix() for path in image_folder.rglob("*.png"))
    table = tmp_path / "labels.csv"
    table.write_text("\n".join(["file,odd", *(f"{name},{i % 2}" for i, name in enumerate(names))]))
    arguments = (f"--workdir={run}", "--pairs=4", "--lines=2", "--points=3", "--draws=0", f"--labels={table}")
    code, out, _ = command("evaluate", *arguments)
    assert code == 0
    assert "mean AUC of attributes" in out
    assert "pixels_16" in out
    assert list(genmodels.load(run).attribute_vectors) == ["odd"]
    table.write_text(table.read_text().replace("test/0.png", "test/9.png"))
    code, _, said = command("evaluate", *arguments)
    assert code == 2
    assert f"{table} has no line for 1 of {len(names)} images (test/0.png)" in said


def test_a_budget_that_cannot_be_writes_nothing(run, model):
    shutil.rmtree(run / "eval")
    with pytest.raises(UsageError, match="3: 4 test images make 2 disjoint pairs"):
        evaluation.evaluate_run(run, model, data.build(model.config), BUDGET._replace(real_pairs=3))
    assert not (run / "eval").exists()
