import jax
import numpy as np
import pytest

import genmodels
from genmodels import model as models
from genmodels.errors import UsageError


@pytest.fixture(scope="module")
def model(trained):
    return genmodels.load(trained)


@pytest.fixture(scope="module")
def faces(model):
    return np.random.default_rng(0).random((3, 32, 32, 3), np.float32)


def test_what_is_loaded(model, trained):
    assert model.step == 6
    assert model.config.method == "vae"
    assert genmodels.load(str(trained), step=4).step == 4


def test_pictures_are_in_the_unit_range_and_codes_are_vectors(model, faces):
    z = model.encode(faces)
    assert z.shape == (3, model.config.model.latent)
    for pictures in (model.decode(100 * z), model.reconstruct(faces), model.sample(jax.random.key(0), 3)):
        assert pictures.shape == (3, 32, 32, 3)
        assert pictures.dtype == np.float32
        assert 0 <= pictures.min() < pictures.max() <= 1


def test_a_reconstruction_is_the_decoded_code(model, faces):
    np.testing.assert_array_equal(model.reconstruct(faces), model.decode(model.encode(faces)))


def test_samples_are_those_of_their_key(model, trained):
    once = model.sample(jax.random.key(1), 9)
    np.testing.assert_array_equal(genmodels.load(trained).sample(jax.random.key(1), 9), once)
    assert np.abs(model.sample(jax.random.key(2), 9) - once).max() > 0
    codes = jax.random.normal(jax.random.key(1), (9, model.config.model.latent))  # of the prior
    np.testing.assert_array_equal(model.decode(codes), once)


def test_steps_have_weights_of_their_own(model, trained):
    key = jax.random.key(0)
    assert np.abs(genmodels.load(trained, step=4).sample(key, 2) - model.sample(key, 2)).max() > 0


def test_an_example_is_alone_in_its_batch(model, faces):
    """At fixed weights no picture depends on its neighbours."""
    np.testing.assert_allclose(model.encode(faces)[:1], model.encode(faces[:1]), atol=1e-5)


@pytest.mark.parametrize("num", [1, 7, 8, 9, 16, 20])
def test_chunks_change_nothing(model, monkeypatch, num):
    codes = np.random.default_rng(0).normal(size=(num, model.config.model.latent)).astype(np.float32)
    whole = model.decode(codes)
    monkeypatch.setattr(models, "CHUNK", 8)
    np.testing.assert_allclose(model.decode(codes), whole, atol=1e-5)


def test_interpolation_runs_straight_from_one_code_to_the_other(model, faces):
    a, b = faces[:2], faces[1:]
    pictures = model.interpolate(a, b, 5)
    assert pictures.shape == (2, 5, 32, 32, 3)
    np.testing.assert_allclose(pictures[:, 0], model.reconstruct(a), atol=1e-5)
    np.testing.assert_allclose(pictures[:, -1], model.reconstruct(b), atol=1e-5)
    middle = model.decode((model.encode(a) + model.encode(b)) / 2)
    np.testing.assert_allclose(pictures[:, 2], middle, atol=1e-5)


def test_where_there_is_no_run(tmp_path):
    with pytest.raises(UsageError, match=r"is not a run: it has no config\.json"):
        genmodels.load(tmp_path)
