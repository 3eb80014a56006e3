"""Evaluation: what the numbers say of a model whose answers are known, and the command."""

import json
import shutil
from pathlib import Path

import jax
import numpy as np
import pytest

import genmodels
from genmodels import data, evaluation, metrics
from genmodels.errors import UsageError
from genmodels.evaluation import references
from genmodels.images import to_uint8, to_unit
from tests.support import keys

pytestmark = pytest.mark.usefixtures("in_the_repository")
BUDGET = evaluation.Budget(pictures=12, pairs=6, real_pairs=None, lines=2, points=4, refined=4, seed=0)


@pytest.fixture(scope="module")
def model(trained):
    return genmodels.load(trained)


@pytest.fixture(scope="module")
def faces(model):
    return data.build(model.config)


@pytest.fixture(scope="module")
def rows(model, faces):
    return evaluation.evaluate(model, faces, BUDGET)


def test_a_key_is_used_once(model, faces):
    with keys.used_once():
        evaluation.evaluate(model, faces, BUDGET._replace(seed=7))  # PCA has its own, of seed 0


def test_reconstruction_is_measured_on_the_levels_of_a_saved_picture(model, faces, rows):
    for split in ("train", "test"):
        x = getattr(faces, split)
        y = to_uint8(model.reconstruct(to_unit(x)))
        found = rows["vae"]["reconstruction"][split]
        rmse = np.sqrt(((x.astype(np.float64) - y) ** 2).mean((1, 2, 3)))
        assert found["rmse"]["mean"] == pytest.approx(rmse.mean(), rel=1e-5)
        assert found["rmse"]["n"] == len(x)
        assert found["rmse"]["low"] < found["rmse"]["mean"] < found["rmse"]["high"]
        assert found["sharpness"]["mean"] == pytest.approx(float(metrics.sharpness(to_unit(y)).mean()), rel=1e-5)


def test_diversity_of_samples_beside_that_of_real_pictures(model, faces, rows):
    key = jax.random.split(jax.random.key(0), 4)[0]
    drawn = to_uint8(model.sample(key, 12))
    found = rows["vae"]["samples"]
    expected = metrics.ms_ssim(to_unit(drawn[::2]), to_unit(drawn[1::2])).mean()
    assert found["ms_ssim"]["mean"] == pytest.approx(float(expected), rel=1e-5)
    assert found["ms_ssim"]["n"] == 6
    real = metrics.ms_ssim(to_unit(faces.test[::2]), to_unit(faces.test[1::2]))
    assert rows["real"]["ms_ssim"]["mean"] == pytest.approx(float(real.mean()), rel=1e-5)
    assert rows["real"]["ms_ssim"]["n"] == 2  # as many disjoint pairs as four test pictures make
    gap = found["ms_ssim_minus_real"]["mean"]
    assert gap == pytest.approx(found["ms_ssim"]["mean"] - rows["real"]["ms_ssim"]["mean"])
    assert found["ms_ssim_levels"] == 3


def test_copies_of_training_pictures_are_found_out(model, faces, monkeypatch):
    others = np.roll(faces.train, 1, axis=0)  # never the picture that is to be reconstructed
    monkeypatch.setattr(type(model), "decode", lambda _, z: to_unit(np.resize(others, (len(z), 32, 32, 3))))
    row = evaluation.evaluate(model, faces, BUDGET)["vae"]
    assert row["samples"]["nearest_rmse"]["mean"] == pytest.approx(0, abs=1e-3)
    assert row["samples"]["nearest_over_real"] < 1e-3
    assert row["manifold"]["prior"]["nearest_rmse"]["mean"] == pytest.approx(0, abs=1e-3)


def test_lines_are_measured_without_their_ends_against_every_training_picture(model, faces, rows):
    codes = model.encode(to_unit(faces.test))
    inner = np.concatenate([codes[::2] * (1 - t) + codes[1::2] * t for t in (1 / 3, 2 / 3)])
    pictures = to_uint8(model.decode(inner)).astype(np.float64)
    rmse = np.sqrt(((pictures[:, None] - faces.train[None]) ** 2).mean((2, 3, 4)))  # [4, 12]
    found = rows["vae"]["manifold"]["test_pictures"]
    assert found["mean_rmse"]["mean"] == pytest.approx(rmse.mean(), rel=1e-3)
    assert found["nearest_rmse"]["mean"] == pytest.approx(rmse.min(1).mean(), rel=1e-3)
    assert found["mean_rmse"]["n"] == 2  # lines


