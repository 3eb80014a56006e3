"""The references: real images and PCA, measured on subsets that do not follow the order of files, and kept."""

import json
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from genmodels import metrics
from genmodels.evaluation import measures, references
from genmodels.evaluation.measures import Measure, Sizes, Unmeasurable, least
from genmodels.images import to_unit
from tests.support import splits, tiny

MANY = Sizes(train=40, test=320, latent=8)


def reference_files(images) -> list[Path]:
    return sorted(Path(images.train.filename).parent.glob("reference-*.json"))


@pytest.fixture
def faces(tmp_path):
    """Twelve training and four test images of synthetic faces."""
    return splits.dataset(tmp_path / "cache", tiny.images(16)[:12], tiny.images(16)[12:])


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """Test images sorted by person: eight of each of forty, which differ only in noise."""
    rng = np.random.default_rng(0)
    persons = np.kron(rng.integers(30, 226, (40, 4, 4, 3)), np.ones((1, 8, 8, 1))).repeat(8, axis=0)
    images = np.clip(persons + rng.normal(0, 3, persons.shape), 0, 255).astype(np.uint8)
    return splits.dataset(tmp_path_factory.mktemp("people"), images[::8], images)


def diversity(images: np.ndarray) -> float:
    """MS-SSIM of neighbours."""
    return float(metrics.ms_ssim(to_unit(images[::2]), to_unit(images[1::2])).mean())


def test_pairs_of_real_images_are_of_different_people_though_files_are_sorted_by_person(people):
    found = references.real(people, MANY, None)["samples ms_ssim"]
    shuffled = diversity(np.random.default_rng(1).permutation(people.test))
    assert len(found) == 160
    assert diversity(people.test) > 0.9  # that of neighbours in file order
    assert found.mean() == pytest.approx(shuffled, abs=0.06)


def test_a_share_of_the_pairs_is_of_different_people_too(people):
    found = references.real(people, MANY, 30)["samples ms_ssim"]
    assert len(found) == 30
    assert found.mean() < 0.5


def test_pca_is_measured_on_images_of_many_people(people):
    of_few = references.pca(people, 8, 40)["mean"]["test"]
    of_all = references.pca(people, 8, 320)["mean"]["test"]
    flat = np.sqrt(((people.test - people.train.mean(0)[None]) ** 2).mean((1, 2, 3)))
    assert len(of_few) == 40
    whose = {int(np.abs(flat - error).argmin()) // 8 for error in of_few}
    assert len(whose) > 20  # the first forty files show five people
    np.testing.assert_allclose(np.sort(of_all), np.sort(flat), rtol=1e-4)


def test_pca_has_a_row_for_each_latent_size_that_the_images_allow(faces, monkeypatch):
    monkeypatch.setattr(references, "PCA_SIZES", (2, 4, 11, 12))
    found = references.pca(faces, 3, 4)
    assert list(found) == ["mean", "pca_2", "pca_3", "pca_4", "pca_11"]  # twelve images span eleven dimensions
    flat = np.sqrt(((faces.test - faces.train.mean(0)[None]) ** 2).mean((1, 2, 3)))
    np.testing.assert_allclose(np.sort(found["mean"]["test"]), np.sort(flat), rtol=1e-5)
    errors = [errors["train"].mean() for errors in found.values()]
    assert errors == sorted(errors, reverse=True)


def test_without_any_size_that_the_images_allow_the_mean_is_left(faces):
    assert references.pca_sizes(12, faces.train.shape) == []
    assert list(references.pca(faces, 12, 4)) == ["mean"]


def test_what_was_kept_is_not_measured_again_and_what_came_since_is(faces, monkeypatch):
    there, calls = Sizes(12, 4, 8), []
    first = references.real(faces, there, None)

    def toy(images):
        calls.append("toy")
        return images.images.mean((1, 2, 3))

    entry = Measure("samples brightness", "brightness", 1, function=toy, real=least(test=2))
    monkeypatch.setattr(measures, "MEASURES", [*measures.MEASURES, entry])
    monkeypatch.setattr(metrics, "distances_to_set", None)  # the pass over the training split is not made again
    for _ in range(2):
        found = references.real(faces, there, None)
        assert found.keys() - first.keys() == {"samples brightness"}
        np.testing.assert_allclose(np.sort(found["samples brightness"]), np.sort(faces.test.mean((1, 2, 3))))
    assert calls == ["toy"]


def test_what_real_images_cannot_give_is_left_for_the_summary_to_name(faces, monkeypatch):
    def cannot(_):
        raise Unmeasurable("why")

    def ones(images):
        return jnp.ones(len(images.images))

    entries = {"samples toy": cannot, "samples ones": ones}
    made = [Measure(name, function=function, real=least(test=2)) for name, function in entries.items()]
    monkeypatch.setattr(measures, "MEASURES", made)
    for _ in range(2):  # measured, then kept
        found = references.real(faces, Sizes(12, 4, 8), None)
        assert np.isnan(found["samples toy"])
        np.testing.assert_array_equal(found["samples ones"], 1)


def test_what_another_format_has_kept_is_measured_anew(faces, monkeypatch):
    there = Sizes(12, 4, 8)
    fresh, linear = references.real(faces, there, None), references.pca(faces, 5, 4)
    of_real, of_pca = sorted(reference_files(faces), key=lambda path: "pca" in path.name)
    wrong = {"ms_ssim": [0.5, 0.5], "sharpness": [0.5], "nearest_rmse": [1.0]}
    of_real.write_text(json.dumps(wrong))  # as it was kept before there was a format
    kept = json.loads(of_pca.read_text())
    assert kept["format"] == measures.FORMAT
    of_pca.write_text(json.dumps({"format": measures.FORMAT - 1, "values": {"0": {}, "5": {}}}))
    for name, values in references.real(faces, there, None).items():
        np.testing.assert_equal(values, fresh[name])
    for name, errors in references.pca(faces, 5, 4).items():
        np.testing.assert_array_equal(errors["test"], linear[name]["test"])
    assert json.loads(of_pca.read_text()) == kept


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2}', '{"format": 2, "values": []}'])
def test_a_file_that_is_no_reference_is_replaced(faces, text):
    fresh = references.pca(faces, 5, 4)
    (path,) = reference_files(faces)
    path.write_text(text)
    np.testing.assert_array_equal(references.pca(faces, 5, 4)["pca_5"]["test"], fresh["pca_5"]["test"])


def test_a_cache_that_cannot_be_written_costs_time_but_no_numbers(faces, monkeypatch):
    def refused(*_):
        raise PermissionError

    kept = references.pca(faces, 5, 4)
    monkeypatch.setattr(Path, "read_text", refused)
    monkeypatch.setattr(Path, "write_text", refused)
    np.testing.assert_array_equal(references.pca(faces, 5, 4)["pca_5"]["test"], kept["pca_5"]["test"])
