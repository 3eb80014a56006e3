"""What is derived from a checkpoint goes with it."""

import itertools
import re
import shutil

import numpy as np

from genmodels import training
from genmodels.errors import UsageError
from genmodels.runs import derived, files
from tests.support import tiny_runs


def test_the_file_of_a_step(tmp_path):
    assert derived.path(tmp_path, derived.DENSITIES, 12) == tmp_path / "densities" / "12.npz"


def test_a_changed_byte_ends_in_plain_words(tmp_path):
    file, said = tmp_path / "6.npz", []
    files.write_arrays(file, {"a": np.random.default_rng(0).normal(size=500)})
    whole = file.read_bytes()
    for i in range(0, len(whole), 17):
        file.write_bytes(whole[:i] + bytes([whole[i] ^ 0xFF]) + whole[i + 1 :])
        try:
            derived.read(file, lambda arrays: arrays["a"], "restore it")
        except UsageError as error:
            said.append(str(error))
    assert len(said) > 200  # the others are dates and the like
    assert all(re.fullmatch(rf"{file} cannot be read \(.+\): restore it\.", each) for each in said)


def test_others_than_those_of_the_steps_are_removed(tmp_path):
    derived.remove_others(tmp_path, [2])  # there is nothing yet
    (tmp_path / "densities").mkdir()
    for name in ("2.npz", "4.npz", "22.npz", "2.npz.tmp", "notes.txt"):
        (tmp_path / "densities" / name).touch()
    derived.remove_others(tmp_path, [2, 6])
    assert {path.name for path in (tmp_path / "densities").iterdir()} == {"2.npz", "2.npz.tmp", "notes.txt"}


def test_training_removes_them_with_their_checkpoint(trained, image_folder, tmp_path):
    """Checkpoints 4 and 6 are there, and two are kept: 4 goes when 8 comes."""
    run = shutil.copytree(trained, tmp_path / "run")
    for folder, step in itertools.product(derived.FOLDERS, (4, 6)):
        path = derived.path(run, folder, step)
        path.parent.mkdir(exist_ok=True)
        path.touch()
    fields = tiny_runs.TRAINED | {"train.steps": 8, "checkpoint.every": 2, "checkpoint.keep": 2}
    assert training.train(tiny_runs.config("vae", image_folder, **fields), run).step == 8
    assert {path.name for path in (run / "checkpoints").iterdir()} == {"6", "8"}
    for folder in derived.FOLDERS:
        assert [path.name for path in (run / folder).iterdir()] == ["6.npz"]
