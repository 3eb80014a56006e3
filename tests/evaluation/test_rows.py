"""Evaluation: the numbers for a model whose results are known."""

import json

import jax
import numpy as np
import pytest

from genmodels import data, evaluation, metrics
from genmodels.evaluation import measures, tables
from genmodels.evaluation.measures import Measure
from genmodels.evaluation.measures.codes import Codes
from genmodels.images import to_uint8, to_unit
from tests.support import keys

BUDGET = evaluation.Budget(images=12, pairs=6, real_pairs=None, lines=2, points=4, refined=4, seed=0)


@pytest.fixture(scope="module")
def faces(model):
    return data.build(model.config)


@pytest.fixture(scope="module")
def rows(model, faces):
    return evaluation.evaluate(model, faces, BUDGET).rows


@pytest.fixture(scope="module")
def test_images(faces):
    """All four, in the order in which they are taken."""
    return data.sampled(faces.test, 4)


def test_a_key_is_used_once(model, faces, monkeypatch):
    monkeypatch.setattr(
        metrics, "sliced_wasserstein", lambda *_: {16: 1.0, "mean": 1.0}
    )  # one seed for all sets, on purpose
    with keys.used_once():
        evaluation.evaluate(model, faces, BUDGET._replace(seed=7))  # PCA has its own, of seed 0


def test_reconstruction_is_measured_on_the_levels_of_a_saved_image(model, faces, rows):
    for split in ("train", "test"):
        x = getattr(faces, split)
        y = to_uint8(model.reconstruct(to_unit(x)))
        found = rows["vae"]["reconstruction"][split]
        rmse = np.sqrt(((x.astype(np.float64) - y) ** 2).mean((1, 2, 3)))
        assert found["rmse"]["mean"] == pytest.approx(rmse.mean(), rel=1e-5)
        assert found["rmse"]["n"] == len(x)
        assert found["rmse"]["low"] < found["rmse"]["mean"] < found["rmse"]["high"]
        for name, values in {
            "psnr": 20 * np.log10(255 / rmse),
            "ssim": metrics.ssim(to_unit(x), to_unit(y)),
            "sharpness": metrics.sharpness(to_unit(y)),
        }.items():
            assert found[name]["mean"] == pytest.approx(float(values.mean()), rel=1e-4)


def test_a_budget_takes_the_beginning_of_one_permutation(model, faces):
    found = evaluation.evaluate(model, faces, BUDGET._replace(images=5, refined=0)).rows["vae"]
    x = data.sampled(faces.train, 5)
    rmse = metrics.rmse(to_unit(x), to_unit(to_uint8(model.reconstruct(to_unit(x)))))
    assert found["reconstruction"]["train"]["rmse"]["n"] == 5
    assert found["reconstruction"]["train"]["rmse"]["mean"] == pytest.approx(float(rmse.mean()), rel=1e-5)


def test_diversity_of_samples_beside_that_of_real_images(model, test_images, rows):
    key = jax.random.split(jax.random.key(0), 4)[0]
    drawn = to_uint8(model.sample(key, 12))
    found = rows["vae"]["samples"]
    expected = metrics.ms_ssim(to_unit(drawn[::2]), to_unit(drawn[1::2])).mean()
    assert found["ms_ssim"]["mean"] == pytest.approx(float(expected), rel=1e-5)
    assert found["ms_ssim"]["n"] == 6
    assert found["sharpness"]["n"] == 12
    real = metrics.ms_ssim(to_unit(test_images[::2]), to_unit(test_images[1::2]))
    assert rows["real"]["ms_ssim"]["mean"] == pytest.approx(float(real.mean()), rel=1e-4)
    assert rows["real"]["ms_ssim"]["n"] == 2  # as many disjoint pairs as four test images make
    gap = found["ms_ssim_minus_real"]["mean"]
    assert gap == pytest.approx(found["ms_ssim"]["mean"] - rows["real"]["ms_ssim"]["mean"])
    assert found["ms_ssim_levels"] == rows["real"]["ms_ssim_levels"] == 3


def test_copies_of_training_images_are_found_out(model, faces, monkeypatch):
    others = np.roll(faces.train, 1, axis=0)  # never the image that is to be reconstructed
    monkeypatch.setattr(type(model), "decode", lambda _, z: to_unit(np.resize(others, (len(z), 32, 32, 3))))
    row = evaluation.evaluate(model, faces, BUDGET).rows["vae"]
    assert row["samples"]["nearest_rmse"]["mean"] == pytest.approx(0, abs=1e-3)
    assert row["samples"]["nearest_over_real"] < 1e-3
    assert row["manifold"]["prior"]["nearest_rmse"]["mean"] == pytest.approx(0, abs=1e-3)


def test_nearness_to_training_images_is_read_against_held_out_images(faces, rows):
    apart = (faces.test[:, None] - faces.train[None].astype(np.float64)) ** 2
    nearest = np.sqrt(apart.mean((2, 3, 4))).min(1)
    assert rows["real"]["nearest_rmse"]["mean"] == pytest.approx(nearest.mean(), rel=1e-5)
    found = rows["vae"]["samples"]
    assert found["nearest_over_real"] == pytest.approx(found["nearest_rmse"]["mean"] / nearest.mean(), rel=1e-5)