def test_codes_of_test_pictures_beside_the_prior(model, faces, rows):
    codes, found = model.encode(to_unit(faces.test)), rows["vae"]["latent"]
    assert found["n"] == len(codes) == 4
    np.testing.assert_allclose(found["mean"], codes.mean(0), atol=1e-5)
    np.testing.assert_allclose(found["std"], codes.std(0), atol=1e-5)
    assert found["active_units"] == np.count_nonzero(codes.var(0) > 0.01)
    plane = np.array(found["least_gaussian_plane"])
    np.testing.assert_allclose(plane.T @ plane, np.eye(2), atol=1e-5)
    assert found["mmd"]["n"] == 2  # disjoint sets of two codes


def test_improved_samples_are_a_row_of_their_own(rows):
    row = rows["improved_vae"]
    assert row["fixed_point_after"]["mean"] < row["fixed_point_before"]["mean"]
    assert row["code_change"]["mean"] > 0
    assert row["samples"]["ms_ssim"]["n"] == 2


def test_same_seed_same_numbers_and_references_are_kept(model, faces, rows, monkeypatch):
    monkeypatch.setattr(metrics.pca, "fit", None)  # not fitted again
    again = evaluation.evaluate(model, faces, BUDGET)
    for found in (again, rows):
        json.dumps(found)  # plain numbers
        found["vae"].pop("speed", None)
    assert again == rows
    other = evaluation.evaluate(model, faces, BUDGET._replace(seed=1, refined=0))
    assert other["vae"]["samples"]["ms_ssim"]["mean"] != rows["vae"]["samples"]["ms_ssim"]["mean"]
    assert "improved_vae" not in other


def test_pca_cannot_have_more_dimensions_than_pictures(faces):
    with pytest.raises(UsageError, match="needs more than 12 training pictures"):
        references.pca(faces, 12, 4, 0)


def test_pca_has_a_row_for_each_latent_size_that_the_pictures_allow(faces, monkeypatch):
    monkeypatch.setattr(references, "PCA_SIZES", (2, 4, 11, 12))
    rows = references.pca(faces, 3, 4, 0)
    assert list(rows) == ["mean", "pca_2", "pca_3", "pca_4", "pca_11"]  # twelve pictures span eleven dimensions
    flat = np.sqrt(((faces.test - faces.train.mean(0)[None]) ** 2).mean((1, 2, 3)))
    assert rows["mean"]["reconstruction"]["test"]["rmse"]["mean"] == pytest.approx(flat.mean(), rel=1e-5)
    errors = [row["reconstruction"]["train"]["rmse"]["mean"] for row in rows.values()]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] == pytest.approx(0, abs=0.1)
    assert rows["pca_3"]["dimensions"] == 3


def test_a_cache_that_cannot_be_written_costs_time_but_no_numbers(faces, monkeypatch):
    def refused(*_):
        raise PermissionError

    kept = references.pca(faces, 5, 4, 0)
    monkeypatch.setattr(Path, "read_text", refused)
    monkeypatch.setattr(Path, "write_text", refused)
    assert references.pca(faces, 5, 4, 0) == kept


def test_command(command, trained, tmp_path):
    run = shutil.copytree(trained, tmp_path / "run")
    code, out, _ = command("evaluate", f"--workdir={run}", "--pairs=4", "--lines=2", "--points=3")
    assert code == 0
    report = json.loads((run / "eval" / "6.json").read_text())
    assert report["step"] == 6
    assert report["training_pictures_per_s"] > 0
    rmse = report["rows"]["vae"]["reconstruction"]["test"]["rmse"]
    assert f"{rmse['mean']:.2f} [{rmse['low']:.2f}, {rmse['high']:.2f}] (4)" in out
    assert "12 train, 4 test" in out
