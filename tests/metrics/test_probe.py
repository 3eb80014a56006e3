"""The probe: AUC against scikit-learn's, its spread against the bootstrap's, fits against closed forms."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from genmodels import metrics
from genmodels.metrics import probe


def drawn(seed: int, count: int = 200, share: float = 0.3, ties: bool = False):
    rng = np.random.default_rng(seed)
    labels = rng.random(count) < share
    scores = rng.normal(size=count) + labels
    return (scores.round(0) if ties else scores), labels


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_auc_is_that_of_scikit_learn(share, ties):
    scores, labels = drawn(0, share=share, ties=ties)
    assert probe.auc(scores, labels) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)


def test_auc_in_closed_form():
    labels = np.array([False, False, True, True])
    assert probe.auc(np.array([1.0, 2, 3, 4]), labels) == 1
    assert probe.auc(np.array([4.0, 3, 2, 1]), labels) == 0
    assert probe.auc(np.array([1.0, 3, 2, 4]), labels) == 0.75  # one of four pairs is in the wrong order
    assert probe.auc(np.ones(4), labels) == 0.5
    assert np.isnan(probe.auc(np.arange(4.0), np.ones(4, bool)))


@pytest.mark.parametrize("ties", [False, True])
def test_the_mean_of_the_components_is_the_auc(ties):
    scores, labels = drawn(1, ties=ties)
    assert probe.components(scores, labels).mean() == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_the_interval_of_the_components_is_that_of_the_auc_over_other_images(share):
    scores, labels = drawn(2, count=400, share=share)
    rng, again = np.random.default_rng(0), []
    for _ in range(2_000):
        chosen = rng.integers(400, size=400)
        again.append(roc_auc_score(labels[chosen], scores[chosen]))
    low, high = np.quantile(again, [0.025, 0.975])
    found = metrics.interval(probe.components(scores, labels), seed=0)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.15 * (high - low))


def test_each_attribute_is_read_off_standardised_codes():
    rng = np.random.default_rng(3)
    scales = np.array([1e-3, 1.0, 1e3])  # without standardising, the penalty would hide the first
    codes = rng.normal(size=(500, 3)) * scales + 5 * scales
    labels = np.stack([codes[:, 0] > 5e-3, codes[:, 2] + 500 * rng.normal(size=500) > 5e3, rng.random(500) < 0.5], 1)
    found = probe.probe(codes[:300], labels[:300], codes[300:], labels[300:])
    assert found.auc[0] > 0.99
    assert 0.8 < found.auc[1] < 0.99
    assert 0.35 < found.auc[2] < 0.65  # nothing to read
    assert found.values.shape == (200,)
    assert found.values.mean() == pytest.approx(found.auc.mean())
    standard = (codes - codes[:300].mean(0)) / codes[:300].std(0)
    second = LogisticRegression(tol=1e-8).fit(standard[:300], labels[:300, 1]).decision_function(standard[300:])
    assert found.auc[1] == pytest.approx(roc_auc_score(labels[300:, 1], second), abs=1e-3)


def test_a_dimension_that_does_not_vary_does_no_harm():
    rng = np.random.default_rng(4)
    codes = np.stack([rng.normal(size=100), np.full(100, 7.0)], axis=1)
    labels = codes[:, :1] > 0
    found = probe.probe(codes[:50], labels[:50], codes[50:], labels[50:])
    assert found.auc[0] > 0.99


def test_attributes_whose_rarer_value_is_too_rare_in_a_split_are_left_out():
    train, test = np.zeros((1_000, 5), bool), np.zeros((300, 5), bool)
    for a, (here, there) in enumerate([(10, 3), (9, 100), (100, 2), (990, 297), (991, 200)]):
        train[:here, a], test[:there, a] = True, True
    np.testing.assert_array_equal(probe.usable(train, test), [0, 3])
    assert probe.usable(train[:0], test).size == 0
