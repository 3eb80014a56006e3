"""The values behind an evaluation, in a file beside it."""

import json

import numpy as np
import pytest

import genmodels
from genmodels import data, evaluation
from genmodels.evaluation import tables, values

BUDGET = evaluation.Budget(images=4, pairs=2, real_pairs=None, lines=2, points=3, refined=4, seed=0)


@pytest.fixture
def evaluated(trained, tmp_path):
    model = genmodels.load(trained)
    report = evaluation.evaluate_run(trained, model, data.build(model.config), BUDGET, tmp_path / "out")
    return tmp_path / "out" / "6.json", report


def test_an_evaluation_keeps_them_and_its_means_are_theirs(evaluated):
    path, report = evaluated
    kept = values.read(path, report["budget"])
    for row, name, n in (
        ("vae", "reconstruction test rmse", 4),
        ("vae", "reconstruction train rmse", 4),
        ("vae", "samples ms_ssim", 2),
        ("vae", "samples sharpness", 4),
        ("vae", "samples sliced_wasserstein", 1),
        ("improved_vae", "change ms_ssim", 2),
    ):
        array = kept[f"{row} {name}"]
        assert array.shape == (n,)
        assert array.mean() == pytest.approx(tables.find(report["rows"][row], name)["mean"], rel=1e-5)
    assert {array.ndim for array in kept.values()} == {1}
    assert sorted(file.name for file in path.parent.iterdir()) == ["6.json", "6.npz"]


def test_those_of_another_budget_do_not_belong(evaluated):
    path, report = evaluated
    assert values.read(path, report["budget"] | {"pairs": 3}) == {}
    assert values.read(path, json.loads(json.dumps(report["budget"]))) != {}


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"text"])
def test_a_file_that_cannot_be_read_has_none(tmp_path, content):
    (tmp_path / "6.npz").write_bytes(content)
    assert values.read(tmp_path / "6.json", {}) == {}
    np.savez(tmp_path / "6.npz", other=np.ones(2))
    assert values.read(tmp_path / "6.json", {}) == {}


def test_without_them_an_evaluation_is_not_done(trained, tmp_path):
    model = genmodels.load(trained)
    (tmp_path / "run").mkdir()
    for name in ("config.json", "data.json"):
        (tmp_path / "run" / name).write_text((trained / name).read_text())
    evaluation.evaluate_run(tmp_path / "run", model, data.build(model.config), BUDGET)
    assert evaluation.is_done(tmp_path / "run", 6, BUDGET)
    values.path(evaluation.report_path(tmp_path / "run", 6)).unlink()
    assert not evaluation.is_done(tmp_path / "run", 6, BUDGET)
