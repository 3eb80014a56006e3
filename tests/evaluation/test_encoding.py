"""Codes of images: one for each, or drawn from Q_z as the decoder saw them."""

import jax
import numpy as np
import pytest

import genmodels
from genmodels import data, evaluation
from genmodels.evaluation import encoding
from tests.support import keys, tiny

pytestmark = pytest.mark.usefixtures("in_the_repository")


@pytest.fixture(scope="module")
def faces(model):
    return data.build(model.config)


def test_a_posterior_is_sampled(model, faces):
    """As the decoder was trained: codes differ from the means by the posterior's own deviation."""
    key = jax.random.key(0)
    codes = evaluation.sampled_codes_of(model, faces.train, 12, key)
    assert codes.shape == (12, tiny.LATENT)
    q = model.posterior(data.sampled(faces.train, 12))
    noise = (codes - q.mean) / np.exp(0.5 * np.asarray(q.logvar))
    np.testing.assert_allclose(noise, jax.random.normal(jax.random.fold_in(key, 0), noise.shape), atol=1e-3)


def test_codes_without_a_posterior_are_those_of_the_encoder(compared):
    wae = genmodels.load(compared[0] / "wae-mmd-0")
    train = data.build(wae.config).train
    codes = evaluation.sampled_codes_of(wae, train, 12, jax.random.key(0))
    np.testing.assert_allclose(codes, evaluation.codes_of(wae, data.sampled(train, 12)), atol=1e-5)


def test_no_more_images_are_encoded_than_asked_and_each_has_noise_of_its_own(model, faces, monkeypatch):
    key = jax.random.key(0)
    whole = evaluation.sampled_codes_of(model, faces.train, 100, key)
    assert len(whole) == len(faces.train)
    monkeypatch.setattr(encoding, "BATCH", 5)
    with keys.used_once():
        assert len(evaluation.sampled_codes_of(model, faces.train, 7, key)) == 7
