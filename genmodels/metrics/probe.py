"""What codes know of images: boolean attributes read off them by a linear classifier that is scored on other images."""

import warnings
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float64, Int, Real
from scipy import stats

RAREST = 0.01  # share of images that the rarer value of an attribute needs in both splits
STEPS = 1_000  # of the fit, at most; it takes some ten to two hundred


class Probe(NamedTuple):
    """How well attributes are read off the codes of test images, by ROC AUC: .5 = by chance, 1 = without an error."""

    auc: Float64[np.ndarray, " a"]  # of each attribute
    values: Float64[np.ndarray, " n"]  # of each test image; their mean is the mean of `auc`, see `components`


def usable(train: Bool[np.ndarray, "n a"], test: Bool[np.ndarray, "m a"]) -> Int[np.ndarray, " u"]:
    """The attributes whose rarer value at least one image, and RAREST of the images, of both splits have."""

    def rarer(labels: Bool[np.ndarray, "k a"]) -> Float[np.ndarray, " a"]:
        positive = labels.sum(0)
        return np.minimum(positive, len(labels) - positive) / max(len(labels), 1)

    rarest = np.minimum(rarer(train), rarer(test))
    return np.flatnonzero((rarest >= RAREST) & (rarest > 0))


def probe(
    train_codes: Real[np.ndarray, "n z"],
    train: Bool[np.ndarray, "n a"],
    test_codes: Real[np.ndarray, "m z"],
    test: Bool[np.ndarray, "m a"],
) -> Probe:
    """Fits a logistic regression to each attribute of the training images and scores it on the test images.

    Codes are standardised by the training codes; the weights have scikit-learn's penalty, C = 1. Alain and Bengio
    2016, arXiv 1610.01644. Each attribute must have both values in both splits, as those of `usable` do.
    """
    # Imported where it fits only: it takes a second.
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    centre, scale = train_codes.mean(0), train_codes.std(0)
    scale = np.where(scale > 0, scale, 1)
    fitted, scored = ((codes - centre) / scale for codes in (train_codes, test_codes))
    each = []
    with threadpool_limits(1), warnings.catch_warnings():  # a product is too small to share: threads would wait
        warnings.simplefilter("ignore", ConvergenceWarning)  # a fit that stops at STEPS orders images well enough
        for known, unseen in zip(train.T, test.T, strict=True):
            regression = LogisticRegression(max_iter=STEPS).fit(fitted, known)
            each.append(components(regression.decision_function(scored), unseen))
    return Probe(np.array([values.mean() for values in each]), np.mean(each, axis=0))


def auc(scores: Real[np.ndarray, " n"], labels: Bool[np.ndarray, " n"]) -> float:
    """The share of pairs, one image with and one without the attribute, that the scores order rightly; ties count half.

    By ranks: Mann and Whitney 1947. NaN if all images have the same value.
    """
    with_it = int(labels.sum())
    without = len(labels) - with_it
    if not with_it or not without:
        return float("nan")
    ranks = stats.rankdata(scores)
    return float((ranks[labels].sum() - with_it * (with_it + 1) / 2) / (with_it * without))


def components(scores: Real[np.ndarray, " n"], labels: Bool[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
    """A value for each image, whose mean is the AUC and whose spread is that of the AUC over other sets of images.

    By the structural components of DeLong, DeLong and Clarke-Pearson 1988: each image's share of rightly ordered pairs
    with the images of the other value, less the AUC, divided by the share of images of its own value, plus the AUC. The
    mean of these over resampled images is, to first order, the AUC of those images; so means over attributes and
    differences of methods have the intervals of any other measure that is taken of each image.
    """
    place = np.empty(len(scores))  # the share of the images of the other value that are on the right side
    ranks = stats.rankdata(scores)
    for value in (True, False):
        own = labels == value
        below = (ranks[own] - stats.rankdata(scores[own])) / (~own).sum()
        place[own] = below if value else 1 - below
    mean = auc(scores, labels)
    share = np.where(labels, labels.mean(), 1 - labels.mean())  # of the images with its own value
    return mean + (place - mean) / share
