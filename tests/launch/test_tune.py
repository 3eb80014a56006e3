"""launch.tune, from the command line to the figures."""

import csv
import json
import shlex

import pytest
from PIL import Image

from tests.support.commands import study_flags
from tests.support.plain import assert_plain

pytestmark = pytest.mark.usefixtures("in_the_repository")


def test_grid_of_real_runs(command, image_folder, tmp_path):
    given = study_flags(image_folder, tmp_path / "study", "seed=0,1;data.flip=false,true")
    code, out, _ = command("tune", *given)
    assert code == 0, out
    found = json.loads((tmp_path / "study" / "results.json").read_text())
    assert len(found) == 4
    assert sum(result["best"] for result in found) == 1
    best = next(result for result in found if result["best"])
    chosen = {f"--config.{field}={best['chosen'][field]}" for field in ("data.flip", "seed")}
    users = {flag for flag in given if flag.startswith(("--config=", "--config.data", "--config.train"))}
    suggested = set(shlex.split(next(line for line in out.splitlines() if line.startswith("python -m launch.train "))))
    assert suggested >= chosen | users | {"--config.model.channels=(4, 4)"}
    assert "margin" not in out
    with (tmp_path / "study" / "results.csv").open() as file:
        table = list(csv.reader(file))
    assert [len(line) for line in table] == [10] * 5
    for result, line in zip(found, table[1:], strict=True):
        run = json.loads((tmp_path / "study" / result["folder"] / "eval" / "2.json").read_text())
        assert float(line[3]) == run["rows"]["vae"]["reconstruction"]["test"]["rmse"]["mean"]
    for name in ("cells", "heat", "front"):
        with Image.open(tmp_path / "study" / f"{name}.png") as figure:
            assert min(figure.size) > 150
    code, again, _ = command("tune", *given)
    assert code == 0
    assert "[trial" not in again  # nothing is run twice


def test_a_trial_that_cannot_run_is_told_as_failed_and_the_study_goes_on(command, image_folder, tmp_path):
    given = study_flags(image_folder, tmp_path / "study", "train.batch_size=13,8")  # of 12 images
    reason = "failed: train.batch_size=13 must lie between 1 and the 12 images of the training split"
    code, out, errors = command("tune", *given)
    assert code == 0, errors
    assert out.count(reason) == 2  # when it happens, and in the list of all
    assert "best of 2 (1 failed): test RMSE" in out
    found = json.loads((tmp_path / "study" / "results.json").read_text())
    assert [(result["best"], bool(result["failed"])) for result in found] == [(False, True), (True, False)]
    assert reason in (tmp_path / "study" / "results.csv").read_text()
    code, again, _ = command("tune", *given)
    assert code == 0
    assert "[trial" not in again  # the failed one neither
    (tmp_path / "study" / found[0]["folder"] / "failed.txt").unlink()
    code, again, _ = command("tune", *given)
    assert again.count("[trial") == 1


def test_if_every_trial_failed_this_is_said_with_the_reason(command, image_folder, tmp_path):
    given = study_flags(image_folder, tmp_path / "study", "train.batch_size=13,14")
    words = r"no trial could be measured \(2 failed\): train.batch_size=1[34] must lie between .*, and others"
    assert_plain(command("tune", *given), words)
    assert len(json.loads((tmp_path / "study" / "results.json").read_text())) == 2
    assert_plain(command("tune", *given), words)
