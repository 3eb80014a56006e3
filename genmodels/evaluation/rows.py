"""Every number by which runs are compared, each with its uncertainty, and the reference rows to read it against."""

from collections.abc import Callable, Mapping
from functools import cache, reduce
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import numpy as np

from genmodels import data, metrics
from genmodels.data import Dataset
from genmodels.evaluation import left_out, measures, references, ways
from genmodels.evaluation.budget import Budget
from genmodels.evaluation.encoding import codes_of, sampled_codes_of
from genmodels.evaluation.generated import Generator
from genmodels.evaluation.measures import OfSets, Sizes, Unmeasurable
from genmodels.evaluation.measures.attributes import TRAIN, Attributes, probed
from genmodels.evaluation.measures.codes import Codes
from genmodels.evaluation.measures.improved import Improved, Pair
from genmodels.evaluation.measures.lines import Lines
from genmodels.evaluation.measures.realism import images_in_a_set
from genmodels.evaluation.measures.reconstructions import Reconstructions
from genmodels.evaluation.measures.samples import ImageSet
from genmodels.model import Model
from genmodels.sampling.densities import Density

Subjects = dict[str, Callable[[], Any]]  # what measures are taken of, by Measure.subject; created when needed


class Evaluation(NamedTuple):
    """Rows of measurements by name, what was left out of them, in words, with its reason, and values behind them."""

    rows: dict[str, dict[str, Any]]
    left_out: dict[str, str]
    values: dict[str, np.ndarray]  # of images, of pairs or of sets, by row and measure: 'vae reconstruction test rmse'


def evaluate(
    model: Model,
    dataset: Dataset,
    budget: Budget,
    fitted: Mapping[str, Density] = MappingProxyType({}),
    *,
    train_codes: np.ndarray | None = None,
    progress: bool = False,
) -> Evaluation:
    """The rows: the method's own, `improved_<method>` if asked, `real`, `mean`, `pca_<size>`, `pixels_<size>`.

    `fitted` are densities of codes to draw from, besides the prior; the ways to draw codes are below 'draws'.
    `train_codes` are those of `train_codes_of`, if the caller has them; they are read only where attributes are probed.
    Every estimate is {mean, low, high, n}: a mean and its 95 % interval. What the data rule out is left
    out and named. Raises UsageError for an impossible budget, such as more pairs than there are images.
    """
    method, latent, seed = model.config.method, model.config.model.latent, budget.seed
    missing, there = left_out.expected(dataset, latent, budget), left_out.sizes(dataset, latent, budget)
    real = references.real(dataset, there, budget.real_pairs, budget.swd_sets, progress=progress)
    of_real = _summaries(real, seed, missing, left_out.REAL)
    real = {name: real[name] for name in of_real}
    train = cache(lambda: train_codes_of(model, dataset) if train_codes is None else train_codes)
    plain, improved = _subjects(model, dataset, budget, real, train, progress)
    if strange := [m.name for m in measures.MEASURES if m.function and m.subject not in plain.keys() | improved.keys()]:
        raise ValueError(f"{strange} have no subject: their names start with none of {list(plain)}")
    rows, kept = {}, {}
    rows[method], kept[method] = _row(plain, there, real, seed, missing)
    if budget.refined:
        name = f"improved_{method}"
        rows[name], kept[name] = _row(improved, there, real, seed, missing, left_out.IMPROVED)
    rows["real"] = _nested(of_real).get("samples", {})
    if budget.draws and len(dataset.test) >= ways.FEWEST:
        pair = improved[""]() if budget.refined else None
        rows[method]["draws"] = ways.measure(model, dataset, budget, fitted, real, pair, progress=progress)
        count = ways.number(len(dataset.test), budget)
        rows["real"]["draws"] = {"n": count, **references.distances(dataset, count, seed)}
    for name, errors in references.pca(dataset, latent, budget.images, progress=progress).items():
        found = {split: {"rmse": summary(values, seed)} for split, values in errors.items() if len(values) > 1}
        rows[name] = {"dimensions": int(name.removeprefix("pca_").replace("mean", "0")), "reconstruction": found}
        kept[name] = {"reconstruction test rmse": errors["test"]}
    for name, found in references.attributes(dataset, latent, budget.images, progress=progress).items():
        auc = {"auc": summary(np.array(found["values"]), seed), "each": found["each"]}
        rows.setdefault(name, {})["attributes"] = auc
    values = {f"{row} {name}": array for row, found in kept.items() for name, array in _arrays(found).items()}
    return Evaluation(rows, missing, values)


def summary(value: Any, seed: int) -> Any:
    """A measure's value as a row holds it: for values [N] their mean with its interval, for others plain JSON.

    The interval of measures of sets is Student's; the mean of a single set has none. Raises Unmeasurable for what is
    not finite, as the PSNR of a perfect reconstruction.
    """
    if isinstance(value, OfSets):
        return _of_sets(value)
    if isinstance(value, dict):
        return {key: summary(each, seed) for key, each in value.items()}
    if isinstance(value, (np.ndarray, np.generic, jax.Array, float)):
        value = np.asarray(value)
        if bad := np.count_nonzero(~np.isfinite(value)):
            raise Unmeasurable(f"{bad:,} of {value.size:,} values are not finite" if value.ndim else "it is not finite")
        return metrics.interval(value, seed=seed)._asdict() if value.ndim else value.item()
    return value


