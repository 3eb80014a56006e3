"""What results are compared with: real images, and PCA at several latent sizes; computed once for each cache."""

import contextlib
import json
import math
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import jax
import numpy as np

from genmodels import data, metrics
from genmodels.data import Dataset
from genmodels.evaluation import measures, probes
from genmodels.evaluation.measures import OfSets, Sizes, Unmeasurable
from genmodels.evaluation.measures.attributes import TRAIN, probed
from genmodels.evaluation.measures.realism import Realism, disjoint, images_in_a_set, of_one_set
from genmodels.evaluation.measures.samples import NEAREST, ImageSet

MOST_PAIRS = 10_000
SETS = "values of sets"  # key of a measure of sets in a file
PCA_SIZES = (64, 128, 256, 512)  # besides a model's own


def real(
    dataset: Dataset, there: Sizes, pairs: int | None, swd_sets: int = 1, *, progress: bool = False
) -> dict[str, Any]:
    """The measures that real images have too, taken of test images, by name: values [N], or plain JSON.

    Measured are `pairs` disjoint pairs; None: as many as there are, at most 10,000. The sliced Wasserstein distance is
    that of at most `swd_sets` disjoint sets of training images from as many test images.
    """
    wanted = {m.name: m.function for m in measures.MEASURES if m.function and m.real is not None and not m.real(there)}
    pairs = min(len(dataset.test) // 2, MOST_PAIRS) if pairs is None else pairs

    def measure(names: Iterable[str]):
        test = data.sampled(dataset.test, 2 * pairs), data.sampled(dataset.test, NEAREST)
        images = ImageSet(*test, dataset.train, realism=_realism(dataset, swd_sets, progress), progress=progress)
        return {name: _plain(wanted[name], images) for name in names}

    return {name: _restored(x) for name, x in _kept(dataset, f"real-{pairs}-{swd_sets}", wanted, measure).items()}


def _realism(dataset: Dataset, sets: int, progress: bool) -> Realism | None:
    """Disjoint sets of training images, as many as there are, against test images; None for no sets."""
    size = images_in_a_set(len(dataset.train), len(dataset.test))
    train = disjoint(data.sampled(dataset.train, sets * size), size, sets)
    return Realism(data.sampled(dataset.test, size), train, progress=progress) if sets else None


def pca_sizes(latent: int, shape: tuple[int, ...] | None = None) -> list[int]:
    """The latent sizes for which PCA is a reference; of these, those that a training split of `shape` allows."""
    most = math.inf if shape is None else min(shape[0] - 1, math.prod(shape[1:]))
    return sorted(size for size in {latent, *PCA_SIZES} if size <= most)


def pca(dataset: Dataset, latent: int, count: int, *, progress: bool = False) -> dict[str, dict[str, np.ndarray]]:
    """RMSE [N] of reconstructing `count` images of each split by the `mean` training image and by `pca_<size>`.

    PCA is fitted to the training split, with each of `pca_sizes` that it allows.
    """
    each = [0, *pca_sizes(latent, dataset.train.shape)]  # no component: the mean

    def measure(_):
        fitted = metrics.pca.fit(dataset.train, each[-1], progress=progress)
        found = {
            split: metrics.pca.rmse(fitted, data.sampled(getattr(dataset, split), count), each, progress=progress)
            for split in ("train", "test")
        }
        return {str(size): {split: errors[size].tolist() for split, errors in found.items()} for size in each}

    kept = _kept(dataset, f"pca-{'-'.join(map(str, each))}-{count}", map(str, each), measure)
    return {
        f"pca_{size}" if size != "0" else "mean": {split: np.array(x) for split, x in values.items()}
        for size, values in kept.items()
    }


def attributes(dataset: Dataset, latent: int, count: int, *, progress: bool = False) -> dict[str, dict[str, Any]]:
    """How well attributes are read off `pca_<latent>`, `pixels_4` and `pixels_16`, as `probes.measure` has it, by row.

    Scored on `count` test images, at most; {} if there are no attributes to probe.
    """
    labels = probed(dataset, count)
    if labels is None or not labels.names:
        return {}
    train, test = data.sampled(dataset.train, TRAIN), data.sampled(dataset.test, len(labels.test))
    wanted = [f"pixels_{size}" for size in probes.PIXELS]
    if latent in pca_sizes(latent, train.shape):
        wanted.append(f"pca_{latent}")

    def measure(names: Iterable[str]) -> dict[str, dict[str, Any]]:
        return {name: probes.measure(name, train, test, labels, progress=progress) for name in names}

    return _kept(dataset, f"attributes-{labels.digest[:10]}-{len(train)}-{len(test)}", wanted, measure)


def distances(dataset: Dataset, count: int, seed: int) -> dict[str, dict[str, float]]:
    """Sliced Wasserstein distances, their mean and by level, of `count` training images from as many test images."""

    def measure(_):
        train, test = (data.sampled(split, count) for split in (dataset.train, dataset.test))
        found = metrics.sliced_wasserstein(test, train, seed=seed)
        return {"distances": of_one_set(found, count)}

    return _kept(dataset, f"distances-{count}-{seed}", ["distances"], measure)["distances"]


def _plain(function: Callable[[ImageSet], Any], images: ImageSet) -> Any:
    """A measure's value as plain JSON; NaN if unmeasurable, which is reported when it is summarised."""
    try:
        found = function(images)
    except Unmeasurable:
        return math.nan
    if isinstance(found, dict):
        return {key: _of_sets(value) for key, value in found.items()}
    return np.asarray(found).tolist() if isinstance(found, (np.ndarray, np.generic, jax.Array)) else _of_sets(found)


def _of_sets(value: Any) -> Any:
    return {SETS: value.values, "n": value.n} if isinstance(value, OfSets) else value


def _restored(value: Any) -> Any:
    """A measure's value from its plain JSON."""
    if isinstance(value, dict):
        return OfSets(value[SETS], value["n"]) if SETS in value else {key: _restored(x) for key, x in value.items()}
    return np.array(value) if isinstance(value, list) else value


def _kept(dataset: Dataset, name: str, wanted: Iterable[str], measure: Callable[[list[str]], dict]) -> dict:
    """The `wanted` values of these cached images, kept beside them; `measure` computes the missing ones."""
    file = dataset.train.filename
    assert file is not None  # it is memory-mapped from one
    path = Path(file).parent / f"reference-{name}.json"
    wanted, values = list(wanted), _read(path)
    missing = [each for each in wanted if each not in values]
    if missing:
        values |= measure(missing)
        text = json.dumps({"format": measures.FORMAT, "values": values})
        partial = path.with_name(f"{path.name}.{os.getpid()}.tmp")  # two evaluations may share the cache
        with contextlib.suppress(OSError):  # a read-only shared cache: measured again each time
            partial.write_text(text)
            partial.replace(path)
    return {each: values[each] for each in wanted}


def _read(path: Path) -> dict:
    try:
        found = json.loads(path.read_text())
        return dict(found["values"]) if found["format"] == measures.FORMAT else {}
    except (OSError, ValueError, LookupError, TypeError):
        return {}