def test_lines_are_measured_without_their_ends_against_every_training_image(model, faces, test_images, rows):
    codes = model.encode(to_unit(test_images))
    inner = np.concatenate([codes[::2] * (1 - t) + codes[1::2] * t for t in (1 / 3, 2 / 3)])
    images = to_uint8(model.decode(inner)).astype(np.float64)
    rmse = np.sqrt(((images[:, None] - faces.train[None]) ** 2).mean((2, 3, 4)))  # [4, 12]
    found = rows["vae"]["manifold"]["test_images"]
    assert found["mean_rmse"]["mean"] == pytest.approx(rmse.mean(), rel=1e-3)
    assert found["nearest_rmse"]["mean"] == pytest.approx(rmse.min(1).mean(), rel=1e-3)
    assert found["mean_rmse"]["n"] == 2  # lines


def test_codes_of_test_images_beside_the_prior(model, faces, rows):
    means, found = model.encode(to_unit(faces.test)), rows["vae"]["latent"]
    key = jax.random.split(jax.random.key(0), 6)[5]
    codes = evaluation.sampled_codes_of(model, faces.test, 4, key)
    assert found["n"] == len(codes) == 4
    assert found["dimensions"] == codes.shape[1]
    np.testing.assert_allclose(found["mean"], codes.mean(0), atol=1e-5)
    np.testing.assert_allclose(found["std"], codes.std(0), atol=1e-5)
    assert found["active_units"] == np.count_nonzero(means.var(0) > 0.01)
    plane = np.array(found["least_gaussian_plane"])
    np.testing.assert_allclose(plane.T @ plane, np.eye(2), atol=1e-5)
    assert found["mmd"]["n"] == found["mmd_codes_in_a_set"] == 2  # disjoint sets of two codes


def test_a_posterior_whose_codes_are_the_prior_has_no_mmd():
    """Means alone have one: with deviations of .8 around them, their variance is .36."""
    keys = jax.random.split(jax.random.key(0), 3)
    means, noise = 0.6 * jax.random.normal(keys[0], (2_000, 8)), jax.random.normal(keys[1], (2_000, 8))
    codes = np.asarray(means + 0.8 * noise)
    assert abs(Codes(np.asarray(means), codes, keys[2]).mmd.mean()) < 0.005
    assert Codes(np.asarray(means), np.asarray(means), keys[2]).mmd.mean() > 0.1


def test_improved_samples_are_a_row_of_their_own(rows):
    row = rows["improved_vae"]
    assert row["fixed_point_after"]["mean"] < row["fixed_point_before"]["mean"]
    assert row["code_change"]["mean"] > 0
    assert row["samples"]["ms_ssim"]["n"] == 2


def test_same_seed_same_numbers_and_references_are_kept(model, faces, rows, monkeypatch):
    monkeypatch.setattr(metrics.pca, "fit", None)  # not fitted again
    again = evaluation.evaluate(model, faces, BUDGET).rows
    for found in (again, rows):
        json.dumps(found)  # plain numbers
        found["vae"].pop("speed", None)
    assert again == rows
    other = evaluation.evaluate(model, faces, BUDGET._replace(seed=1, refined=0)).rows
    assert other["vae"]["samples"]["ms_ssim"]["mean"] != rows["vae"]["samples"]["ms_ssim"]["mean"]
    assert "improved_vae" not in other


def test_a_perfect_reconstruction_has_no_psnr_and_that_is_said(model, faces, monkeypatch):
    monkeypatch.setattr(type(model), "reconstruct", lambda _, x: x)
    rows, left_out, _ = evaluation.evaluate(model, faces, BUDGET._replace(refined=0))
    found = rows["vae"]["reconstruction"]["test"]
    assert found.keys() == {"rmse", "ssim", "sharpness"}
    assert found["rmse"]["mean"] == 0
    assert left_out["PSNR test, dB"] == "4 of 4 values are not finite"
    assert "PSNR" not in tables.plain({"vae": rows["vae"]})


def test_every_number_is_a_measure_of_the_list(rows):
    def leaves(tree: dict, place: str = "") -> set[str]:
        return {
            name
            for key, value in tree.items()
            for name in (
                leaves(value, f"{place}{key} ")
                if isinstance(value, dict) and "mean" not in value and key != "sliced_wasserstein_levels"
                else {f"{place}{key}"}
            )
        }

    known = {measure.name for measure in measures.MEASURES}
    assert leaves({"reconstruction": rows["vae"]["reconstruction"], "samples": rows["vae"]["samples"]}) <= known
    assert {f"samples {name}" for name in rows["real"]} <= known


def test_a_measure_of_nothing_is_refused(model, faces, monkeypatch):
    wrong = Measure("sample sharpness", function=len)
    monkeypatch.setattr(measures, "MEASURES", [*measures.MEASURES, wrong])
    with pytest.raises(ValueError, match=r"sample sharpness.* have no subject"):
        evaluation.evaluate(model, faces, BUDGET)