def _of_sets(value: OfSets) -> dict[str, Any]:
    about, values = {"n": value.n, "sets": len(value.values)}, np.array(value.values)
    if len(values) == 1:
        return {"mean": float(values[0]), **about}
    return {**metrics.student(values)._asdict(), **about}


def train_codes_of(model: Model, dataset: Dataset) -> np.ndarray:
    """Codes [N, Z] of the training images of whose attributes the codes are probed."""
    return codes_of(model, data.sampled(dataset.train, TRAIN))


def _row(
    subjects: Subjects, there: Sizes, real: Mapping[str, Any], seed: int, missing: dict[str, str], whose: str = ""
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The measures of these subjects as a row, and their values by name.

    Those that are best near real images have their difference from these as well.

    What turns out to be unmeasurable is added to `missing`.
    """
    values = {}
    for place, make in subjects.items():
        own = [m for m in measures.MEASURES if m.subject == place and not m.lacks(there)]
        entries = [(m, m.function) for m in own if m.function]
        subject = make() if entries else None
        for entry, function in entries:
            try:
                if (value := function(subject)) is not None:
                    values[entry.name] = value
            except Unmeasurable as reason:
                missing[entry.words + whose] = str(reason)
    found = _summaries(values, seed, missing, whose)
    for name in [m.name for m in measures.MEASURES if m.best == "real" and m.name in found.keys() & real.keys()]:
        found[f"{name}_minus_real"] = metrics.difference(values[name], real[name], seed=seed)._asdict()
    return _nested(found), values


def _arrays(values: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Of the values of measures, those with one for each image, pair or set."""
    found = {name: value.values if isinstance(value, OfSets) else value for name, value in values.items()}
    measured = {name for name, value in values.items() if isinstance(value, (OfSets, np.ndarray, jax.Array))}
    return {name: np.asarray(found[name]) for name in found if name in measured}


def _summaries(values: Mapping[str, Any], seed: int, missing: dict[str, str], whose: str) -> dict[str, Any]:
    """`summary` of each measure's value; a measure without one is added to `missing`."""
    found = {}
    for entry in measures.MEASURES:
        if entry.name in values:
            try:
                found[entry.name] = summary(values[entry.name], seed)
            except Unmeasurable as reason:
                missing[entry.words + whose] = str(reason)
    return found


def _subjects(
    model: Model, dataset: Dataset, budget: Budget, real: Mapping[str, Any], train_codes: Callable, progress: bool
) -> tuple[Subjects, Subjects]:
    """What a method's own row is measured of, and what that of improved sampling is."""
    names = ("samples", "lines", "prior", "refined", "sets", "posterior")
    keys: dict[str, jax.Array] = dict(
        zip(names, jax.random.split(jax.random.key(budget.seed), len(names)), strict=True)
    )
    generator = Generator(model, dataset, real, budget.swd_sets, progress)
    size = images_in_a_set(len(dataset.train), len(dataset.test))
    paired = budget.refined // 2 * 2
    ends = 2 * min(budget.lines, max(2, min(len(dataset.test), budget.images) // 2))

    def some(split: np.ndarray) -> np.ndarray:
        return data.sampled(split, budget.images)

    def prior(name: str, count: int) -> jax.Array:
        return jax.random.normal(keys[name], (count, model.config.model.latent))

    def samples() -> ImageSet:
        images = generator.decoded(prior("samples", 2 * budget.pairs))
        apart = generator.decoded(prior("sets", budget.swd_sets * size)) if budget.swd_sets else images[:0]
        return generator.image_set(images, apart, size)

    def refined(codes: jax.Array, size: int) -> ImageSet:
        images = generator.decoded(codes[:paired])
        return generator.image_set(images, images, size)

    def lines(codes: np.ndarray) -> Lines:
        points, spherical = budget.points, budget.spherical
        return Lines(model, codes, dataset.train, points=points, spherical=spherical, progress=progress)

    codes = cache(lambda: codes_of(model, some(dataset.test)))

    def drawn() -> np.ndarray:
        return sampled_codes_of(model, dataset.test, budget.images, keys["posterior"])

    start = cache(lambda: prior("refined", budget.refined))
    moved = cache(lambda: model.refine_codes(start()))
    pair = cache(lambda: Pair(*(refined(each, min(size, paired)) for each in (start(), moved().codes))))
    plain = {
        "reconstruction train": lambda: Reconstructions(model, some(dataset.train), progress=progress),
        "reconstruction test": lambda: Reconstructions(model, some(dataset.test), progress=progress),
        "samples": samples,
        "latent": lambda: Codes(codes(), drawn(), keys["prior"]),
        "attributes": lambda: Attributes(probed(dataset, budget.images), train_codes(), codes()),
        "manifold test_images": lambda: lines(codes()[:ends]),
        "manifold prior": lambda: lines(np.asarray(prior("lines", ends))),
        "speed": lambda: model,
    }
    improved = {
        "samples": lambda: refined(moved().codes, size),
        "start": pair,
        "change": pair,
        "": lambda: Improved(start(), moved()),
    }
    return plain, improved


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """{'a b': value} as {'a': {'b': value}}."""
    tree = {}
    for name, value in values.items():
        *places, last = name.split()
        reduce(lambda branch, place: branch.setdefault(place, {}), places, tree)[last] = value
    return tree
