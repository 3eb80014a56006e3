"""All figures and videos of one trained model, as files."""

import shutil
from pathlib import Path

import jax
import numpy as np

from genmodels import evaluation, images, methods, metrics, sampling
from genmodels.data import Dataset, sampled
from genmodels.figures import attributes, plots, sheets, videos
from genmodels.images import to_uint8, to_unit
from genmodels.model import Model
from genmodels.runs import derived, exported
from genmodels.runs.logs import read_metrics
from genmodels.sampling import densities
from genmodels.sampling.attributes import Vectors
from genmodels.sampling.densities import Density

GRID, COLUMNS = 64, 8  # samples, or data points beside them
PAIRS, PAIR_COLUMNS = 24, 6  # images and their reconstructions
LINES, POINTS = 6, 10
SIDE = 8  # images, of the surface between four codes
NEIGHBOURS = 16
ROWS = 4  # images that are given attributes
IMPROVED = 24  # samples moved by improved sampling
CODES = 1_000  # of each kind in the plane
ELLIPSES = 200  # posteriors drawn
STOPS, FRAMES_BETWEEN, FPS = 6, 15, 16  # of a walk: six seconds
TRAINING_FPS = 4


def path(workdir: Path, step: int) -> Path:
    """Where the figures of a run at `step` are."""
    return workdir / "figures" / str(step)


def draw(workdir: Path, model: Model, dataset: Dataset, seed: int, out: Path | None = None) -> Path:
    """Draws every figure of a run's model into <workdir>/figures/<step>/, which exists only when all of them do.

    With a folder `out` they go to <out>/figures/<step>/. Figures that the data or the model rule out are
    skipped with a message.
    """
    folder = path(out or workdir, model.step)
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    keys = jax.random.split(jax.random.key(seed), 6)
    sheets_key, plots_key, walk_key, codes_key, attributes_key, surface_key = keys
    _sheets(partial, model, dataset, sheets_key)
    _surface(partial, model, surface_key)
    _drawn(partial, model, densities.read(derived.path(out or workdir, derived.DENSITIES, model.step)), codes_key)
    _planes(partial, model, dataset, plots_key)
    vectors = sampling.attributes.read(derived.path(out or workdir, derived.ATTRIBUTES, model.step))
    if vectors is not None and vectors.best(1):
        _along_attributes(partial, model, vectors, dataset, attributes_key)
    walk = videos.manifold_walk(model, walk_key, STOPS, FRAMES_BETWEEN)
    videos.write(partial / "walk.mp4", walk, FPS)
    if exported.step(workdir) is None:
        _course(partial, workdir)
    else:
        print("no course of training is drawn, as an exported model has no log")
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    return folder


