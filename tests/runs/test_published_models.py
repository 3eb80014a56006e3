"""The models in results/models: whole, small, and without a trace of the machine that trained them."""

import json
import re
from pathlib import Path

import jax
import numpy as np
import pytest

import genmodels

ROOT = Path(__file__).parents[2]
MODELS = sorted((ROOT / "results" / "models").iterdir())
MIB = 2**20


def size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*"))


@pytest.mark.parametrize("folder", MODELS, ids=lambda folder: folder.name)
def test_a_model_generates_faces_in_every_way_and_with_attributes(folder):
    model = genmodels.load(folder)
    side = model.config.image_size
    plain = model.sample(jax.random.key(0), 4)
    for faces in (plain, *(model.sample(jax.random.key(0), 4, codes=codes) for codes in ("gaussian", "mixture"))):
        assert faces.shape == (4, side, side, 3)
        assert np.std(faces) > 0.1  # none is grey
    smiling = model.sample(jax.random.key(0), 4, attributes={"Smiling": 2.0})
    assert np.abs(smiling - plain).mean() > 1 / 255


@pytest.mark.parametrize("folder", MODELS, ids=lambda folder: folder.name)
def test_a_model_is_small_and_tells_what_it_is(folder):
    assert size(folder) <= 8 * MIB
    config = json.loads((folder / "config.json").read_text())
    assert folder.name == f"{config['method'].replace('_', '-')}-{config['variant']}"
    assert config["data"]["dir"] == ""
    trained_on = json.loads((folder / "data.json").read_text())  # so that they are compared on the same images only
    assert (trained_on["train"], trained_on["test"]) == (10_000, 1_000)
    assert trained_on["description"] in (folder / "README.md").read_text()
    assert "may not be redistributed" in (folder / "README.md").read_text()


def test_all_models_are_small():
    assert size(MODELS[0].parent) <= 25 * MIB


def test_the_readme_loads_one(monkeypatch):
    monkeypatch.chdir(ROOT)
    (lines,) = re.findall(r"## Load and sample\n.*?```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    made = {}
    exec(lines, made)
    assert made["faces"].shape == (9, 64, 64, 3)
    assert made["codes"].shape == (9, 128)
