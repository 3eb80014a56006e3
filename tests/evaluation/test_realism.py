"""Realism in an evaluation: samples and training images against as many test images, with an interval over sets."""

import jax
import numpy as np
import pytest
from scipy import stats

from genmodels import evaluation, metrics
from genmodels.data import sampled
from genmodels.evaluation import left_out, measures, references, tables
from genmodels.evaluation.measures import Sizes, realism
from genmodels.images import to_uint8, to_unit
from tests.support import splits, tiny

BUDGET = evaluation.Budget(
    images=4, pairs=2, real_pairs=None, lines=2, points=3, refined=6, seed=0, spherical=False, swd_sets=2
)


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """Twelve training and five test images: two sets of five."""
    return splits.dataset(tmp_path_factory.mktemp("faces") / "cache", tiny.images(17)[:12], tiny.images(17)[12:])


@pytest.fixture(scope="module")
def rows(model, faces):
    return evaluation.evaluate(model, faces, BUDGET).rows


def test_samples_are_compared_with_as_many_test_images(model, faces, rows):
    key = jax.random.split(jax.random.key(0), 5)[4]
    samples = to_uint8(model.decode(jax.random.normal(key, (10, tiny.LATENT))))
    test = sampled(faces.test, 5)
    expected = [metrics.sliced_wasserstein(test, each) for each in (samples[:5], samples[5:])]
    found = rows["vae"]["samples"]["sliced_wasserstein"]
    assert found["mean"] == pytest.approx(np.mean([each["mean"] for each in expected]))
    assert (found["n"], found["sets"]) == (5, 2)
    levels = rows["vae"]["samples"]["sliced_wasserstein_levels"]
    assert list(levels) == ["32", "16"]
    for level, value in levels.items():
        assert value["mean"] == pytest.approx(np.mean([each[int(level)] for each in expected]))


def test_real_images_are_training_images_against_test_images(faces, rows):
    train, test = sampled(faces.train, 10), sampled(faces.test, 5)
    expected = [metrics.sliced_wasserstein(test, each)["mean"] for each in (train[:5], train[5:])]
    found = rows["real"]["sliced_wasserstein"]
    assert found["mean"] == pytest.approx(np.mean(expected))
    assert (found["n"], found["sets"]) == (5, 2)
    assert list(rows["real"]["sliced_wasserstein_levels"]) == ["32", "16"]


def test_improved_samples_are_compared_too_if_they_are_enough(model, faces, rows):
    assert rows["improved_vae"]["samples"]["sliced_wasserstein"]["sets"] == 1  # six make one set of five
    few = BUDGET._replace(refined=5)
    found, missing, _ = evaluation.evaluate(model, faces, few)
    assert "sliced_wasserstein" not in found["improved_vae"]["samples"]
    reason = "it compares 5 samples, and 4 improved ones are paired"
    assert missing["sliced Wasserstein distance of improved samples"] == reason
    assert missing == left_out.expected(faces, tiny.LATENT, few)


def test_the_interval_is_that_of_the_mean_over_sets():
    values = [30.0, 32.0, 31.0, 35.0]
    found = evaluation.rows.summary(measures.OfSets(values, 100), 0)
    low, high = stats.t.interval(0.95, 3, np.mean(values), stats.sem(values))
    assert found == {"mean": 32.0, "low": pytest.approx(low), "high": pytest.approx(high), "n": 100, "sets": 4}
    assert evaluation.rows.summary(measures.OfSets([30.0], 100), 0) == {"mean": 30.0, "n": 100, "sets": 1}


def test_sets_that_the_training_images_do_not_make_are_said(faces):
    assert left_out.lines(left_out.expected(faces, tiny.LATENT, BUDGET._replace(swd_sets=5)))[-1] == (
        "not measured, as 12 training images make 2 of 5: "
        "3 of 5 sets of real images for the sliced Wasserstein distance"
    )


def test_no_sets_no_distance(model, faces, monkeypatch):
    monkeypatch.setattr(metrics, "sliced_wasserstein", None)
    found, missing, _ = evaluation.evaluate(model, faces, BUDGET._replace(swd_sets=0))
    assert not any("Wasserstein" in words for words in missing)
    for row in found.values():
        assert tables.find(row, "samples sliced_wasserstein") is None
        assert tables.find(row, tables.LEVELS) is None


def test_a_set_has_at_most_as_many_images_as_published_and_each_split_holds_one():
    assert realism.images_in_a_set(182_599, 20_000) == 16_384
    assert realism.images_in_a_set(10_000, 1_000) == 1_000
    assert realism.images_in_a_set(50, 1_000) == 50


def test_sets_are_disjoint():
    sets = realism.disjoint(np.arange(10), 3, most=2)
    np.testing.assert_array_equal(sets, [[0, 1, 2], [3, 4, 5]])
    assert len(realism.disjoint(np.arange(10), 3, most=9)) == 3
    assert realism.disjoint(np.arange(2), 3, most=9) == []


def test_the_reference_is_kept_for_each_number_of_sets(faces, monkeypatch):
    there = Sizes(12, 5, tiny.LATENT)
    first, one = (references.real(faces, there, None, sets) for sets in (2, 1))
    assert len(first["samples sliced_wasserstein"].values) == 2
    assert len(one["samples sliced_wasserstein"].values) == 1
    monkeypatch.setattr(metrics, "sliced_wasserstein", None)
    np.testing.assert_equal(references.real(faces, there, None, 2), first)


def test_improved_samples_are_judged_on_the_same_codes_before_and_after(model, faces, rows):
    codes = jax.random.normal(jax.random.split(jax.random.key(0), 5)[3], (6, tiny.LATENT))
    before, after = (to_uint8(model.decode(z)) for z in (codes, model.refine_codes(codes).codes))
    found, test = rows["improved_vae"], sampled(faces.test, 5)
    for name, measure in {
        "ms_ssim": lambda x: metrics.ms_ssim(to_unit(x[::2]), to_unit(x[1::2])),
        "sharpness": lambda x: metrics.sharpness(to_unit(x)),
        "sliced_wasserstein": lambda x: np.array([metrics.sliced_wasserstein(test, x[:5])["mean"]]),
    }.items():
        values = measure(before), measure(after)
        assert found["start"][name]["mean"] == pytest.approx(float(values[0].mean()), rel=1e-5)
        assert found["change"][name]["mean"] == pytest.approx(float((values[1] - values[0]).mean()), rel=1e-3, abs=1e-6)
        assert found["change"][name]["n"] == (5 if name == "sliced_wasserstein" else len(values[0]))
    assert found["change"]["ms_ssim"]["mean"] != 0
    assert found["samples"]["ms_ssim"]["mean"] == pytest.approx(
        found["start"]["ms_ssim"]["mean"] + found["change"]["ms_ssim"]["mean"]
    )


def test_the_change_of_a_few_improved_samples_is_measured_on_as_many_test_images(model, faces):
    found = evaluation.evaluate(model, faces, BUDGET._replace(refined=4)).rows["improved_vae"]
    assert found["change"]["sliced_wasserstein"]["n"] == found["start"]["sliced_wasserstein"]["n"] == 4
