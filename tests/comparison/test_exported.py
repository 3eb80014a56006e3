"""Exported models in a comparison: as copies, beside runs, with what is known of their training."""

import json
import re
import shutil

import pytest

from genmodels import comparison
from genmodels.errors import UsageError
from genmodels.report import export, page, results, summary
from tests.support import tiny_comparison

pytestmark = pytest.mark.usefixtures("in_the_repository")


def contents(folder) -> dict:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_exported_model_is_compared_as_a_copy(compared, image_folder, tmp_path, capsys):
    """Beside a run that is measured already; the numbers are those of the run, but for the rounding of its weights."""
    model, other = tmp_path / "models" / "vae-tiny", shutil.copytree(compared[0] / "wae-mmd-0", tmp_path / "other")
    export.write(compared[0] / "vae-0", model)
    before, config = contents(model), tiny_comparison.config(image_folder, **{"data.dir": str(image_folder)})
    found = comparison.compare(config, tmp_path / "work", [model, other])
    assert contents(model) == before
    copy = tmp_path / "work" / "models" / "vae-tiny"
    assert f"{model} is only read: its evaluation and figures will be in a copy, {copy}\n" in capsys.readouterr().out
    assert [run.workdir for run in found] == [copy, other]
    rows, of_runs = (comparison.rows.assemble(each) for each in (found, compared[1]))
    assert rows["wae_mmd"] == of_runs["wae_mmd"]
    assert rows["vae"]["training"] == of_runs["vae"]["training"]
    rounded, exact = (each["vae"]["reconstruction"]["test"]["rmse"]["mean"] for each in (rows, of_runs))
    assert rounded == pytest.approx(exact, abs=0.05)
    page.write(tmp_path / "report", found, config, "command")
    text = (tmp_path / "report" / "index.html").read_text()
    assert "vae, seed 0: an exported model, whose weights are rounded.<" in text
    assert text.count('alt="VAE: samples from the prior"') == 1
    assert text.count('aria-label="VAE: the same codes throughout training"') == 0
    assert text.count('aria-label="WAE-MMD: the same codes throughout training"') == 1
    for same in (model, copy):  # it is there, and measured
        assert [run.workdir for run in comparison.compare(config, tmp_path / "work", [same, other])] == [copy, other]


def test_exported_models_of_other_machines_share_a_row_with_a_run_of_this_one(compared, image_folder, tmp_path):
    """They have no seconds, and are named where they are all there is."""
    config = tiny_comparison.config(image_folder, **{"data.dir": str(image_folder)})
    model, other = tmp_path / "vae-tiny", shutil.copytree(compared[0] / "vae-0", tmp_path / "other")
    fields = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps(fields | {"seed": 1}))
    export.write(compared[0] / "vae-0", model)
    (model / "history.json").unlink()
    alone = comparison.compare(config, tmp_path / "work", [model])
    page.write(tmp_path / "report", alone, config, "command")
    text = (tmp_path / "report" / "index.html").read_text()
    assert "rounded; its seconds of training are unknown, or another machine&#39;s, and left out" in text
    assert "over seconds of training, a line for each model" not in text
    results.collect(tmp_path / "report", tmp_path / "published", "kept")
    own, _ = (path.read_text() for path in summary.write(tmp_path / "published"))
    assert re.search(r"\| VAE \| .* \| – \|$", own, re.MULTILINE)

    rows = comparison.rows.assemble(comparison.compare(config, tmp_path / "work", [model, other]))
    (of_run,) = (run for run in compared[1] if run.row == "vae")
    assert rows["vae"]["training"] == comparison.rows.assemble([of_run])["vae"]["training"]


def test_a_model_that_cannot_be_copied_is_refused(compared, image_folder, tmp_path):
    config = tiny_comparison.config(image_folder, **{"data.dir": str(image_folder)})
    model, other = tmp_path / "vae-tiny", tmp_path / "others" / "vae-tiny"
    export.write(compared[0] / "vae-0", model)
    export.write(compared[0] / "wae-mmd-0", other)
    copy = tmp_path / "work" / "models" / "vae-tiny"
    with pytest.raises(UsageError, match=rf"^{copy} is of another model than {other}: rename that, or"):
        comparison.compare(config, tmp_path / "work", [model, other])
    with pytest.raises(UsageError, match=rf"^--workdir={model}/x is inside the exported model {model}: choose"):
        comparison.compare(config, model / "x", [model])
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=rf"^{model} cannot be copied to .*file/models/vae-tiny \(.+\): choose"):
        comparison.compare(config, tmp_path / "file", [model])
