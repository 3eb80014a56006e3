"""What numbers are read against: real pictures, and PCA at several latent sizes; computed once for each cache."""

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from genmodels import metrics
from genmodels.data import Pictures
from genmodels.images import to_unit

MOST_PAIRS = 10_000
BATCH = 100
NEAREST = 1_000  # test pictures whose nearest training picture is looked for
PCA_SIZES = (64, 128, 256, 512)  # besides a model's own


class Real(NamedTuple):
    """The row of real pictures, and the values behind those that samples are compared with."""

    row: dict[str, Any]
    ms_ssim: np.ndarray  # [pairs]
    nearest: np.ndarray  # [N], RMSE of a test picture to its nearest training picture


def real(pictures: Pictures, pairs: int | None, seed: int, *, progress: bool = False) -> Real:
    """Diversity and sharpness of test pictures, and how near they are to the training pictures.

    `pairs` disjoint ones are measured, None: as many as there are, at most 10,000.
    """
    most = min(len(pictures.test) // 2, MOST_PAIRS)
    pairs = most if pairs is None else pairs

    def measure():
        test = pictures.test[: 2 * pairs]
        couples = ((batch[::2], batch[1::2]) for (batch,) in metrics.batched(test, size=BATCH))
        found = metrics.distances_to_set(to_unit(pictures.test[:NEAREST]), pictures.train, progress=progress)
        return {
            "ms_ssim": metrics.per_picture(metrics.ms_ssim, couples, progress=progress).tolist(),
            "sharpness": metrics.per_picture(metrics.sharpness, metrics.batched(test, size=BATCH)).tolist(),
            "nearest_rmse": found.nearest.tolist(),
        }

    values = {k: np.array(v) for k, v in _once(pictures, f"real-{pairs}", measure).items()}
    row = {name: metrics.interval(each, seed=seed)._asdict() for name, each in values.items()}
    row["ms_ssim_levels"] = metrics.levels(pictures.test.shape[1])
    return Real(row, values["ms_ssim"], values["nearest_rmse"])


def pca(pictures: Pictures, latent: int, count: int, seed: int, *, progress: bool = False) -> dict[str, Any]:
    """Rows `mean`, the mean training picture, and `pca_<size>`: reconstruction errors on `count` of each split.

    PCA is fitted on the training split. One row for `latent` components and for each of PCA_SIZES that the pictures
    allow; UsageError if they do not allow `latent`.
    """
    most = min(len(pictures.train) - 1, int(np.prod(pictures.train.shape[1:])))
    sizes = sorted({latent, *(size for size in PCA_SIZES if size <= most)})

    def measure():
        fitted = metrics.pca.fit(pictures.train, sizes[-1], progress=progress)
        splits = {"train": pictures.train[:count], "test": pictures.test[:count]}
        each = [0, *sizes]  # no component: the mean
        found = {split: metrics.pca.rmse(fitted, x, each, progress=progress) for split, x in splits.items()}
        return {str(size): {split: found[split][size].tolist() for split in splits} for size in each}

    def row(size: str, values: dict[str, list[float]]):
        errors = {split: {"rmse": metrics.interval(np.array(v), seed=seed)._asdict()} for split, v in values.items()}
        return {"dimensions": int(size), "reconstruction": errors}

    values = _once(pictures, f"pca-0-{'-'.join(map(str, sizes))}-{count}", measure)
    return {"mean" if size == "0" else f"pca_{size}": row(size, each) for size, each in values.items()}


def _once(pictures: Pictures, name: str, measure: Callable[[], dict]) -> dict:
    """What `measure` returned the first time for these cached pictures; it is kept beside them."""
    path = Path(pictures.train.filename).parent / f"reference-{name}.json"
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        values = measure()
    partial = path.with_suffix(".tmp")
    with contextlib.suppress(OSError):  # a cache shared for reading only: measured anew each time
        partial.write_text(json.dumps(values))
        partial.replace(path)
    return values
