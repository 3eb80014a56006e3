"""launch.train, and what all commands share: what they print, where they stop, what they leave."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from genmodels import runs
from genmodels.runs.logs import read_metrics
from launch import cli
from tests.support.commands import flags
from tests.support.plain import assert_plain

STEPS = 250
pytestmark = pytest.mark.usefixtures("in_the_repository")


def test_what_is_missing_is_named(command):
    assert_plain(command("train"), r"--config is missing: configs/<method>\.py")
    assert_plain(command("train", "--config.train.steps=3"), "--config is missing")
    assert_plain(command("sample"), "--workdir is missing")


@pytest.mark.parametrize("name", ["train", "sample"])
def test_help(command, name):
    code, text, _ = command(name, "--help")
    assert code == 0
    assert "--workdir" in text
    assert f"python -m launch.{name} " in text


def test_trains_and_goes_on_and_refuses_another_config(command, image_folder, tmp_path):
    workdir, constant = tmp_path / "run", {"optim.decay": 1.0}
    code, text, _ = command("train", *flags(image_folder, workdir, **constant))
    assert (code, text.splitlines()[-1]) == (0, f"trained 2 steps: {workdir}")
    code, text, _ = command("train", *flags(image_folder, workdir, **constant, **{"train.steps": 3}))
    assert code == 0
    assert "resumes at step 2 of 3" in text
    assert [line["step"] for line in read_metrics(workdir) if "loss" in line] == [1, 2, 3]
    refused = command("train", *flags(image_folder, workdir, **constant, **{"train.steps": 3, "model.latent": 5}))
    assert_plain(refused, r"config\.model\.latent was 4, is 5")
    assert runs.read_config(workdir).model.latent == 4


def test_a_run_of_decaying_learning_rates_is_not_extended_but_trained_on_from(command, image_folder, tmp_path):
    workdir, decaying = tmp_path / "run", {"optim.decay": 4.0}
    command("train", *flags(image_folder, workdir, **decaying))
    before = {path: path.read_bytes() for path in workdir.rglob("*") if path.is_file()}
    longer = {**decaying, "train.steps": 4}
    refused = command("train", *flags(image_folder, workdir, **longer))
    assert_plain(refused, r"config\.train\.steps was 2, is 4\.\nLearning rates fall by config\.optim\.decay=4\.0 over")
    assert {path: path.read_bytes() for path in workdir.rglob("*") if path.is_file()} == before
    remedy = f"--start_from={workdir}"
    assert f": launch.train {remedy} --workdir=ANOTHER." in refused[2]
    code, text, _ = command("train", *flags(image_folder, tmp_path / "another", **longer), remedy)
    assert code == 0
    assert "resumes at step 2 of 4" in text


def test_a_run_that_diverges_ends_in_plain_words(command, image_folder, tmp_path):
    growing = {"train.steps": 4, "optim.learning_rate": 1e-6, "optim.decay": 1e-36}
    outcome = command("train", *flags(image_folder, tmp_path / "run", **growing))
    assert_plain(outcome, "Training diverged at step 4: .* not finite")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_saves_and_ends_and_the_same_command_finishes(command, image_folder, tmp_path, number):
    workdir = tmp_path / "run"
    arguments = flags(image_folder, workdir, **{"train.steps": STEPS})
    before = signal.signal(number, signal.SIG_DFL)  # it is inherited, and ignored where tests run as a background job
    process = subprocess.Popen(
        [sys.executable, "-m", "launch.train", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    signal.signal(number, before)
    while not read_metrics(workdir) and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(number)
    text, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    step = int(next(path.name for path in (workdir / "checkpoints").iterdir()))
    assert 1 <= step < STEPS
    assert signal.Signals(number).name in text
    assert text.splitlines()[-1] == f"stopped and saved at step {step}: run the same command again to resume"
    code, text, _ = command("train", *arguments)
    assert code == 0
    assert f"resumes at step {step} of {STEPS}" in text
    assert text.splitlines()[-1] == f"trained {STEPS} steps: {workdir}"


def test_where_nobody_reads_a_run_is_saved_and_ends_quietly(command, image_folder, tmp_path):
    workdir = tmp_path / "run"
    arguments = flags(image_folder, workdir, **{"train.steps": STEPS})
    train = [sys.executable, "-m", "launch.train", *arguments]
    with subprocess.Popen(train, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().startswith("vae on ")
        process.stdout.close()  # as `| head -1` does
        assert process.wait(timeout=120) == 128 + signal.SIGPIPE
        assert process.stderr.read() == ""
    (saved,) = (int(path.name) for path in (workdir / "checkpoints").iterdir())
    assert 1 <= saved < STEPS
    code, text, _ = command("train", *arguments)
    assert code == 0
    assert f"resumes at step {saved} of {STEPS}" in text


def test_two_trainings_in_one_folder(image_folder, tmp_path):
    workdir = tmp_path / "run"
    train = [sys.executable, "-m", "launch.train", *flags(image_folder, workdir, **{"train.steps": 100_000})]
    first = subprocess.Popen(train, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not read_metrics(workdir) and first.poll() is None:
        time.sleep(0.01)
    second = subprocess.run(train, capture_output=True, text=True)
    words = rf"{workdir} is being trained by process {first.pid} on {socket.gethostname()}\.\nWait for it"
    assert_plain((second.returncode, second.stdout, second.stderr), words)
    first.kill()
    first.communicate()


def test_a_home_in_workdir_is_expanded(command, image_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    code, text, _ = command("train", *flags(image_folder, "~/run"))
    assert (code, text.splitlines()[-1]) == (0, f"trained 2 steps: {tmp_path / 'run'}")
    code, text, _ = command("train", *flags(image_folder, "~/next", **{"train.steps": 3}), "--start_from=~/run")
    assert code == 0
    assert "resumes at step 2 of 3" in text


COMMANDS = sorted(path.stem for path in Path(cli.__file__).parent.glob("*.py") if "cli.run(" in path.read_text())


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_a_file_too(name):
    before, found, _ = (
        (Path(cli.__file__).parent / f"{name}.py")
        .read_text()
        .partition(f'\nif not __package__:  # python launch/{name}.py\n    sys.path[0] += "/.."\n')
    )
    assert found
    assert "launch import" not in before
    assert "genmodels import" not in before


def test_python_launch_train_py_from_anywhere(tmp_path):
    root = Path(cli.__file__).parents[1]
    arguments = [f"--config={root}/configs/vae.py:demo", "--config.data.name=folder", "--config.data.dir=/nowhere"]
    arguments.append("--config.parallel.devices=1")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, f"{root}/launch/train.py", *arguments],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert_plain((done.returncode, done.stdout, done.stderr), "/nowhere")


def test_a_real_process_ends_with_code_2_and_no_traceback(tmp_path):
    arguments = ["--config=configs/introvae.py", "--config.data.dir=/nowhere", f"--workdir={tmp_path / 'run'}"]
    done = subprocess.run([sys.executable, "-m", "launch.train", *arguments], capture_output=True, text=True)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "/nowhere" in done.stderr
    assert not (tmp_path / "run").exists()
