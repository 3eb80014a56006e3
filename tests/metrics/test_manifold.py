import numpy as np
import pytest

from genmodels import metrics


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def images(rng, n):
    return rng.integers(0, 256, (n, 8, 8, 3), dtype=np.uint8)


def brute_force(queries, train):
    """RMSE [Q, N] in float64."""
    difference = 255 * queries.astype(float)[:, None] - train.astype(float)[None]
    return np.sqrt((difference**2).mean((2, 3, 4)))


@pytest.mark.parametrize("block", [7, 64])
def test_distances_against_brute_force(rng, tmp_path, block):
    np.save(tmp_path / "train.npy", images(rng, 50))
    train = np.load(tmp_path / "train.npy", mmap_mode="r")
    queries = rng.uniform(size=(9, 8, 8, 3)).astype(np.float32)
    found, expected = metrics.distances_to_set(queries, train, block=block), brute_force(queries, train)
    np.testing.assert_allclose(found.mean, expected.mean(1), rtol=1e-5)
    np.testing.assert_allclose(found.nearest, expected.min(1), rtol=1e-6)
    np.testing.assert_array_equal(found.index, expected.argmin(1))


def test_a_copy_is_found_at_distance_zero(rng):
    train = images(rng, 40)
    queries = train[[3, 39, 0]].astype(np.float32) / 255
    found = metrics.distances_to_set(queries, train, block=16)
    np.testing.assert_array_equal(found.index, [3, 39, 0])
    np.testing.assert_allclose(found.nearest, 0, atol=1e-4)


def test_rounding_picks_no_wrong_neighbour(rng):
    """Query i lies .501 levels from the first image and .499 from image i + 1: too close for float32 to order."""
    image = images(rng, 1)[0] // 2
    steps = np.eye(32, 192).reshape(32, 8, 8, 3)
    train = np.concatenate([image[None], image[None] + steps.astype(np.uint8)])
    queries = ((image[None] + 0.501 * steps) / 255).astype(np.float32)
    found = metrics.distances_to_set(queries, train)
    np.testing.assert_array_equal(found.index, 1 + np.arange(32))
    np.testing.assert_allclose(found.nearest, 0.499 / np.sqrt(192), rtol=1e-3)


def test_a_set_smaller_than_the_candidates(rng):
    train, queries = images(rng, 2), rng.uniform(size=(5, 8, 8, 3)).astype(np.float32)
    np.testing.assert_array_equal(
        metrics.distances_to_set(queries, train).index, brute_force(queries, train).argmin(axis=1)
    )


def test_refuses_what_cannot_be_compared(rng):
    train, queries = images(rng, 4), np.zeros((2, 8, 8, 3), np.float32)
    for queries_, train_ in ((queries, train[:0]), (queries[:, :4], train), (queries, train / 255)):
        with pytest.raises(ValueError, match="cannot be measured"):
            metrics.distances_to_set(queries_, train_)
