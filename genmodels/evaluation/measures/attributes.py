"""Measures of what codes know of images: their attributes, read off training images' codes, found in test images'."""

from functools import cached_property
from operator import attrgetter

import numpy as np

from genmodels import data, metrics
from genmodels.data import Dataset, Labels
from genmodels.evaluation.measures.measure import Measure, Sizes

TRAIN = 10_000  # training images that the probe is fitted to, at most


def probed(dataset: Dataset, count: int) -> Labels | None:
    """The attributes that are frequent enough, of the training images of the fit and of `count` test images, at most.

    None if nothing is known of the images.
    """
    if dataset.labels is None:
        return None
    train, test = data.sampled(dataset.labels.train, TRAIN), data.sampled(dataset.labels.test, count)
    chosen = metrics.probe.usable(train, test)
    return Labels(tuple(dataset.labels.names[a] for a in chosen), train[:, chosen], test[:, chosen])


class Attributes:
    """Codes [N, Z] and [M, Z] of training and test images, and the attributes that these have."""

    def __init__(self, labels: Labels | None, train: np.ndarray, test: np.ndarray):
        """`labels` are those of `probed`, of the same images."""
        assert labels is not None  # or the measures would be left out
        self.labels, self.train, self.test = labels, train, test

    @cached_property
    def probe(self) -> metrics.probe.Probe:
        return metrics.probe.probe(self.train, self.labels.train, self.test, self.labels.test)

    @property
    def values(self) -> np.ndarray:
        """A value for each test image [M], whose mean is the mean AUC over the attributes."""
        return self.probe.values

    @property
    def each(self) -> dict[str, float]:
        """The AUC of each attribute, by its name."""
        return dict(zip(self.labels.names, self.probe.auc.tolist(), strict=True))


def lacks(sizes: Sizes) -> str:
    """Why attributes cannot be probed; '' = they can."""
    if sizes.attributes is None:
        return "the images have no labels"
    if not sizes.attributes:
        return f"no attribute has both values in {metrics.probe.RAREST:.0%} of the images of each split"
    return ""


MEASURES = [
    Measure("attributes auc", "mean AUC of attributes", 3, "high", attrgetter("values"), lacks),
    Measure("attributes each", function=attrgetter("each"), lacks=lacks, alone="AUC of each attribute"),
    Measure(
        "attributes train_images",
        function=lambda these: len(these.train),
        lacks=lacks,
        alone="images of its fit",
    ),
]
