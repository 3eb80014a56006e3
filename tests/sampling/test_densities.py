"""Densities of codes: the fit, what is drawn from it, and the file."""

import subprocess
import sys

import jax
import numpy as np
import pytest
from sklearn.mixture import GaussianMixture

from genmodels.errors import UsageError
from genmodels.sampling import densities
from genmodels.sampling.densities import Density

NUM = 20_000


def mixture() -> Density:
    """Three Gaussians of codes [., 2] that lie well apart, with correlations of both signs."""
    factors = np.array([[[1.0, 0.0], [0.8, 0.5]], [[0.3, 0.0], [-0.6, 0.4]], [[2.0, 0.0], [0.0, 0.1]]], np.float32)
    means = np.array([[-9.0, 3.0], [0.0, -7.0], [11.0, 5.0]], np.float32)
    return Density(np.array([0.2, 0.3, 0.5], np.float32), means, factors)


def drawn(of: Density) -> np.ndarray:
    """Codes of a density, drawn without the code under test."""
    rng = np.random.default_rng(0)
    component = rng.choice(len(of.weights), NUM, p=of.weights / of.weights.sum(dtype=np.float64))
    noise = rng.normal(size=(NUM, of.means.shape[1]))
    return of.means[component] + np.einsum("nij,nj->ni", of.factors[component], noise)


def covariances(of: Density) -> np.ndarray:
    return of.factors @ of.factors.transpose(0, 2, 1)


def test_a_gaussian_has_the_mean_and_the_covariance_of_the_codes():
    codes = drawn(mixture())
    found = densities.fit(codes, 1, seed=0)
    assert found.weights == [1]
    np.testing.assert_allclose(found.means[0], codes.mean(0), rtol=1e-5)
    np.testing.assert_allclose(covariances(found)[0], np.cov(codes.T, bias=True), rtol=1e-4)
    assert found.factors[0, 0, 1] == 0  # lower triangular


def test_a_mixture_is_found_again():
    known = mixture()
    found = densities.fit(drawn(known), 3, seed=0)
    order = np.argsort(found.means[:, 0])
    np.testing.assert_allclose(found.weights[order], known.weights, atol=0.01)
    np.testing.assert_allclose(found.means[order], known.means, atol=0.1)
    np.testing.assert_allclose(covariances(found)[order], covariances(known), atol=0.1)


def test_samples_have_the_moments_of_each_component():
    """Far apart, components are told by the nearest mean."""
    known = mixture()
    codes = np.asarray(known.sample(jax.random.key(0), NUM))
    assert codes.shape == (NUM, 2)
    assert codes.dtype == np.float32
    nearest = np.linalg.norm(codes[:, None] - known.means, axis=2).argmin(1)
    for k in range(3):
        own = codes[nearest == k]
        assert len(own) / NUM == pytest.approx(known.weights[k], abs=0.01)
        np.testing.assert_allclose(own.mean(0), known.means[k], atol=0.1)
        np.testing.assert_allclose(np.cov(own.T), covariances(known)[k], atol=0.1)


def test_samples_are_those_of_scikit_learn_in_distribution():
    """The mean log likelihood, under scikit-learn's own mixture, of what it draws and of what we draw."""
    codes = drawn(mixture())[:2_000]
    theirs = GaussianMixture(4, covariance_type="full", max_iter=densities.ITERATIONS, random_state=1).fit(codes)
    ours = densities.fit(codes, 4, seed=1).sample(jax.random.key(1), NUM)
    assert theirs.score(ours) == pytest.approx(theirs.score(theirs.sample(NUM)[0]), abs=0.03)


def test_samples_are_those_of_their_key():
    once = mixture().sample(jax.random.key(1), 9)
    np.testing.assert_array_equal(mixture().sample(jax.random.key(1), 9), once)
    assert np.abs(mixture().sample(jax.random.key(2), 9) - once).max() > 0
    assert mixture().sample(jax.random.key(1), 0).shape == (0, 2)


def test_the_same_seed_fits_the_same():
    codes = drawn(mixture())[:500]
    for a, b in zip(densities.fit(codes, 3, seed=5), densities.fit(codes, 3, seed=5), strict=True):
        np.testing.assert_array_equal(a, b)


def test_fewer_codes_than_a_mixture_takes_are_refused():
    codes = drawn(mixture())
    assert densities.fewest(3, 2) == 9
    densities.fit(codes[:9], 3, seed=0)
    with pytest.raises(ValueError, match="3 components take 9 codes, and there are 8"):
        densities.fit(codes[:8], 3, seed=0)


def test_a_fit_that_has_not_converged_says_so(monkeypatch, capsys):
    monkeypatch.setattr(densities, "ITERATIONS", 1)
    densities.fit(np.random.default_rng(0).normal(size=(200, 4)), 5, seed=0)
    assert capsys.readouterr().err == "the mixture of 5 is used as it is after 1 iterations\n"


def test_dimensions_without_spread_are_fitted():
    """Such as the codes of an encoder that has collapsed."""
    codes = np.zeros((100, 3))
    codes[:, 0] = np.arange(100)
    found = densities.fit(codes, 2, seed=0).sample(jax.random.key(0), 50)
    assert np.isfinite(found).all()
    assert np.abs(found[:, 1:]).max() < 0.01


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "new" / "6.npz"
    written = {"gaussian": densities.fit(drawn(mixture()), 1, seed=0), "mixture": mixture()}
    densities.write(path, written)
    found = densities.read(path)
    assert list(found) == ["gaussian", "mixture"]
    for name, density in written.items():
        for a, b in zip(found[name], density, strict=True):
            np.testing.assert_array_equal(a, b)
            assert a.dtype == np.float32
    assert [file.name for file in path.parent.iterdir()] == ["6.npz"]
    with np.load(path) as arrays:
        assert arrays["mixture/means"].shape == (3, 2)


@pytest.mark.parametrize("spoil", [lambda whole: whole[: len(whole) // 2], lambda _: b"", lambda _: b"text"])
def test_a_damaged_file_is_said_plainly(tmp_path, spoil):
    path = tmp_path / "6.npz"
    densities.write(path, {"mixture": mixture()})
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(UsageError, match=r"6\.npz cannot be read .*: delete it and run launch\.evaluate again"):
        densities.read(path)


@pytest.mark.parametrize("save", [lambda file: np.savez(file, images=np.ones(3)), lambda file: np.save(file, [1])])
def test_a_file_of_something_else_is_said_plainly(tmp_path, save):
    with (tmp_path / "6.npz").open("wb") as file:
        save(file)
    with pytest.raises(UsageError, match=r"6\.npz cannot be read"):
        densities.read(tmp_path / "6.npz")


def test_sampling_does_without_scikit_learn(tmp_path):
    densities.write(tmp_path / "6.npz", {"mixture": mixture()})
    program = f"""
import pathlib, sys
sys.modules["sklearn"] = None  # an import of it fails
import jax, genmodels
from genmodels.sampling import densities
found = densities.read(pathlib.Path({str(tmp_path / "6.npz")!r}))
assert found["mixture"].sample(jax.random.key(0), 5).shape == (5, 2)
"""
    subprocess.run([sys.executable, "-c", program], check=True)
