import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genmodels.mmd import mmd, squared_distances


def waves(scale=1.0):
    """The sets of codes of which the inverse multiquadratic sum is known: [100, 64] each."""
    i, j = np.arange(100)[:, None], np.arange(64)[None]
    return jnp.float32(scale * np.sin(0.1 * i * j + 0.3 * j)), jnp.float32(np.cos(0.07 * i * (j + 1) + i))


def by_loops(q, p, kernel):
    """The U-statistic, one pair after the other, in float64."""
    n = len(q)
    pairs = list(itertools.permutations(range(n), 2))
    within = sum(kernel(q[i], q[j]) + kernel(p[i], p[j]) for i, j in pairs) / len(pairs)
    return within - 2 * sum(kernel(a, b) for a in q for b in p) / n**2


def imq(a, b):
    distance = np.sum((a - b) ** 2)
    return sum(c / (c + distance) for c in (s * 2 * len(a) for s in (0.1, 0.2, 0.5, 1, 2, 5, 10)))


def median_rbf(q, p):
    between = [np.sum((a - b) ** 2) for a in q for b in p]
    inside = [np.sum((a - b) ** 2) for a, b in itertools.combinations(q, 2)]
    variance = np.median(between) + np.median(inside)
    return lambda a, b: np.exp(-np.sum((a - b) ** 2) / (2 * variance))


@pytest.fixture
def codes():
    rng = np.random.default_rng(0)
    return 1.3 * rng.normal(size=(9, 5)) + 0.4, rng.normal(size=(9, 5))


@pytest.mark.parametrize(("scale", "expected"), [(1.0, -0.00797625), (1.5, 0.16615038)])
def test_published_values_of_the_imq_sum(scale, expected):
    assert mmd(*waves(scale)) == pytest.approx(expected, abs=2e-6)


def test_imq_against_loops(codes):
    assert mmd(*map(jnp.float32, codes)) == pytest.approx(by_loops(*codes, imq), abs=1e-5)


def test_rbf_with_the_median_rule_against_loops(codes):
    assert mmd(*map(jnp.float32, codes), "rbf") == pytest.approx(by_loops(*codes, median_rbf(*codes)), abs=1e-5)


def test_no_gradient_flows_through_the_median(codes):
    q, p = codes
    kernel = median_rbf(q, p)
    step = 1e-4 * np.eye(5)[2] * (np.arange(9) == 4)[:, None]  # of coordinate 2 of code 4
    expected = (by_loops(q + step, p, kernel) - by_loops(q - step, p, kernel)) / 2e-4
    moving = (by_loops(q + step, p, median_rbf(q + step, p)) - by_loops(q - step, p, median_rbf(q - step, p))) / 2e-4
    found = jax.grad(mmd)(*map(jnp.float32, codes), "rbf")[4, 2]
    assert found == pytest.approx(expected, rel=1e-3)
    assert moving != pytest.approx(expected, rel=1e-2)  # or this would tell nothing


@pytest.mark.parametrize("kernel", ["imq", "rbf"])
def test_unbiased_and_as_often_negative_as_positive_when_q_is_p(kernel):
    draws = jax.random.normal(jax.random.key(0), (400, 2, 20, 4))
    values = np.asarray(jax.jit(jax.vmap(lambda d: mmd(d[0], d[1], kernel)))(draws))
    assert abs(values.mean()) < 3 * values.std() / np.sqrt(len(values))
    assert 0.4 < np.mean(values < 0) < 0.7
    biased = values + 2 * (7 if kernel == "imq" else 1) / 20  # about what the diagonal would add
    assert abs(biased.mean()) > 10 * values.std() / np.sqrt(len(values))


@pytest.mark.parametrize("kernel", ["imq", "rbf"])
def test_gradient_is_finite_for_collapsed_codes(kernel):
    q, p = jnp.zeros((6, 4)), jax.random.normal(jax.random.key(0), (6, 4))
    assert np.isfinite(jax.grad(mmd)(q, p, kernel)).all()
    assert np.isfinite(jax.grad(mmd)(p, p, kernel)).all()


def test_squared_distances_of_far_codes_are_never_negative():
    a = 1e3 + jax.random.normal(jax.random.key(0), (40, 8))
    found = squared_distances(a, a)
    assert found.min() >= 0
    b = jax.random.normal(jax.random.key(1), (30, 8))
    np.testing.assert_allclose(
        squared_distances(a - 1e3, b), np.sum((np.asarray(a - 1e3)[:, None] - np.asarray(b)[None]) ** 2, -1), rtol=1e-4
    )


def test_refuses_what_is_no_pair_of_sets():
    codes = jnp.zeros((4, 3))
    with pytest.raises(ValueError, match="kernel='cauchy'"):
        mmd(codes, codes, "cauchy")
    with pytest.raises(ValueError, match="must have the same shape"):
        mmd(codes, codes[:3])
    with pytest.raises(ValueError, match="at least two"):
        mmd(codes[:1], codes[:1])
