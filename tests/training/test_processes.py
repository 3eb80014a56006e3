"""Two processes on one machine train as one does: the same numbers, one log, checkpoints that either reads."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import jax
import numpy as np
import pytest

import genmodels
from genmodels import training
from genmodels.methods import make
from genmodels.runs import lock
from genmodels.runs.checkpoint import Checkpoints
from genmodels.runs.logs import read_metrics
from tests.support import tiny, tiny_runs
from tests.support.commands import flags

pytestmark = pytest.mark.slow
FIELDS = {
    "train.steps": 4,
    "checkpoint.every": 2,
    "eval.every": 4,
    "optim.decay": 1.0,  # the learning rate does not depend on the number of steps
}
WARMUP = {"wae_mmd": 1, "introvae": 2, "soft_introvae": 2}
LAYOUTS = {
    "vae": ("jit", "device"),
    "wae_mmd": ("pmap", "host"),
    "wae_gan": ("jit", "host"),
    "introvae": ("pmap", "device"),
    "soft_introvae": ("jit", "host"),
}


def config(name: str, images: Path, **fields):
    mode, placement = LAYOUTS[name]
    layout = {"parallel.mode": mode, "data.placement": placement}
    warmup = {"loss.warmup_steps": WARMUP[name]} if name in WARMUP else {}
    return tiny_runs.config(name, images, **FIELDS | layout | warmup | fields)


def start(*command: str) -> list[subprocess.Popen]:
    """Two processes of a command with one device each; {address} and {index} in it are filled in."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    flags_of_one = os.environ["XLA_FLAGS"].replace("device_count=8", "device_count=1")
    environment = {**os.environ, "XLA_FLAGS": flags_of_one, "PYTHONPATH": str(Path(__file__).parents[2])}
    return [
        subprocess.Popen(
            [sys.executable, *(part.replace("{address}", address).replace("{index}", str(index)) for part in command)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for index in range(2)
    ]


def finish(processes: list[subprocess.Popen]) -> list[str]:
    """Their output; all must exit with code 0."""
    try:
        said = [process.communicate(timeout=400)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()  # jax.distributed does not end on SIGTERM
    assert [process.returncode for process in processes] == [0, 0], "\n".join(said)
    return said


TRAIN = """
import jax
jax.distributed.initialize("{address}", 2, {index})
from pathlib import Path
from genmodels import training
from tests.training import test_processes
for name in test_processes.LAYOUTS:
    config = test_processes.config(name, Path("IMAGES"), **{"parallel.devices": 1})
    assert training.train(config, Path("RUNS") / name).finished
"""


@pytest.fixture(scope="module")
def together(image_folder, tmp_path_factory) -> Path:
    """The folder of the runs of two processes, one for each method."""
    folder = tmp_path_factory.mktemp("together")
    said = finish(start("-c", TRAIN.replace("IMAGES", str(image_folder)).replace("RUNS", str(folder))))
    assert "step 4/4" in said[0]
    assert "step" not in said[1]
    return folder


@pytest.mark.parametrize("name", tiny.METHODS)
def test_two_processes_train_as_one_with_two_devices(together, image_folder, tmp_path, name):
    training.train(config(name, image_folder, **{"parallel.devices": 2}), tmp_path)
    lines, expected = read_metrics(together / name), read_metrics(tmp_path)
    assert [line["step"] for line in lines] == [line["step"] for line in expected] == [1, 2, 3, 4, 4]
    for line, other in zip(lines, expected, strict=True):
        for term in other.keys() - {"images/s"}:
            tolerance = 5e-2 if term.startswith("norm/") else 2e-3
            np.testing.assert_allclose(line[term], other[term], tolerance, 1e-5, err_msg=term)
    key = jax.random.key(0)
    np.testing.assert_allclose(
        genmodels.load(together / name).sample(key, 4), genmodels.load(tmp_path).sample(key, 4), atol=0.02
    )


DIFFER = """
import jax
jax.distributed.initialize("{address}", 2, {index})
from pathlib import Path
from genmodels.errors import UsageError
from genmodels.runs import lock
from genmodels.training import processes
from tests.support import images
processes.check_images(images.fake(train=4))
for wrong in (images.fake(train=4 + {index}), images.fake(train=4, digest="c{index}" * 32)):
    try:
        processes.check_images(wrong)
    except UsageError as error:
        print(error)
with processes.on_the_first(lock.held(Path("RUN"))):
    print("held")
try:
    with processes.on_the_first(lock.held(Path("BUSY"))):
        print("wrong")
except UsageError as error:
    print(error)
"""


def test_processes_agree_on_their_images_and_the_first_alone_holds_the_run(tmp_path):
    for name in ("run", "busy"):
        (tmp_path / name).mkdir()
    program = DIFFER.replace("RUN", str(tmp_path / "run")).replace("BUSY", str(tmp_path / "busy"))
    with lock.held(tmp_path / "busy"):
        said = finish(start("-c", program))
    first, second = ([line for line in each.splitlines() if not line.startswith("[Gloo]")] for each in said)
    wrong = "process 1 and process 0 have different images:"
    number = f"{wrong} 5 train and 2 test against 4 train and 2 test."
    content = f"{wrong} 4 train and 2 test against 4 train and 2 test, with different content."
    remedy = "Give config.data the same images on every host."
    shared = [number, remedy, content, remedy, "held"]
    assert first[:5] == second[:5] == shared
    assert first[5] == f"{tmp_path / 'busy'} is being trained by process {os.getpid()} on {socket.gethostname()}."
    assert second[5:] == ["process 0 cannot start; see its error message."]


def test_one_process_goes_on_from_two(together, image_folder, capsys):
    this = config("wae_gan", image_folder, **{"train.steps": 5, "parallel.devices": 4})
    assert training.train(this, together / "wae_gan") == training.Result(5, finished=True)
    assert "resumes at step 4 of 5" in capsys.readouterr().out


def test_two_processes_go_on_from_one_and_stop_together_at_a_signal(image_folder, tmp_path):
    first = flags(image_folder, tmp_path / "run", **{"train.steps": 3, "optim.decay": 1.0})
    subprocess.run([sys.executable, "-m", "launch.train", *first], check=True, capture_output=True)
    longer = {"train.steps": 100_000, "optim.decay": 1.0, "log.every": 50, "eval.every": 200_000}
    more = flags(image_folder, tmp_path / "run", **longer)
    join = ["--coordinator_address={address}", "--num_processes=2", "--process_id={index}"]
    processes = start("-m", "launch.train", *more, *join)
    metrics, deadline = tmp_path / "run" / "metrics.jsonl", time.monotonic() + 200
    while '"step": 100,' not in metrics.read_text():
        assert time.monotonic() < deadline
        assert all(process.poll() is None for process in processes), finish(processes)
        time.sleep(0.1)
    processes[1].send_signal(
        signal.SIGHUP
    )  # to one of them only, which passes it on as the SIGTERM that jax listens for
    said = finish(processes)
    assert "resumes at step 3 of 100,000" in said[0]
    assert "run the same command again to resume" in said[0]
    with Checkpoints(tmp_path / "run", keep=3) as checkpoints:
        method = make(tiny.config("vae", **{"model.latent": 4}))
        state = checkpoints.restore(jax.eval_shape(method.init, jax.random.key(0)))
    assert f"saved at step {int(state.step):,}:" in said[0]
    assert 100 < state.step < 100_000
