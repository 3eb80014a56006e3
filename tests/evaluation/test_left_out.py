"""Small data: measures that they rule out are named before any work, and left out."""

import json

import numpy as np
import pytest
from PIL import Image

from genmodels import comparison, evaluation
from genmodels.errors import UsageError
from genmodels.evaluation import left_out, tables
from genmodels.report import conclusions, page
from tests.support import splits, tiny, tiny_comparison

BUDGET = evaluation.Budget(images=12, pairs=4, real_pairs=None, lines=2, points=3, refined=4, seed=0)
LATENT = tiny.LATENT
PCA = [f"PCA with {size} dimensions" for size in (LATENT, 64, 128, 256, 512)]
RATIO = "distance of samples to training images over that of held-out images"
OF_FOUR = ["lines to training set, mean RMSE", "lines to training set, nearest RMSE", "MS-SSIM − real", "MMD(Q_z, P_z)"]
OF_TWO = ["RMSE test", "PSNR test, dB", "SSIM test", RATIO, "active units"]


@pytest.fixture
def images(tmp_path):
    faces = tiny.images(16)
    return lambda train, test: splits.dataset(tmp_path / f"{train}-{test}", faces[:train], faces[::-1][:test])


@pytest.mark.parametrize(
    ("train", "test", "named", "kept"),
    [
        (12, 4, PCA[1:], [*OF_FOUR, *OF_TWO, PCA[0]]),
        (12, 3, [*OF_FOUR, "MS-SSIM of real images"], OF_TWO),
        (12, 2, [*OF_FOUR, "MS-SSIM of real images"], OF_TWO),
        (12, 1, [*OF_FOUR, *OF_TWO, "sharpness of samples of real images"], ["RMSE train", "MS-SSIM"]),
        (LATENT, 4, PCA, OF_TWO),
        (1, 1, [*PCA, *OF_FOUR, *OF_TWO, "RMSE train"], ["MS-SSIM"]),
    ],
)
def test_what_cannot_be_measured_is_left_out_and_named(model, images, train, test, named, kept):
    images = images(train, test)
    expected = left_out.expected(images, LATENT, BUDGET)
    rows, missing, _ = evaluation.evaluate(model, images, BUDGET)
    assert missing == expected  # nothing more turns up after the work
    assert set(named) <= missing.keys()
    assert not set(kept) & missing.keys()
    json.dumps(rows, allow_nan=False)
    shown = tables.plain(rows)
    for words in OF_FOUR + OF_TWO:
        heading = words if words != RATIO else "the same, over held-out"
        assert (words in missing) == (heading not in shown), words
    assert (f"pca_{LATENT}" in rows) == (train > LATENT)
    conclusions.draw({"vae": rows["vae"] | {"title": "VAE", "latent_size": LATENT}, "real": rows["real"]}, [])


def test_every_line_names_a_reason_and_all_that_is_left_out_for_it(images):
    assert left_out.lines(left_out.expected(images(12, 3), LATENT, BUDGET._replace(refined=0))) == [
        "not measured, as it takes 4 test images, and there are 3: lines to training set, mean RMSE; lines to training "
        "set, nearest RMSE; largest step of lines over mean step; MS-SSIM of real images; MS-SSIM − real; "
        "MMD(Q_z, P_z)",
        "not measured, as the images have no labels: mean AUC of attributes; AUC of each attribute; "
        "images of its fit; attribute vectors",
        "not measured, as it takes more training images than dimensions, and there are 12: PCA with 64 dimensions; "
        "PCA with 128 dimensions; PCA with 256 dimensions; PCA with 512 dimensions",
    ]


def test_fewer_lines_than_asked_are_said(images):
    *_, last = left_out.lines(left_out.expected(images(12, 4), LATENT, BUDGET._replace(lines=100)))
    assert last == "not measured, as 4 test images make 2: 98 of 100 lines"
    *_, last = left_out.lines(left_out.expected(images(12, 12), LATENT, BUDGET._replace(lines=5, images=8)))
    assert last == "not measured, as 8 test images make 4: 1 of 5 lines"


def test_a_latent_size_beyond_the_values_of_an_image(images):
    expected = left_out.expected(images(12, 4), 3_073, BUDGET)
    assert expected["PCA with 3073 dimensions"] == "an image has no more than 3,072 values"


def test_what_cannot_do_without_a_measure_is_refused(images):
    needed = ["reconstruction test rmse", "samples ms_ssim_minus_real"]
    evaluation.require(needed, images(12, 4), LATENT, BUDGET)
    with pytest.raises(UsageError, match="as it takes 4 test images, and there are 3: MS-SSIM − real"):
        evaluation.require(needed, images(12, 3), LATENT, BUDGET)


def test_one_latent_dimension_has_no_plane(images):
    assert left_out.expected(images(12, 4), 1, BUDGET)["the plane in which codes are least Gaussian"].startswith(
        "it takes 2 latent"
    )


def test_duplicates_are_no_yardstick(model, images):
    images = images(12, 4)._replace(duplicates=2)
    rows, missing, _ = evaluation.evaluate(model, images, BUDGET)
    assert missing[RATIO] == "the data have duplicates, 2 test images that equal a training image"
    assert "nearest_over_real" not in rows["vae"]["samples"]
    assert "nearest_over_real" not in rows["improved_vae"]["samples"]
    assert rows["vae"]["samples"]["nearest_rmse"]["mean"] > 0


def test_near_copies_are_no_yardstick_either(model, tmp_path):
    train = tiny.images(12)
    test = train[:4].copy()
    test[:, 0, 0, 0] ^= 1  # as after saving it once more
    rows, missing, _ = evaluation.evaluate(model, splits.dataset(tmp_path, train, test), BUDGET)
    assert missing[RATIO].startswith("held-out images are nearly copies of training images, at an RMSE of 0.018 on")
    assert "nearest_over_real" not in rows["vae"]["samples"]
    assert left_out.IMPROVED.strip() in " ".join(missing)


@pytest.mark.parametrize(
    ("field", "value"),
    [("images", 3), ("pairs", 1), ("real_pairs", 1), ("lines", 1), ("points", 2), ("refined", 3), ("seed", -1)],
)
def test_a_budget_that_has_no_interval_is_refused(images, field, value):
    with pytest.raises(UsageError, match=f"{field}={value} must be at least"):
        left_out.lines(left_out.expected(images(12, 4), LATENT, BUDGET._replace(**{field: value})))


def test_a_comparison_of_one_test_image_says_so_first_and_ends(tmp_path, capsys):
    folder, noise = tmp_path / "images", np.random.default_rng(0).integers(0, 256, (13, 32, 32, 3), np.uint8)
    for i, image in enumerate(noise):
        place = folder / ("test" if i == 12 else "train")
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(place / f"{i}.png")
    config = tiny_comparison.config(folder)
    runs = comparison.compare(config, tmp_path / "runs")
    out = capsys.readouterr().out
    reason = "not measured, as it takes 4 test images, and there is 1: "
    assert reason in out.partition("[1 of")[0]  # before any training
    assert "no lines between test images are drawn" in out
    made = page.write(tmp_path / "report", runs, config, "command").read_text()
    assert f'<p class="note">{reason}' in made
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert "RMSE test" in " ".join(report["left_out"])
    assert report["rows"]["vae"]["reconstruction"].keys() == {"train"}
