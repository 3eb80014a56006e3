import numpy as np
import pytest

from genmodels import sampling


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_lines_have_exact_ends(rng):
    a, b = rng.normal(size=(2, 6, 5)).astype(np.float32)
    for line in (sampling.lerp, sampling.slerp):
        path = np.asarray(line(a, b, 7))
        assert path.shape == (6, 7, 5)
        np.testing.assert_array_equal(path[:, 0], a)
        np.testing.assert_array_equal(path[:, -1], b)


def test_lerp_is_evenly_spaced(rng):
    a, b = rng.normal(size=(2, 3, 4)).astype(np.float32)
    np.testing.assert_allclose(sampling.lerp(a, b, 5)[:, 1], 0.75 * a + 0.25 * b, rtol=1e-5, atol=1e-6)


def test_slerp_walks_the_circle_at_constant_speed():
    a, b = np.float32([[3, 0, 0]]), np.float32([[0, 3, 0]])
    angles = np.linspace(0, np.pi / 2, 6)
    expected = 3 * np.stack([np.cos(angles), np.sin(angles), 0 * angles], 1)
    np.testing.assert_allclose(sampling.slerp(a, b, 6)[0], expected, atol=1e-5)


def test_slerp_of_parallel_opposite_and_zero_codes_is_straight_and_finite():
    a = np.float32([[1, 2, 2], [1, 2, 2], [1, 2, 2], [0, 0, 0]])
    b = np.float32([[2, 4, 4], [1, 2, 2], [-1, -2, -2], [0, 0, 0]])
    np.testing.assert_allclose(sampling.slerp(a, b, 5), sampling.lerp(a, b, 5), atol=1e-5)


def test_slerp_of_nearly_parallel_codes_stays_between_them():
    a = np.float32([[1, 0]])
    b = np.float32([[1, 1e-3]])
    np.testing.assert_allclose(sampling.slerp(a, b, 5), sampling.lerp(a, b, 5), atol=1e-5)
