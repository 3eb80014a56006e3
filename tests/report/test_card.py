"""The model card: its numbers are the evaluation's, its program runs."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from genmodels import methods, sampling
from genmodels.report import card, export
from genmodels.sampling import densities
from tests.support import source, tiny_runs


def test_it_has_the_numbers_of_the_evaluation(trained, tmp_path, monkeypatch):
    run = shutil.copytree(trained, tmp_path / "run")
    density = densities.fit(np.random.default_rng(0).normal(size=(40, 8)), 2, seed=0)
    densities.write(run / "densities" / "6.npz", {"mixture": density})
    vectors = sampling.attributes.Vectors(("hat", "bald"), np.float32([[1] * 8, [np.nan] * 8]), np.zeros(2))
    sampling.attributes.write(run / "attributes" / "6.npz", vectors)
    export.write(run, tmp_path / "unmeasured")
    assert "has not been measured" in (tmp_path / "unmeasured" / "README.md").read_text()
    estimate = {"mean": 31.415, "low": 30.123, "high": 32.678, "n": 4321}
    samples = {"ms_ssim": {"mean": 0.2718, "low": 0.2512, "high": 0.2949, "n": 77}, "sliced_wasserstein": estimate}
    rows = {"vae": {"reconstruction": {"test": {"rmse": estimate}}, "samples": samples}, "real": samples}
    (run / "eval").mkdir(exist_ok=True)
    (run / "eval" / "6.json").write_text(json.dumps({"rows": rows}))
    export.write(run, tmp_path / "model")
    text = (tmp_path / "model" / "README.md").read_text()
    line = r"31\.4\d \[30\.12, 32\.68\] \| 0\.272 \[0\.251, 0\.295\] \| 31\.4 \[30\.1, 32\.7\]"
    assert re.search(rf"\| VAE \| {line} \|\n\| real images \| – \|", text)
    assert "n: RMSE test 4,321; MS-SSIM 77; sliced Wasserstein distance 4,321." in text
    assert "6 steps of 8 images, 48 images seen" in text
    assert "https://arxiv.org/abs/1312.6114" in text
    assert "decay 0.9" in text
    assert "\n| loss | beta 2.0 |\n" in text
    assert "| codes from | prior, improved, mixture |\n| attributes | hat |\n" in text
    assert "folder images, split" in text
    monkeypatch.chdir(tmp_path)  # where the folder is
    program = {}
    exec(re.search(r"```python\n(.*?)```", text, re.DOTALL)[1], program)
    assert program["images"].shape == (9, 32, 32, 3)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("celeb_a", "non-commercial research only and may not be redistributed"),
        ("synthetic_faces", "the project's own"),
        ("folder", "unknown to the project"),
    ],
)
def test_it_has_the_terms_of_the_data(tmp_path, name, words):
    config = tiny_runs.config("vae", Path("/images"), **{"data.name": name})
    text = card.text(tmp_path, config, 6, {}, "model")
    assert f"## Training data\n\n{name}.\n" in text  # runs of earlier revisions do not describe it
    assert words in text


def test_papers_are_those_of_the_readme():
    readme = source.ROOT.joinpath("README.md").read_text()
    for spec in methods.SPECS.values():
        assert spec.paper.rpartition(" ")[2] in readme, spec.name
