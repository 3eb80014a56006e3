"""launch.tune, from the command line to the figures."""

import csv
import json

import pytest
from PIL import Image

from tests.support.commands import study_flags

pytestmark = pytest.mark.usefixtures("in_the_repository")


def test_grid_of_real_runs(command, pictures, tmp_path):
    given = study_flags(pictures, tmp_path / "study", "seed=0,1;data.flip=false,true")
    code, out, _ = command("tune", *given)
    assert code == 0, out
    found = json.loads((tmp_path / "study" / "results.json").read_text())
    assert len(found) == 4
    assert sum(result["best"] for result in found) == 1
    best = next(result for result in found if result["best"])
    assert f"--config.data.flip={best['chosen']['data.flip']} --config.seed={best['chosen']['seed']}" in out
    with (tmp_path / "study" / "results.csv").open() as file:
        table = list(csv.reader(file))
    assert [len(line) for line in table] == [10] * 5
    for result, line in zip(found, table[1:], strict=True):
        run = json.loads((tmp_path / "study" / result["folder"] / "eval" / "2.json").read_text())
        assert float(line[3]) == run["rows"]["vae"]["reconstruction"]["test"]["rmse"]["mean"]
    for name in ("cells", "heat", "front"):
        with Image.open(tmp_path / "study" / f"{name}.png") as figure:
            assert min(figure.size) > 150
    code, again, _ = command("tune", *given)
    assert code == 0
    assert "[trial" not in again  # nothing is run twice
