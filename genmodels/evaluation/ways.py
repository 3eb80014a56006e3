"""Ways to draw codes, compared on one model: the prior, improved sampling, and densities fitted to training codes."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import jax
import numpy as np

from genmodels import data, metrics
from genmodels.data import Dataset
from genmodels.errors import UsageError
from genmodels.evaluation.budget import Budget
from genmodels.evaluation.encoding import sampled_codes_of
from genmodels.evaluation.generated import Generator
from genmodels.evaluation.measures import Sizes, Unmeasurable, least
from genmodels.evaluation.measures import samples as of_samples
from genmodels.evaluation.measures.improved import Improved
from genmodels.evaluation.measures.realism import of_one_set
from genmodels.evaluation.measures.samples import ImageSet
from genmodels.model import Model
from genmodels.sampling import densities
from genmodels.sampling.densities import COMPONENTS, Density

CODES = 20_000  # of training images, at most, to which densities are fitted
FEWEST = 4  # test images: two pairs, for an interval
WAYS = 3  # a random stream of its own, so that the numbers of other measures do not depend on these
TITLES = {"prior": "prior", "improved": "improved sampling", "gaussian": "Gaussian", "mixture": "mixture of {}"}


def lacking(there: Sizes, budget: Budget) -> dict[str, str]:
    """What will be left out, in words, and why; UsageError for more components, asked for by hand, than codes allow."""
    if not budget.draws:
        return {}
    codes, latent, asked = min(there.train, CODES), there.latent, budget.components
    if asked and (takes := densities.fewest(asked, latent)) > codes:
        raise UsageError(
            f"evaluation: components={asked} take {takes:,} codes of training images in {latent} dimensions, and there "
            f"are {codes:,}.\nAsk for at most {codes // densities.fewest(1, latent)}, or leave the field out."
        )
    if reason := least(test=FEWEST)(there):
        return {"how to draw codes": reason}
    found = {
        f"codes of a {title(name, budget)}": f"it takes {takes:,} training images, and there are {codes:,}"
        for name, count in _components(budget).items()
        if (takes := densities.fewest(count, latent)) > codes
    }
    if 0 < budget.refined < (count := number(there.test, budget)):
        found["improved among the ways to draw codes"] = (
            f"it takes {count:,} improved samples, and there are {budget.refined:,}"
        )
    return found


def number(test: int, budget: Budget) -> int:
    """How many samples of each way are measured, against as many of `test` test images."""
    return min(budget.draws, test)


def title(way: str, budget: Budget) -> str:
    """What a way is called."""
    return TITLES[way].format(_components(budget)["mixture"])


def fit(model: Model, dataset: Dataset, budget: Budget, *, progress: bool = False) -> dict[str, Density]:
    """The densities for which there are enough codes, by name."""
    takes = {name: densities.fewest(count, model.config.model.latent) for name, count in _components(budget).items()}
    if not budget.draws or min(len(dataset.train), CODES) < min(takes.values()):
        return {}
    codes = sampled_codes_of(model, dataset.train, CODES, _key(budget, "posterior"), progress=progress)
    wanted = {name: count for name, count in _components(budget).items() if takes[name] <= len(codes)}
    return {name: densities.fit(codes, count, budget.seed) for name, count in wanted.items()}


def measure(
    model: Model,
    dataset: Dataset,
    budget: Budget,
    fitted: Mapping[str, Density],
    real: Mapping[str, np.ndarray],
    improved: Improved | None,
    *,
    progress: bool = False,
) -> dict[str, Any]:
    """The numbers of each way, each of `number` samples, and how many these are.

    `real` are the values of real images, by measure; `improved` codes and those that they started from, if there are
    enough of them, are used here too.
    """
    count = number(len(dataset.test), budget)
    generator, test = Generator(model, dataset, real, 0, progress), data.sampled(dataset.test, count)
    found = {}
    for way, codes in _codes(model, budget, fitted, improved, count):
        images = generator.decoded(codes)
        drawn = generator.image_set(images, images[:0], count)
        distances = metrics.sliced_wasserstein(test, images, seed=budget.seed)
        found[way] = {
            **of_one_set(distances, count),
            **_of_samples(drawn, model, dataset, budget),
        }
    return {"n": count, "components": _components(budget)["mixture"], "ways": found}


def _of_samples(drawn: ImageSet, model: Model, dataset: Dataset, budget: Budget) -> dict[str, Any]:
    """MS-SSIM less that of real images, and whether they are copies: measures of samples, taken of these."""
    assert drawn.real is not None
    pairs = drawn.pairs(metrics.ms_ssim)
    difference = metrics.difference(pairs, drawn.real["samples ms_ssim"], seed=budget.seed)
    found: dict[str, Any] = {"ms_ssim_minus_real": difference._asdict()}
    there = Sizes(len(dataset.train), len(dataset.test), model.config.model.latent, dataset.duplicates)
    (copies,) = (entry for entry in of_samples.MEASURES if entry.name == "samples nearest_over_real")
    if copies.function and not copies.lacks(there):
        with contextlib.suppress(Unmeasurable):  # which is said of the samples that have a row
            found["nearest_over_real"] = copies.function(drawn)
    return found


def _codes(
    model: Model, budget: Budget, fitted: Mapping[str, Density], improved: Improved | None, count: int
) -> Iterator[tuple[str, jax.Array]]:
    """Each way with `count` codes of it; improved ones follow those that they started from."""
    if improved is not None and len(improved.start) >= count:
        yield "prior", improved.start[:count]
        yield "improved", improved.moved.codes[:count]
    else:
        yield "prior", jax.random.normal(_key(budget, "prior"), (count, model.config.model.latent))
    for name, density in fitted.items():
        yield name, density.sample(_key(budget, name), count)


def _components(budget: Budget) -> dict[str, int]:
    return COMPONENTS | ({"mixture": budget.components} if budget.components else {})


def _key(budget: Budget, name: str) -> jax.Array:
    """The key of one use of random numbers."""
    root = jax.random.key(int(np.random.default_rng([budget.seed, WAYS]).integers(2**32)))
    return jax.random.fold_in(root, ("posterior", "prior", *COMPONENTS).index(name))
