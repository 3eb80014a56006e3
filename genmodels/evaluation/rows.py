"""Every number that a run is compared by, each with its uncertainty, and the reference rows that give it a meaning."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from genmodels import metrics, runs, sampling
from genmodels.data import Pictures
from genmodels.errors import UsageError
from genmodels.evaluation import references
from genmodels.images import to_uint8, to_unit
from genmodels.mmd import mmd
from genmodels.model import Model

BATCH = 100  # pictures at once
MMD_CODES = 100  # codes in each of the disjoint sets over which MMD is averaged
TIMED = 1_000  # pictures encoded and decoded against the clock


class Budget(NamedTuple):
    """How much is measured; whatever the data cannot give is left out of n, not made up."""

    pictures: int  # of each split, for reconstruction and codes
    pairs: int  # of samples, for diversity
    real_pairs: int | None  # of test pictures; None: as many disjoint ones as there are, at most 10,000
    lines: int  # between test pictures and between prior codes
    points: int  # of each line, ends included
    refined: int  # codes that improved sampling moves; 0: none
    seed: int
    spherical: bool = False  # lines


def evaluate_run(workdir: Path, model: Model, pictures: Pictures, budget: Budget) -> dict[str, Any]:
    """Evaluates the model of a run, with progress bars, and writes all of it to <workdir>/eval/<step>.json."""
    report = {
        "data": pictures.description,
        "step": model.step,
        "budget": budget._asdict(),
        "training_pictures_per_s": runs.training_rate(workdir),
        "rows": evaluate(model, pictures, budget, progress=True),
    }
    path = report_path(workdir, model.step)
    partial = path.with_suffix(".tmp")
    try:
        path.parent.mkdir(exist_ok=True)
        partial.write_text(json.dumps(report, indent=1) + "\n")
        partial.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}): make room there.") from error
    return report


def report_path(workdir: Path, step: int) -> Path:
    """Where the evaluation of a run at `step` is kept."""
    return workdir / "eval" / f"{step}.json"


def read(workdir: Path, step: int) -> dict[str, Any] | None:
    """The evaluation of a run at `step`; None if there is none."""
    try:
        return json.loads(report_path(workdir, step).read_text())
    except (OSError, ValueError):
        return None


def is_done(workdir: Path, step: int, budget: Budget) -> bool:
    """Whether a run at `step` was evaluated with this budget."""
    report = read(workdir, step)
    return report is not None and report["budget"] == budget._asdict()


def evaluate(model: Model, pictures: Pictures, budget: Budget, *, progress: bool = False) -> dict[str, Any]:
    """Rows of measurements by name: the method's own, `improved_<method>` if asked, `real`, `mean`, `pca_<size>`.

    Every estimate is {mean, low, high, n}: a mean and its bootstrap 95 % interval. Raises UsageError for more pairs
    than there are pictures.
    """
    most = len(pictures.test) // 2
    if budget.real_pairs is not None and budget.real_pairs > most:
        raise UsageError(
            f"--real_pairs={budget.real_pairs}: {len(pictures.test):,} test pictures make {most:,} disjoint pairs.\n"
            "Ask for at most that many, or leave the flag out to have them all."
        )
    names = ("samples", "lines", "prior", "refined")
    keys = dict(zip(names, jax.random.split(jax.random.key(budget.seed), len(names)), strict=True))
    real = references.real(pictures, budget.real_pairs, budget.seed, progress=progress)
    codes = codes_of(model, pictures.test[: budget.pictures])
    row = {
        "reconstruction": {
            split: _reconstruction(model, getattr(pictures, split)[: budget.pictures], budget.seed, progress)
            for split in ("train", "test")
        },
        "samples": _samples(lambda n: _decoded(model, _prior(model, keys["samples"], n)), pictures, real, budget),
        "latent": _latent(codes, keys["prior"], budget),
        "manifold": _manifold(model, codes, pictures, keys["lines"], budget, progress),
        "speed": _speed(model),
    }
    rows = {model.config.method: row}
    if budget.refined:
        rows[f"improved_{model.config.method}"] = _improved(model, pictures, real, keys["refined"], budget)
    latent = model.config.model.latent
    linear = references.pca(pictures, latent, budget.pictures, budget.seed, progress=progress)
    return rows | {"real": real.row} | linear


def estimate(values: np.ndarray, seed: int) -> dict[str, float]:
    """A mean over values [N] with its bootstrap 95 % interval and n."""
    return metrics.interval(values, seed=seed)._asdict()


def _reconstruction(model: Model, split: np.ndarray, seed: int, progress: bool) -> dict[str, dict]:
    """Errors of reconstructions, clipped and rounded to uint8 levels, of one split."""

    def reconstruction(x, y):
        return jnp.stack([metrics.rmse(x, y), metrics.psnr(x, y), metrics.ssim(x, y), metrics.sharpness(y)], axis=1)

    batches = ((x, to_uint8(model.reconstruct(to_unit(x)))) for (x,) in metrics.batched(split, size=BATCH))
    table = metrics.per_picture(reconstruction, batches, progress=progress)  # [N, 4]
    return {
        name: estimate(column, seed)
        for name, column in zip(("rmse", "psnr", "ssim", "sharpness"), table.T, strict=True)
    }


def _samples(draw: Callable[[int], Iterator[np.ndarray]], pictures: Pictures, real: references.Real, budget: Budget):
    """Diversity, sharpness and nearest training pictures of samples that `draw(n)` yields in batches."""
    scores, sharp, kept = [], [], []
    for batch in draw(2 * budget.pairs):
        even = len(batch) // 2 * 2
        scores.append(metrics.ms_ssim(to_unit(batch[:even:2]), to_unit(batch[1:even:2])))
        sharp.append(metrics.sharpness(to_unit(batch)))
        if sum(map(len, kept)) < len(real.nearest):
            kept.append(batch)
    scores = np.concatenate(scores)
    nearest = metrics.distances_to_set(to_unit(np.concatenate(kept)[: len(real.nearest)]), pictures.train).nearest
    return {
        "ms_ssim": estimate(scores, budget.seed),
        "ms_ssim_minus_real": metrics.difference(scores, real.ms_ssim, seed=budget.seed)._asdict(),
        "ms_ssim_levels": metrics.levels(pictures.train.shape[1]),
        "sharpness": estimate(np.concatenate(sharp), budget.seed),
        "nearest_rmse": estimate(nearest, budget.seed),
        "nearest_over_real": float(nearest.mean() / real.nearest.mean()),
    }


def _latent(codes: np.ndarray, key: jax.Array, budget: Budget) -> dict[str, Any]:
    """How far Q_z, the codes of test pictures, is from the prior; MMD is averaged over disjoint sets of codes."""
    found = metrics.moments(codes)
    size = min(MMD_CODES, len(codes) // 2)
    compare = jax.jit(mmd)
    values = []
    starts = range(0, len(codes) - size + 1, size)
    for i, start in enumerate(starts):
        prior = jax.random.normal(jax.random.fold_in(key, i), (size, codes.shape[1]))
        values.append(compare(jnp.asarray(codes[start : start + size]), prior))
    plane_key = jax.random.fold_in(key, len(starts))
    return {
        "mmd": estimate(np.array(values), budget.seed) | {"codes_in_a_set": size},
        "active_units": metrics.active_units(codes),
        "dimensions": codes.shape[1],
        "mean": found.mean.tolist(),
        "std": found.std.tolist(),
        "largest_correlation": found.largest_correlation,
        "mean_correlation": found.mean_correlation,
        "least_gaussian_plane": np.asarray(metrics.least_gaussian_plane(codes, plane_key)).tolist(),  # [Z, 2]
        "n": len(codes),
    }


def _manifold(
    model: Model, codes: np.ndarray, pictures: Pictures, key: jax.Array, budget: Budget, progress: bool
) -> dict[str, dict]:
    """RMSE between interpolated pictures (without the ends of a line) and the training pictures, in both readings.

    Lines lie between `codes` of test pictures, and between prior codes.
    """
    lines = min(budget.lines, len(codes) // 2)
    of_pictures = codes[: 2 * lines]
    between = {"test_pictures": of_pictures, "prior": np.asarray(jax.random.normal(key, of_pictures.shape))}
    line = sampling.slerp if budget.spherical else sampling.lerp
    rows = {}
    for name, ends in between.items():
        inner = line(ends[::2], ends[1::2], budget.points)[:, 1:-1].reshape(-1, codes.shape[1])
        found = metrics.distances_to_set(to_unit(_all(_decoded(model, inner))), pictures.train, progress=progress)
        by_line = {"mean_rmse": found.mean, "nearest_rmse": found.nearest}  # points of one line are not independent
        rows[name] = {k: estimate(v.reshape(lines, -1).mean(1), budget.seed) for k, v in by_line.items()}
    return rows


def _improved(model: Model, pictures: Pictures, real: references.Real, key: jax.Array, budget: Budget):
    """The row of improved sampling: what the descent did, and its samples measured like any others."""
    start = _prior(model, key, budget.refined)
    moved = model.refine_codes(start)
    fewer = budget._replace(pairs=budget.refined // 2)
    return {
        "samples": _samples(lambda n: _decoded(model, moved.codes[:n]), pictures, real, fewer),
        "fixed_point_before": estimate(np.asarray(moved.before), budget.seed),
        "fixed_point_after": estimate(np.asarray(moved.after), budget.seed),
        "code_change": estimate(np.asarray(jnp.abs(moved.codes - start).mean(1)), budget.seed),
        "steps": int(moved.steps),
    }


def _speed(model: Model) -> dict[str, float]:
    """Parameters, and seconds for 1,000 pictures, after compiling, on this machine's default device."""
    size, latent = model.config.image_size, model.config.model.latent
    return {
        "parameters": model.parameters,
        "encode_1000_s": _seconds(model.encode, jnp.zeros((TIMED, size, size, 3))),
        "decode_1000_s": _seconds(model.decode, jnp.zeros((TIMED, latent))),
        "device": jax.devices()[0].device_kind,
    }


def _seconds(function: Callable[[jax.Array], jax.Array], x: jax.Array) -> float:
    jax.block_until_ready(function(x))
    began = time.perf_counter()
    jax.block_until_ready(function(x))
    return time.perf_counter() - began


def codes_of(model: Model, split: np.ndarray) -> np.ndarray:
    """Codes [N, Z] of uint8 pictures [N, H, W, 3], read as they come."""
    return np.concatenate([model.encode(to_unit(x)) for (x,) in metrics.batched(split, size=BATCH)])


def _prior(model: Model, key: jax.Array, count: int) -> jax.Array:
    return jax.random.normal(key, (count, model.config.model.latent))


def _decoded(model: Model, codes: jax.Array) -> Iterator[np.ndarray]:
    for start in range(0, len(codes), BATCH):
        yield to_uint8(model.decode(codes[start : start + BATCH]))


def _all(batches: Iterator[np.ndarray]) -> np.ndarray:
    return np.concatenate(list(batches))
