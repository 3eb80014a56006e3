"""The Colab notebook, executed from its first cell to its last."""

import json
import os
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[2] / "launch" / "colab_tpu.ipynb"
SMALL = {
    "model.channels": (4, 4, 4),
    "model.latent": 8,
    "loss.warmup_steps": 2,
    "train.steps": 4,
    "log.images_every": 2,
    "log.tensorboard": False,
    "eval.images": 8,
    "eval.calibration_batches": 2,
    "data.num_train": 80,
    "data.num_test": 16,
    "parallel.devices": 1,
}


@pytest.fixture
def notebook():
    return nbformat.read(NOTEBOOK, as_version=4)


def test_no_output_is_committed(notebook):
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)


@pytest.mark.slow
# A kernel's event loops leave sockets to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_every_cell_runs(notebook, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.getcwd())
    overrides = SMALL | {"data.cache_dir": str(tmp_path / "cache")}
    (parameters,) = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    assert "OVERRIDES = {}" in parameters.source
    assert 'METHOD = "introvae"' in parameters.source
    parameters.source += '\nMETHOD = "soft_introvae"'
    parameters.source += f'\nFOLDER = "{tmp_path}/runs"\nDATA_DIR = "{tmp_path}/tfds"\nOVERRIDES = {overrides}\n'
    notebook.metadata.kernelspec.name = _kernel(tmp_path, monkeypatch)
    NotebookClient(notebook, timeout=900, resources={"metadata": {"path": str(NOTEBOOK.parent)}}).execute()
    shown = [
        output for cell in notebook.cells for output in cell.get("outputs", []) if "image/png" in output.get("data", {})
    ]
    assert len(shown) == 5  # samples of a trained model, samples, reconstructions, lines, improved samples
    table = notebook.cells[-1].outputs[0].data["text/markdown"]
    assert "| Soft-IntroVAE |" in table


def _kernel(folder: Path, monkeypatch) -> str:
    """A kernel of this Python, whatever others are installed."""
    spec = folder / "jupyter" / "kernels" / "here"
    spec.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": command, "display_name": "here", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(folder / "jupyter"))
    return "here"
