"""What is read from the command line: which value counts, which config file, and how errors are explained."""

import re
import shutil
import sys

import pytest

from tests.support.commands import flags
from tests.support.plain import assert_plain

pytestmark = pytest.mark.usefixtures("in_the_repository")
VAE = "--config=configs/vae.py:demo"
FILES = {  # a user's own config files, all of them broken
    "a_dict.py": "def get_config(): return {'method': 'vae'}",
    "nothing.py": "def get_config(): pass",
    "imports.py": "import nothing_of_that_name",
    "syntax.py": "def get_config(:",
    "unnamed.py": "config = {}",
    "fails.py": "def get_config(): raise KeyError('steps')",
}
CONFIGS = [  # (command, arguments, words)
    ("train", "--config=configs/nowhere.py", r"configs/nowhere.py: there is no such file; configs has .*vae\.py"),
    ("train", "--config=configs/nowhere.py:demo --config.seed=1", "configs/nowhere.py:demo: there is no such file"),
    ("train", "--config=nowhere/vae.py", "nowhere/vae.py: there is no such file; run the command in the project's"),
    ("train", "--config=configs", r"configs is a folder: configs has common\.py, compare\.py"),
    ("train", "--config configs", "--config=configs is a folder"),
    ("train", "--config=", "--config is missing: configs/<method>.py"),
    ("train", "--config", "Missing value for flag --config"),
    ("train", "--config={own}/unnamed.py", "unnamed.py has no function get_config: it is not a config file"),
    ("train", "--config={own}/a_dict.py", "a_dict.py: its get_config returns dict, not a ConfigDict"),
    ("train", "--config={own}/nothing.py", "nothing.py: its get_config returns NoneType, not a ConfigDict"),
    ("train", "--config={own}/imports.py", "ModuleNotFoundError: No module named 'nothing_of_that_name'"),
    ("train", "--config={own}/syntax.py", "config file: SyntaxError"),
    ("train", "--config={own}/fails.py --config.steps=3", "config file: KeyError: steps"),
    ("train", "--config={own}/a_dict.py:demo", "a_dict.py:demo: get_config.* takes 0 positional arguments but 1"),
    ("train", "--config=configs/compare.py", r"configs/compare.py has no field 'method': give configs/<method>\.py"),
    ("tune", "--config=configs/compare.py --space=seed=0,1", "configs/compare.py has no field 'method'"),
    ("benchmark", "--config=configs/compare.py", "configs/compare.py has no field 'method'"),
    ("plan", "--config=configs/compare.py --topology=v5e:2x4", "configs/compare.py has no field 'method'"),
    ("compare", VAE, r"has no field 'methods': give configs/compare\.py"),
    ("train", f"{VAE} --config.method=wae_mmd", "--config.method cannot be set by itself: choose --config, a file"),
    ("train", f"{VAE} --config.variant=slim64", "--config.variant cannot be set by itself"),
    ("compare", "--config=configs/compare.py:demo --config.vae.method=introvae", "--config.vae.method cannot be set"),
    ("train", f"{VAE} --config.seed={2**63}", f"--config.seed={2**63}: the number is too large"),
    ("train", f"{VAE} --config.seed={-(2**63)}", "the number is too large"),
    ("sample", f"--workdir=/nowhere --seed={2**63}", f"--seed={2**63}: "),
    ("evaluate", "runs/vae-demo", "'runs/vae-demo' is not a flag: write --name=value"),
    ("train", f"{VAE} --config=configs/introvae.py", "--config is given 2 times: choose one config file"),
    ("train", f"{VAE} --flagfile=/nowhere", "Unable to open flagfile: .*'/nowhere'"),
    ("sample", "--flagfile=/nowhere", "Unable to open flagfile: .*'/nowhere'"),
]
TRAIN, COMPARE = f"train {VAE} --config.parallel.devices=1", "compare --config=configs/compare.py:demo"
RENAMED = [  # (a command line with an earlier revision's name, today's)
    (f"{TRAIN} --config.eval.pictures=3", "--config.eval.pictures is now --config.eval.images."),
    (f"{COMPARE} --config.evaluation.pictures 3", "--config.evaluation.pictures is now --config.evaluation.images."),
    (f"plan {VAE} --topology=v5e:2x4 --pictures=9", "--pictures is now --images."),
]
REPEATED = [  # (a command line, the note about a flag that is given twice, the answer to its value)
    (f"{TRAIN} --config.model.channels=(4,4) --config.model.channels=(8,0)", "(8, 0)", r"model.channels=\(8, 0\)"),
    (f"{TRAIN} --config.model.channels=8 --config.model.channels=0", "(0,)", r"model.channels=\(0,\)"),
    (f"{TRAIN} --config.model.channels 8 -config.model.channels 4,0", "(4, 0)", r"model.channels=\(4, 0\)"),
    (f"{COMPARE} --config.methods=vae --config.methods=gan", "('gan',)", r"config.methods=\('gan',\)"),
    (f"{TRAIN} --config.train.steps=3 --config.train.steps=0", "0", "config.train.steps=0"),
    (f"{TRAIN} --config.model.dtype=float32 --config.model.dtype=int8", "int8", "config.model.dtype='int8'"),
    (f"{TRAIN} --config.seed=-1 --noconfig.data.flip --config.data.flip", "True", "seed=-1"),
    (f"benchmark {VAE} --sizes=32,64 --sizes=big", "['big']", "--sizes=big"),
]


@pytest.mark.parametrize(("line", "words"), RENAMED)
def test_an_old_name_is_told_the_new_one(command, line, words):
    name, *arguments = line.split()
    assert_plain(command(name, *arguments), f"^error: {re.escape(words)}$")


@pytest.mark.parametrize(("name", "arguments", "words"), CONFIGS)
def test_config_that_cannot_be(command, monkeypatch, tmp_path, name, arguments, words):
    # Else ml_collections keeps the functions of the file before.
    monkeypatch.delitem(sys.modules, "config_config", raising=False)
    for file, text in FILES.items():
        (tmp_path / file).write_text(text)
    assert_plain(command(name, *arguments.format(own=tmp_path).split()), words)


@pytest.mark.parametrize(("line", "counts", "words"), REPEATED)
def test_of_a_repeated_flag_the_last_counts_and_this_is_said(command, line, counts, words):
    name, *arguments = line.split()
    code, out, text = command(name, *arguments)
    note, *error = text.splitlines()
    flag = re.search(r"-?-(?:no)?([\w.]+)[^-]*$", line)[1]
    assert note == f"note: --{flag} is given 2 times; the last counts: {counts}"
    assert_plain((code, out, "\n".join(error)), words)


def test_a_tuple_given_twice_is_the_last_one_and_not_both(command, image_folder, trained, tmp_path):
    run = shutil.copytree(trained, tmp_path / "run")
    given = [*flags(image_folder, run, **{"train.steps": 6}), "--config.model.channels=(8,8)"]
    code, out, text = command("train", *given)
    assert_plain((code, out, text.partition("\n")[2]), r"config\.model\.channels was \[4, 4\], is \[8, 8\]")
