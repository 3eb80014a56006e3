import numpy as np
import pytest
from scipy import stats

from genmodels.metrics import difference, interval, student, welch


def test_agrees_with_the_normal_approximation():
    values = np.random.default_rng(1).normal(5, 2, 4000)
    estimate = interval(values, seed=0, resamples=4000)
    half = 1.96 * values.std() / np.sqrt(len(values))
    assert estimate.mean == pytest.approx(values.mean())
    assert estimate.low == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert estimate.high == pytest.approx(values.mean() + half, abs=0.1 * half)
    assert estimate.n == 4000


def test_covers_the_true_mean_as_often_as_it_says():
    rng = np.random.default_rng(2)
    intervals = [interval(rng.normal(size=200), seed=i, resamples=100, level=0.8) for i in range(300)]
    coverage = np.mean([e.low < 0 < e.high for e in intervals])
    assert coverage == pytest.approx(0.8, abs=0.07)  # 3 standard errors of 300 draws


def test_same_seed_same_numbers():
    values = np.random.default_rng(3).normal(size=50)
    assert interval(values, seed=7) == interval(values, seed=7)
    assert interval(values, seed=7) != interval(values, seed=8)


@pytest.mark.parametrize("values", [[], [1.0], [[1.0, 2.0]], [1.0, np.nan], [np.inf, 1.0]])
def test_refuses_values_without_an_interval(values):
    with pytest.raises(ValueError, match="values"):
        interval(np.array(values), seed=0)


def test_difference_of_means_against_the_normal_approximation():
    rng = np.random.default_rng(0)
    a, b = rng.normal(3.0, 1.0, 400), rng.normal(1.0, 2.0, 900)
    found = difference(a, b, seed=1)
    deviation = np.sqrt(a.var() / 400 + b.var() / 900)
    assert found.mean == pytest.approx(a.mean() - b.mean())
    assert found.low == pytest.approx(found.mean - 1.96 * deviation, abs=0.3 * deviation)
    assert found.high == pytest.approx(found.mean + 1.96 * deviation, abs=0.3 * deviation)
    assert found.n == 400
    assert difference(a, b, seed=1) == found != difference(a, b, seed=2)


@pytest.mark.parametrize("n", [2, 3, 10, 29])
def test_few_values_have_students_interval(n):
    """A bootstrap of three values would cover the mean in three of four cases."""
    values = np.random.default_rng(n).normal(5, 2, n)
    found = interval(values, seed=0)
    low, high = stats.ttest_1samp(values, 0).confidence_interval()
    np.testing.assert_allclose(found[:3], [values.mean(), low, high])
    assert found.n == n
    assert found == student(values)
    assert interval(np.ones(n), seed=0)[:3] == (1.0, 1.0, 1.0)


@pytest.mark.parametrize(("n", "m"), [(2, 40), (40, 5), (7, 9)])
def test_few_values_on_either_side_have_welchs_interval(n, m):
    rng = np.random.default_rng(n)
    a, b = rng.normal(3, 1, n), rng.normal(1, 4, m)
    found = difference(a, b, seed=0)
    low, high = stats.ttest_ind(a, b, equal_var=False).confidence_interval()
    np.testing.assert_allclose(found[:3], [a.mean() - b.mean(), low, high])
    assert found.n == min(n, m)
    assert welch(np.ones(3), np.zeros(3))[:3] == (1.0, 1.0, 1.0)
