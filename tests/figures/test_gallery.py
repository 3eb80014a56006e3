"""The figures of a run, as files."""

import shutil

import imageio.v2 as imageio
import jax
import numpy as np
import pytest
from PIL import Image

import genmodels
from genmodels import data, images
from genmodels.figures import gallery
from genmodels.figures.sheets import reconstruction_pairs
from genmodels.report import export
from genmodels.runs import derived
from genmodels.sampling import densities
from tests.support import keys


@pytest.fixture(scope="module")
def run(tmp_path_factory, trained):
    return shutil.copytree(trained, tmp_path_factory.mktemp("gallery") / "run")


def test_every_figure_of_a_run(run):
    model = genmodels.load(run)
    dataset = data.build(model.config)
    half_made = run / "figures" / "6.partial" / "left.png"  # by an interrupted command
    half_made.parent.mkdir(parents=True)
    half_made.touch()
    fitted = densities.fit(np.random.default_rng(0).normal(3, 1, (40, 8)), 2, seed=0)
    densities.write(derived.path(run, derived.DENSITIES, 6), {"mixture": fitted})
    with keys.used_once():
        folder = gallery.draw(run, model, dataset, seed=0)
    assert folder == gallery.path(run, 6)
    sheets = [
        "lines_prior",
        "lines_test",
        "reconstructions_test",
        "reconstructions_train",
        "samples",
        "samples_mixture",
        "surface_prior",
    ]
    plots = ["codes", "losses", "nearest", "prior_and_codes"]
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [f"{name}.png" for name in (*sheets, *plots)] + ["training.mp4", "walk.mp4"]
    )
    assert [path.name for path in folder.parent.iterdir()] == ["6"]
    sheets_key, _, _, codes_key = jax.random.split(jax.random.key(0), 4)
    drawn = images.to_uint8(model.sample(jax.random.split(sheets_key)[0], gallery.GRID))
    expected = images.grid(drawn, gallery.COLUMNS).repeat(3, 0).repeat(3, 1)  # enlarged to 96 pixels
    np.testing.assert_array_equal(np.asarray(Image.open(folder / "samples.png")), expected)
    (key,) = jax.random.split(codes_key, 1)
    drawn = images.to_uint8(model.decode(fitted.sample(key, gallery.GRID)))
    expected = images.grid(drawn, gallery.COLUMNS).repeat(3, 0).repeat(3, 1)
    np.testing.assert_array_equal(np.asarray(Image.open(folder / "samples_mixture.png")), expected)
    corners = jax.random.normal(jax.random.split(jax.random.key(0), 6)[5], (4, 8))
    square = np.asarray(Image.open(folder / "surface_prior.png"))[::3, ::3]
    at_corners = [square[y:, x:][:32, :32] for x in (0, -32) for y in (0, -32)]
    for drawn, corner in zip(at_corners, images.to_uint8(model.decode(corners)), strict=True):
        np.testing.assert_array_equal(drawn, corner)
    for split in ("train", "test"):  # not in file order
        x = data.sampled(getattr(dataset, split), gallery.PAIRS)
        y = images.to_uint8(model.reconstruct(images.to_unit(x)))
        pairs = reconstruction_pairs(x, y, gallery.PAIR_COLUMNS).repeat(3, 0).repeat(3, 1)
        np.testing.assert_array_equal(np.asarray(Image.open(folder / f"reconstructions_{split}.png")), pairs)
    assert imageio.get_reader(folder / "walk.mp4").count_frames() == gallery.STOPS * (gallery.FRAMES_BETWEEN + 1)


def test_an_exported_model_has_all_figures_but_the_course_of_training(trained, tmp_path, capsys):
    export.write(trained, tmp_path / "model")
    model = genmodels.load(tmp_path / "model")
    folder = gallery.draw(tmp_path / "model", model, data.build(genmodels.load(trained).config), 0, tmp_path / "out")
    assert "no course of training is drawn, as an exported model has no log" in capsys.readouterr().out
    drawn = {path.name for path in folder.iterdir()}
    assert drawn >= {"samples.png", "reconstructions_test.png", "codes.png", "nearest.png", "walk.mp4"}
    assert not drawn & {"losses.png", "training.mp4"}
