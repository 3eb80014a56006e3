"""Measures that the data rule out: reported before anything is trained or measured, rather than failing later."""

import math

from genmodels.data import Dataset
from genmodels.errors import UsageError
from genmodels.evaluation import measures, ways
from genmodels.evaluation.budget import Budget, check
from genmodels.evaluation.measures import Sizes
from genmodels.evaluation.measures.attributes import lacks, probed
from genmodels.evaluation.measures.realism import images_in_a_set
from genmodels.evaluation.measures.samples import REALISM, SLICED
from genmodels.evaluation.references import pca_sizes

# Measures without a name in words, such as a mean's levels, are left out with those that have one.
NAMED = [measure for measure in measures.MEASURES if measure.words != measure.name]
REAL, IMPROVED = " of real images", " of improved samples"


def sizes(dataset: Dataset, latent: int, budget: Budget) -> Sizes:
    """How much there is to measure on."""
    labels = probed(dataset, budget.images)
    attributes = None if labels is None else len(labels.names)
    return Sizes(len(dataset.train), len(dataset.test), latent, dataset.duplicates, attributes)


def expected(dataset: Dataset, latent: int, budget: Budget) -> dict[str, str]:
    """What will be left out of an evaluation, in words, and why; UsageError for an impossible budget."""
    check(budget, dataset)
    found, there = {}, sizes(dataset, latent, budget)
    for measure in NAMED:
        if reason := measure.lacks(there):
            found[measure.words] = reason
            if budget.refined and measure.subject == "samples":
                found[measure.words + IMPROVED] = reason
        if measure.real is not None and (reason := measure.real(there)):
            found[measure.words + REAL] = reason
    if dataset.labels is None:
        found["attribute vectors"] = lacks(there)
    values = math.prod(dataset.train.shape[1:])
    for size in pca_sizes(latent):
        if size > values:
            found[f"PCA with {size} dimensions"] = f"an image has no more than {values:,} values"
        elif size >= there.train:
            found[f"PCA with {size} dimensions"] = (
                f"it takes more training images than dimensions, and there are {there.train:,}"
            )
    found |= _sets(there, budget)
    ends = min(there.test, budget.images)
    if there.test >= 4 and ends // 2 < budget.lines:
        found[f"{budget.lines - ends // 2:,} of {budget.lines:,} lines"] = f"{ends:,} test images make {ends // 2:,}"
    return found | ways.lacking(there, budget)


def _sets(there: Sizes, budget: Budget) -> dict[str, str]:
    """What is left out of the measures of sets."""
    size, found = images_in_a_set(there.train, there.test), {}
    if not budget.swd_sets or size < 2:
        return {}
    paired = budget.refined // 2 * 2
    if budget.refined and paired < size:
        reason = f"it compares {size:,} samples, and {paired:,} improved ones are paired"
        found = {measure.words + IMPROVED: reason for measure in NAMED if measure.name in REALISM}
    if (sets := there.train // size) < budget.swd_sets:
        fewer = f"{budget.swd_sets - sets:,} of {budget.swd_sets:,} sets{REAL} for the {SLICED}"
        found[fewer] = f"{there.train:,} training images make {sets:,} of {size:,}"
    return found


def lines(found: dict[str, str]) -> list[str]:
    """One line for each reason, with everything left out because of it."""
    by_reason = {}
    for words, reason in found.items():
        by_reason.setdefault(reason, []).append(words)
    return [f"not measured, as {reason}: {'; '.join(words)}" for reason, words in by_reason.items()]


def require(names: list[str], dataset: Dataset, latent: int, budget: Budget) -> None:
    """Raises UsageError if any of these measures, by Measure.name, cannot be taken; for callers that need them."""
    missing = expected(dataset, latent, budget)
    needed = [measure.words for measure in measures.MEASURES if measure.name in names]
    for line in lines({words: missing[words] for words in needed if words in missing}):
        raise UsageError(f"{line}.\nUse more images.")
