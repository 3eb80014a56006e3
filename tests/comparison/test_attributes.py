"""A comparison of images of which something is known: rows, page, what may be published, and that it is done once."""

import json
import shutil

import pytest

from genmodels import comparison, data
from genmodels.comparison import runs as comparison_runs
from genmodels.report import attributes, manifold, page, results
from tests.support import tiny_comparison


@pytest.fixture(scope="module")
def made(compared, image_folder, tmp_path_factory):
    """The finished comparison, copied, evaluated again with labels, and its page."""
    folder = tmp_path_factory.mktemp("labelled")
    workdir = shutil.copytree(compared[0], folder / "work")
    names = sorted(path.relative_to(image_folder).as_posix() for path in image_folder.rglob("*.png"))
    lines = [f"{name},{i % 2},{i % 3 // 2}" for i, name in enumerate(names)]
    (folder / "labels.csv").write_text("\n".join(["file,odd,third", *lines]))
    config = tiny_comparison.config(image_folder, **{"data.labels": str(folder / "labels.csv")})
    runs = comparison.compare(config, workdir)
    page.write(workdir / "report", runs, config, "command")
    return workdir, runs, config


def test_what_codes_know_is_in_the_rows_and_on_the_page(made):
    workdir, _, _ = made
    report = json.loads((workdir / "report" / "report.json").read_text())
    rows = report["rows"]
    for name in ("vae", "wae_mmd", "pca_8", "pixels_4", "pixels_16"):
        assert rows[name]["attributes"]["each"].keys() == {"odd", "third"}
    text = (workdir / "report" / "index.html").read_text()
    assert f"{rows['vae']['attributes']['auc']['mean']:.3f}<small>" in text
    assert "vae-0" in {path.name for path in (workdir / "report" / "figures").iterdir()}
    assert (workdir / "report" / "figures" / "attributes.png").exists()
    assert "VAE: test images with less and more of six attributes" in text
    assert (workdir / "report" / "tables" / "attributes.md").read_text().count("\n| ") >= 3
    judged = report["claims"][-1]
    assert judged["claim"] == manifold.CLAIM
    assert judged["numbers"] in text
    deck = (workdir / "report" / "tables" / "deck.md").read_text()
    assert "4x4 pixels" not in deck
    assert attributes.table(rows).headings[0] == "VAE"


def test_figures_of_test_images_are_not_published(made, tmp_path):
    workdir, _, _ = made
    assert (workdir / "report" / "figures" / "vae-0" / "attributes_test.png").exists()
    results.collect(workdir / "report", tmp_path, "kept")
    published = {path.name for path in (tmp_path / "kept").rglob("*") if path.suffix in results.ENDINGS}
    assert {"attributes_samples.jpg", "attributes.png"} <= published
    assert not any(name.startswith("attributes_test") for name in published)
    text = results.render(tmp_path / "kept")
    assert "## Attributes" in text
    assert manifold.RULE in text


def test_nothing_is_left_to_do_until_the_vectors_are_gone(made):
    _, runs, config = made
    images = data.build(runs[0].config)
    budget = comparison_runs.budget_for(config, runs[0])
    assert comparison.tasks(runs[0], budget, images) == []
    vectors = runs[0].workdir / "attributes" / f"{runs[0].step}.npz"
    kept = vectors.read_bytes()
    vectors.unlink()
    assert [task.phase for task in comparison.tasks(runs[0], budget, images)] == ["evaluation", "figures"]
    vectors.write_bytes(kept)
