"""The probe of attributes in an evaluation: on which images, beside what, and when it is left out."""

import numpy as np
import pytest

from genmodels import data, evaluation, metrics, sampling
from genmodels.evaluation import references
from genmodels.figures import gallery
from genmodels.images import to_unit
from tests.support import splits, tiny

BUDGET = evaluation.Budget(images=12, pairs=2, real_pairs=None, lines=2, points=3, refined=0, seed=0)


def labelled(folder, test: int = 16, **columns) -> data.Dataset:
    """Faces of which it is known whether they are bright; other columns by name: functions of the brightness."""
    faces = tiny.images(40)
    bright = faces.mean((1, 2, 3))
    known = {"bright": bright > np.median(bright)} | {name: column(bright) for name, column in columns.items()}
    values = np.stack(list(known.values()), axis=1)
    labels = data.Labels(tuple(known), values[test:], values[:test])
    return splits.dataset(folder, faces[test:], faces[:test], labels=labels)


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    return labelled(tmp_path_factory.mktemp("faces"), constant=lambda x: x > 0)


@pytest.fixture(scope="module")
def rows(model, faces):
    return evaluation.evaluate(model, faces, BUDGET).rows


def test_the_probe_is_of_the_codes_of_sampled_images(model, faces, rows):
    train, test = data.sampled(faces.train, 10_000), data.sampled(faces.test, 12)
    of_train, of_test = (data.sampled(x, n)[:, :1] for x, n in ((faces.labels.train, 10_000), (faces.labels.test, 12)))
    codes = [np.asarray(model.encode(to_unit(x))) for x in (train, test)]
    expected = metrics.probe.probe(codes[0], of_train, codes[1], of_test)
    found = rows["vae"]["attributes"]
    assert found["auc"]["mean"] == pytest.approx(expected.auc.mean(), abs=1e-6)
    assert found["auc"]["n"] == 12
    assert found["each"] == {"bright": pytest.approx(expected.auc[0])}  # 'constant' has one value
    assert found["train_images"] == 24


def test_small_images_and_pca_are_probed_beside_it(faces, rows):
    means = faces.train.reshape(24, 4, 8, 4, 8, 3).mean((2, 4)), faces.test.reshape(16, 4, 8, 4, 8, 3).mean((2, 4))
    order = data.subsets.indices(24, 24), data.subsets.indices(16, 12)
    codes = [x[chosen].reshape(len(chosen), -1) for x, chosen in zip(means, order, strict=True)]
    of_train, of_test = faces.labels.train[order[0], :1], faces.labels.test[order[1], :1]
    expected = metrics.probe.probe(codes[0], of_train, codes[1], of_test)
    assert rows["pixels_4"]["attributes"]["each"] == {"bright": pytest.approx(expected.auc[0], abs=1e-3)}
    assert rows["pixels_16"]["attributes"]["auc"]["n"] == 12
    assert rows[f"pca_{tiny.LATENT}"]["attributes"]["auc"]["n"] == 12


def test_what_it_is_compared_with_is_kept(model, faces, rows, monkeypatch):
    monkeypatch.setattr(references.probes, "measure", lambda *_, **__: pytest.fail("measured again"))
    again = evaluation.evaluate(model, faces, BUDGET).rows
    for name in ("pixels_4", "pixels_16", f"pca_{tiny.LATENT}"):
        assert again[name]["attributes"] == rows[name]["attributes"]


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        (None, "the images have no labels"),
        (("constant",), "no attribute has both values in 1% of the images of each split"),
    ],
)
def test_without_attributes_it_is_left_out_in_one_line(model, tmp_path, labels, reason):
    images = labelled(tmp_path)
    constant = data.Labels(labels, np.ones((24, 1), bool), np.ones((16, 1), bool)) if labels else None
    rows, missing, _ = evaluation.evaluate(model, images._replace(labels=constant), BUDGET)
    assert missing["mean AUC of attributes"] == reason
    assert "attributes" not in rows["vae"]
    assert not any(name.startswith("pixels") for name in rows)


def test_vectors_are_of_the_codes_of_training_images_and_kept_with_the_run(model, faces, trained, tmp_path):
    workdir = tmp_path / "run"
    evaluation.evaluate_run(workdir, model, faces, BUDGET)
    path = workdir / "attributes" / f"{model.step}.npz"
    found = sampling.attributes.read(path)
    codes, bright = np.asarray(model.encode(to_unit(faces.train))), faces.labels.train[:, 0]
    np.testing.assert_allclose(found.known()["bright"], codes[bright].mean(0) - codes[~bright].mean(0), atol=1e-4)
    assert found.names == ("bright", "constant")
    assert found.best(2) == ["bright"]
    path.unlink()
    assert not evaluation.is_done(workdir, model.step, BUDGET, faces)
    evaluation.evaluate_run(workdir, model, faces, BUDGET, tmp_path / "out")
    assert not path.exists()  # the run is only read
    assert (tmp_path / "out" / "attributes" / f"{model.step}.npz").exists()
    drawn = gallery.draw(trained, model, faces, seed=0, out=tmp_path / "out")
    for name in ("attributes_test", "attributes_samples"):
        assert (drawn / f"{name}.png").exists()


def test_other_labels_are_other_evaluations(model, trained, tmp_path):
    images = labelled(tmp_path / "images")
    workdir = tmp_path / "run"
    evaluation.evaluate_run(workdir, model, images, BUDGET)
    assert evaluation.is_done(workdir, model.step, BUDGET, images)
    assert not evaluation.is_done(workdir, model.step, BUDGET, images._replace(labels=None))