def _sheets(folder: Path, model: Model, dataset: Dataset, key: jax.Array) -> None:
    size, latent = model.config.image_size, model.config.model.latent
    samples_key, lines_key = jax.random.split(key)

    def save(name: str, sheet: np.ndarray) -> None:
        images.save_sheet(folder / f"{name}.png", sheet, size)

    for split in ("train", "test"):
        x = sampled(getattr(dataset, split), PAIRS)
        save(f"reconstructions_{split}", sheets.reconstruction_pairs(x, _reconstructed(model, x), PAIR_COLUMNS))
    codes = jax.random.normal(samples_key, (GRID, latent))
    samples = to_uint8(model.decode(codes))
    save("samples", sheets.image_grid(samples, COLUMNS))
    ends = to_unit(sampled(dataset.test, 2 * min(LINES, len(dataset.test) // 2)))
    if len(ends):
        save("lines_test", sheets.interpolation_rows(to_uint8(model.interpolate(ends[::2], ends[1::2], POINTS))))
    else:
        print("no lines between test images are drawn, as there is only one test image")
    prior = jax.random.normal(lines_key, (2 * LINES, latent))
    lines = sampling.lerp(prior[::2], prior[1::2], POINTS).reshape(LINES * POINTS, -1)
    between = to_uint8(model.decode(lines)).reshape(LINES, POINTS, size, size, 3)
    save("lines_prior", sheets.interpolation_rows(between))
    if methods.spec(model.config).improved:
        improved = to_uint8(model.decode(model.refine_codes(codes[:IMPROVED]).codes))
        save("improved", sheets.image_grid(improved, COLUMNS))
        save("improved_pairs", sheets.reconstruction_pairs(samples[:IMPROVED], improved, PAIR_COLUMNS))
    found = metrics.distances_to_set(to_unit(samples[:NEIGHBOURS]), dataset.train)
    figure = plots.nearest_neighbours(samples[:NEIGHBOURS], dataset.train[found.index], found.nearest)
    figure.savefig(folder / "nearest.png", dpi=150)


def _surface(folder: Path, model: Model, key: jax.Array) -> None:
    """A square of images along great circles, in both directions, between four codes of the prior at its corners."""
    corners = jax.random.normal(key, (4, model.config.model.latent))
    left, right = sampling.slerp(corners[::2], corners[1::2], SIDE)
    sheet = sheets.image_grid(to_uint8(model.decode(sampling.slerp(left, right, SIDE).reshape(SIDE**2, -1))), SIDE)
    images.save_sheet(folder / "surface_prior.png", sheet, model.config.image_size)


def _along_attributes(folder: Path, model: Model, vectors: Vectors, dataset: Dataset, key: jax.Array) -> None:
    """Test images and samples apart: the former may not be published."""
    rows = {
        "test": evaluation.codes_of(model, sampled(dataset.test, ROWS)),
        "samples": np.asarray(jax.random.normal(key, (ROWS, model.config.model.latent))),
    }
    for name, codes in rows.items():
        attributes.along(model, vectors, codes).savefig(folder / f"attributes_{name}.png", dpi=150)


def _drawn(folder: Path, model: Model, fitted: dict[str, Density], key: jax.Array) -> None:
    """A sheet of samples of each density of codes."""
    for (name, density), each in zip(fitted.items(), jax.random.split(key, len(fitted)), strict=True):
        sheet = sheets.image_grid(to_uint8(model.decode(density.sample(each, GRID))), COLUMNS)
        images.save_sheet(folder / f"samples_{name}.png", sheet, model.config.image_size)


def _course(folder: Path, workdir: Path) -> None:
    """The losses, and the video of samples, throughout training."""
    lines = read_metrics(workdir)
    terms = dict.fromkeys(name for line in lines for name in line if "/" not in name and name != "step")
    measured = ["test/rmse"] if any("test/rmse" in line for line in lines) else []  # not yet, in a run stopped early
    plots.loss_curves(lines, [*terms, *measured]).savefig(folder / "losses.png", dpi=150)
    videos.write(folder / "training.mp4", videos.training(workdir), TRAINING_FPS)


def _planes(folder: Path, model: Model, dataset: Dataset, key: jax.Array) -> None:
    """Codes, in a plane of the latent space."""
    if model.config.model.latent == 1:
        print("no plots of codes are drawn, as codes have only one dimension")
        return
    prior_key, plane_key, *keys = jax.random.split(key, 4)
    splits = zip((dataset.train, dataset.test), keys, strict=True)
    train, test = (evaluation.sampled_codes_of(model, split, CODES, each) for split, each in splits)
    prior = np.asarray(jax.random.normal(prior_key, test.shape))
    plane = np.asarray(metrics.least_gaussian_plane(test, plane_key))
    plots.prior_and_codes(prior, train, test, plane).savefig(folder / "prior_and_codes.png", dpi=150)
    posterior = model.posterior(to_unit(sampled(dataset.test, ELLIPSES)))
    deviation = None if posterior is None else np.exp(0.5 * np.asarray(posterior.logvar))
    mean = test if posterior is None else np.asarray(posterior.mean)
    plots.codes_of_images(mean, deviation).savefig(folder / "codes.png", dpi=150)


def _reconstructed(model: Model, dataset: np.ndarray) -> np.ndarray:
    return to_uint8(model.reconstruct(to_unit(dataset)))
