"""What a report says of errors over training: of which images and seed, and how seconds were counted."""

import json

import pytest

from genmodels.report import courses, page, results
from tests.support import tiny_comparison

ONE, SEVERAL = {"real": {}, "vae": {"runs": 1}}, {"real": {}, "vae": {"runs": 3}}


@pytest.mark.parametrize(
    ("rows", "images", "said"),
    [
        (ONE, [256, 256], "Test RMSE of up to 256 images"),
        (SEVERAL, [256], "Test RMSE of up to 256 images, first seed"),
        (ONE, [2_000, 256], "Test RMSE of up to 256 or 2,000 images"),
    ],
)
def test_of_which_images_and_which_seed_errors_are(rows, images, said):
    configs = {f"run {i}": {"eval": {"images": count}} for i, count in enumerate(images)}
    assert courses.errors(rows, configs) == said


def test_the_column_of_seconds_to_an_error_names_the_seed():
    assert courses.time_to(24.8, ONE).heading == "s to test RMSE 24.8"
    assert courses.time_to(24.8, SEVERAL).heading == "s to test RMSE 24.8, first seed"


def test_seconds_are_described_as_they_were_counted(compared, image_folder, tmp_path):
    text = page.write(tmp_path / "report", compared[1], tiny_comparison.config(image_folder), "command").read_text()
    assert f"means over seeds. {courses.SECONDS}" in text
    assert "Test RMSE of up to 4 images, over steps and over seconds of training, without pauses." in text
    assert "first seed" not in text.partition('id="speed"')[2].partition('id="conclusions"')[0]
    assert ">s to test RMSE " in text

    results.collect(tmp_path / "report", tmp_path, "kept")
    assert f"Test RMSE of up to 4 images. {courses.SECONDS}\n" in results.render(tmp_path / "kept")
    made = json.loads((tmp_path / "kept" / "report.json").read_text())
    del made["seconds"]  # as in reports of earlier revisions
    (tmp_path / "kept" / "report.json").write_text(json.dumps(made))
    assert f"Test RMSE of up to 4 images. {courses.SECONDS_BEFORE}\n" in results.render(tmp_path / "kept")
