"""A method is one file: a new one needs only its config and a line in the list of specs."""

import json
import sys

import pytest

from configs import compare
from genmodels import comparison, methods
from genmodels.report import page, results, summary
from tests.support import tiny_comparison, toy, toy_config


@pytest.fixture
def registered(monkeypatch):
    """The two lines that a new method takes."""
    monkeypatch.setitem(methods.SPECS, "toy", toy.SPEC)
    monkeypatch.setitem(sys.modules, "configs.toy", toy_config)


@pytest.mark.usefixtures("registered")
def test_a_new_method_goes_through_compare_page_and_results(image_folder, tmp_path):
    assert compare.get_config("demo").methods[-1] == "toy"
    config = tiny_comparison.config(image_folder, names=("vae", "toy"))
    runs = comparison.compare(config, tmp_path / "work")
    assert [run.failure for run in runs] == [None, None]

    text = page.write(tmp_path / "report", runs, config, "command").read_text()
    assert "<h3>Toy autoencoder</h3>" in text
    assert toy.SPEC.objective in text
    assert "Improved sampling of Toy autoencoder" in text
    assert "improved Toy autoencoder</th>" in text
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert list(report["rows"])[-3:] == ["vae", "toy", "improved_toy"]
    assert report["rows"]["toy"]["training"]["steps"] == 6

    results.collect(tmp_path / "report", tmp_path / "results", "demo")
    for path in summary.write(tmp_path / "results"):
        text = path.read_text()
        assert "| Toy autoencoder |" in text
        assert "| improved Toy autoencoder |" in text
    assert "--config=configs/toy.py" in text
