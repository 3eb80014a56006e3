"""Attribute vectors: in closed form, on disk, and named wrongly."""

import numpy as np
import pytest

from genmodels.errors import UsageError
from genmodels.sampling import attributes

NAMES = ("Smiling", "Wearing_Hat", "Male", "Bald")
AUC = {"Wearing_Hat": 0.9, "Smiling": 0.8, "Male": 0.95}


@pytest.fixture
def vectors():
    codes = np.array([[1.0, 0], [3, 0], [0, 2], [0, 6]])
    labels = np.array([[1, 1, 0, 0], [1, 0, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]], bool)  # nobody is bald
    return attributes.fit(codes, labels, NAMES, AUC)


def test_a_vector_leads_from_the_mean_without_to_the_mean_with(vectors):
    np.testing.assert_allclose(vectors.known()["Smiling"], [2, -4])  # (1, 0), (3, 0) from (0, 2), (0, 6)
    np.testing.assert_allclose(vectors.known()["Wearing_Hat"], [0.5 - 1.5, 1 - 3])
    assert vectors.vectors.dtype == np.float32
    assert list(vectors.known()) == ["Smiling", "Wearing_Hat", "Male"]


def test_the_best_are_those_that_are_probed_best(vectors):
    assert vectors.best(2) == ["Male", "Wearing_Hat"]
    assert vectors.best(9) == ["Male", "Wearing_Hat", "Smiling"]  # Bald was not probed


def test_several_amounts_are_added(vectors):
    np.testing.assert_allclose(vectors.shift({"Smiling": 1.5, "Wearing_Hat": -1}), [3 + 1, -6 + 2])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("smilling", r"^attribute smilling is unknown: did you mean Smiling\?$"),
        ("Zebra", "^attribute Zebra is unknown: choose one of Smiling, Wearing_Hat, Male, Bald.$"),
        ("Bald", "^attribute Bald has one value in all training images: it has no direction.$"),
    ],
)
def test_names_without_a_vector(vectors, name, words):
    with pytest.raises(UsageError, match=words):
        vectors.shift({"Smiling": 1, name: 1})


def test_they_are_read_as_they_were_written(vectors, tmp_path):
    path = tmp_path / "attributes" / "6.npz"
    assert attributes.read(path) is None
    attributes.write(path, vectors)
    found = attributes.read(path)
    assert found.names == NAMES
    np.testing.assert_array_equal(found.vectors, vectors.vectors)
    np.testing.assert_array_equal(found.auc, vectors.auc)
    assert [each.name for each in path.parent.iterdir()] == ["6.npz"]
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(UsageError, match=r"6.npz cannot be read .* run launch.evaluate again"):
        attributes.read(path)
