"""Bad input the user can fix, for all commands: exit code 2, one or two plain lines, nothing changed on disk."""

import json
import re
import shutil
import socket
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genmodels.report import results
from tests.support.commands import flags
from tests.support.plain import assert_plain

pytestmark = pytest.mark.usefixtures("in_the_repository")

TRAIN = [  # (arguments after a right command line, words of the answer)
    ("--config.train.stepz=3", "--config.train.stepz: .* no field 'stepz': did you mean 'steps'?"),
    ("--config.trian.steps=3", "--config.trian.steps: .* no field 'trian'"),
    ("--config.loss.margin=3", "--config.loss.margin: .* no field 'margin'"),
    ("--config.train.steps=abc", "--config.train.steps=abc: must be an integer"),
    ("--config.train.steps=1.5", "--config.train.steps=1.5: must be an integer"),
    ("--config.optim.b1=abc", "--config.optim.b1=abc: must be a number"),
    ("--config.log.tensorboard=maybe", "--config.log.tensorboard=maybe: must be true or false"),
    ("--config.optim.learning_rate=inf", "--config.optim.learning_rate=inf: must be a finite number"),
    ("--config.loss.beta=1e400", "--config.loss.beta=inf: must be a finite number"),
    ("--config.optim=3", "--config.optim=3: "),
    ("--cnfig=3", "Unknown command line flag 'cnfig'"),
    ("train.steps=3", "'train.steps=3' is not a flag: write --name=value"),
    ("--config=configs/nowhere.py", "configs/nowhere.py: there is no such file"),
    ("--config=configs", "configs is a folder"),
    ("--config=pyproject.toml", "config file: SyntaxError"),
    ("--config=configs/vae.py:nothing", "'nothing' is unknown: use one of celeba128, celeba64, slim128, slim64, demo"),
    ("--config.train.steps=0", "config.train.steps=0"),
    ("--config.train.batch_size=0", "config.train.batch_size=0"),
    ("--config.train.batch_size=9 --config.parallel.devices=2", "config.train.batch_size=9 .* 2 devices"),
    ("--config.train.batch_size=13", "train.batch_size=13 .* 12 images"),
    ("--config.train.ema_decay=1", "config.train.ema_decay=1.0"),
    ("--config.image_size=48", "config.image_size=48 is unknown: use one of 32, 64, 128, 256"),
    ("--config.model.dtype=float8", "config.model.dtype='float8' .* float32, bfloat16"),
    ("--config.model.channels=(4,4,4,4,4,4)", "config.model.channels=.* 32 px can be halved 5 times"),
    ("--config.model.channels=abc", "config.model.channels="),
    ("--config.model.channels=(4,0)", "config.model.channels="),
    ("--config.model.latent=0", "config.model.latent=0"),
    ("--config.optim.learning_rate=-1", "config.optim.learning_rate=-1.0"),
    ("--config.seed=-1", "seed=-1"),
    ("--config.data.labels=nowhere.csv", "nowhere.csv cannot be read"),
    ("--config.parallel.mode=vmap", "config.parallel.mode='vmap' .* 'pmap' or 'jit'"),
    ("--config.parallel.devices=99", "config.parallel.devices=99"),
    ("--config.data.name=mnist", "data.name=mnist .* celeb_a, folder, synthetic_faces"),
    ("--config.data.crop=round", "data.crop=round"),
    ("--config.data.dir=/nowhere", "/nowhere"),
    ("--config.log.every=0", "config.log.every=0"),
    ("--config.checkpoint.keep=0", "config.checkpoint.keep=0"),
    ("--config.eval.calibration_batches=0", "config.eval.calibration_batches=0"),
    ("--workdir=/dev/null/run", "--workdir=/dev/null/run cannot be written .*: choose another folder"),
    ("--config.train.steps_per_call=2", "config.train.steps_per_call=2 must not exceed config.log.every=1"),
    ("--config.data.placement=disk", "config.data.placement='disk' is unknown: use 'host' or 'device'"),
    ("--start_from=/nowhere", "/nowhere is not a run: it has no config.json"),
    ("--process_id=-1", "--process_id"),
    ("--process_id=0", "the processes cannot be joined"),
    ("--coordinator_address=somewhere --num_processes=1 --process_id=0", "=somewhere is not host:port"),
    ("--coordinator_address=127.0.0.1:{port} --num_processes=1 --process_id=0", "the port is not available"),
    ("--workdir={run}", "holds a run with another config: .*\n.*choose another --workdir"),
    ("--config.data.dir={broken}/empty", "empty.* fewer than 2|no images|at least"),
    ("--config.data.dir={broken}/corrupt", "corrupt/3.jpg"),
    ("--config.data.dir={broken}/tiny", "tiny/3.png"),
    ("--config.data.dir={broken}/text", "text/3.png"),
    ("--config.data.dir={broken}/animated", "animated/3.webp: it is animated"),
    ("--config.data.crop=full178 --config.image_size=64", "the crop full178 needs 178 x 178 pixels"),
    ("--config.data.on_bad=ignore", "data.on_bad=ignore is unknown: choose one of error, skip"),
]
OF_METHODS = [
    ("introvae", "--config.loss.beta=-1", "config.loss.beta=-1.0 must be above zero"),
    ("introvae", "--config.loss.margin=0", "config.loss.margin=0.0 must be above zero"),
    ("introvae", "--config.loss.hinge=none", "config.loss.hinge='none' .* 'batch' or 'sample'"),
    ("soft_introvae", "--config.loss.beta_neg=0", "config.loss.beta_neg=0.0 must be above zero"),
    ("soft_introvae", "--config.loss.gamma_r=-1", "config.loss.gamma_r=-1.0 must not be negative"),
    ("soft_introvae", "--config.model.norm=skip", "config.model.norm='skip' is unknown: use one of sum, branch"),
    (
        "introvae",
        "--config.model.nets=residual --config.model.channels=(4,4)",
        "config.model.channels=.* 3 channel counts",
    ),
    ("wae_mmd", "--config.loss.kernel=linear", "config.loss.kernel='linear' .* 'imq' or 'rbf'"),
    ("wae_mmd", "--config.loss.penalty=0", "config.loss.penalty=0.0 must be above zero"),
    ("wae_mmd", "--config.loss.cost_weight=nan", "config.loss.cost_weight=nan"),
    ("wae_gan", "--config.model.critic_layers=-1", "config.model.critic_layers=-1"),
    ("wae_gan", "--config.loss.warmup_steps=-1", "config.loss.warmup_steps=-1"),
    (
        "introvae",
        "--config.loss.margin_from_warmup=true --config.loss.warmup_steps=0",
        "margin_from_warmup needs a warm-up",
    ),
    ("vae", "--config.loss.beta=0", "config.loss.beta=0.0 must be above zero"),
]
VAE = "--config=configs/vae.py:demo --config.parallel.devices=1"
OTHERS = [  # (command, arguments, words)
    ("sample", "--workdir=/nowhere", "/nowhere is not a run"),
    ("sample", "--workdir={run} --step=5", "no checkpoint of step 5; it has 4, 6"),
    ("sample", "--workdir={run} --num=0", "--num=0"),
    ("sample", "--workdir={run} --num=13 --real=x", "--num=13: the training split has 12 images"),
    ("sample", "--workdir={run} --num=many", "--num=many: must be an integer"),
    ("sample", "--workdir={run} --seed=-1", "--seed=-1"),
    ("sample", "--workdir={run} --num=4 --real=/dev/null/x.png", "--real=/dev/null/x.png cannot be written"),
    ("sample", "--workdir={run} --out=/dev/null/x.png", "--out=/dev/null/x.png cannot be written"),
    ("sample", "--workdir={broken}/run", "config.json is not the config of a run"),
    ("evaluate", "--workdir=/nowhere", "/nowhere is not a run"),
    ("evaluate", "--workdir={run} --step=5", "no checkpoint of step 5"),
    ("evaluate", "--workdir={run} --real_pairs=3", "--real_pairs=3: 4 test images make 2 disjoint pairs"),
    ("evaluate", "--workdir={run} --refine=2", "--refine=2: improve at least 4"),
    ("evaluate", "--workdir={run} --pairs=1", "--pairs=1"),
    ("evaluate", "--workdir={run} --points=2", "--points=2"),
    ("evaluate", "--workdir={run} --data_dir=/nowhere", "/nowhere"),
    ("compare", "--config=configs/compare.py:demo --workdir={new} --config.seeds=0", "config.seeds=0"),
    (
        "compare",
        "--config=configs/compare.py:demo --workdir={new} --config.methods=('gan',)",
        "at least one seed and one of",
    ),
    (
        "compare",
        "--config=configs/compare.py:demo --workdir={new} --config.vae.model.latent=0",
        "config.model.latent=0",
    ),
    ("compare", "--config=configs/compare.py:demo --workdir={new} --runs=/nowhere", "/nowhere is not a run"),
    ("compare", "--config=configs/compare.py:demo --workdir={new} --runs={run} --tuning=/nowhere", "/nowhere"),
    (
        "tune",
        "--config=configs/vae.py:demo --workdir={new} --space=loss.gamma=1,2",
        "the config has no field 'loss.gamma'",
    ),
    ("tune", "--config=configs/vae.py:demo --workdir={new} --space=seed=0..5", "--sampler=grid cannot try a range"),
    ("tune", "--config=configs/vae.py:demo --workdir={new} --space=seed=0,1 --sampler=luck", "--sampler"),
    (
        "tune",
        "--config=configs/vae.py:demo --workdir={new} --space=loss.beta=-1,2",
        "config.loss.beta=-1.0 must be above",
    ),
    ("tune", "--config=configs/vae.py:demo --workdir={new} --space=loss.beta=5..1 --sampler=tpe", "is not a range"),
    ("tune", "--config=configs/vae.py:demo --workdir={new}", "--space is missing"),
    (
        "tune",
        "--config=configs/vae.py:demo --workdir={new} --space=seed=0,1 --storage=nonsense",
        "--storage=nonsense cannot",
    ),
    (
        "compare",
        "--config=configs/compare.py:demo --workdir={new} --config.data.name=folder --config.data.dir=/nowhere",
        "/nowhere",
    ),
    ("benchmark", "--config=configs/vae.py:demo --sizes=32,big", "--sizes=32,big: must be positive integers"),
    ("benchmark", "--config=configs/vae.py:demo --seconds=nan", "--seconds=nan: must be a finite number"),
    ("benchmark", "--config=configs/vae.py:demo --sizes=", "--sizes=: must be positive integers"),
    ("benchmark", f"{VAE} --out={{run}}", "--out=.*run cannot be written: Is a directory"),
    ("benchmark", "--config=configs/vae.py:demo --sizes=0", "--sizes=0: must be positive integers"),
    ("benchmark", "--config=configs/vae.py:demo --batch_sizes=8,-8", "--batch_sizes=8,-8: must be positive integers"),
    ("benchmark", f"{VAE} --sizes=32,48 --out={{new}}/x", "config.image_size=48 is unknown"),
    (
        "benchmark",
        "--config=configs/wae_mmd.py:demo --config.parallel.devices=1 --batch_sizes=8,1 --out={new}/x",
        "config.train.batch_size=1 must be at least 2: the unbiased MMD",
    ),
    (
        "benchmark",
        "--config=configs/vae.py:demo --config.parallel.devices=2 --batch_sizes=8,9 --out={new}/x",
        "config.train.batch_size=9 cannot be shared equally by 2 devices",
    ),
    ("benchmark", "--config=configs/vae.py:demo --seconds=0", "--seconds"),
    ("benchmark", f"{VAE} --out=/dev/null/x.json", "--out=/dev/null/x.json cannot be written"),
    ("plan", "--config=configs/vae.py:demo", "--topology is missing"),
    ("plan", "--config=configs/vae.py:demo --topology=v5e:2x4 --out=/dev/null/x.json", "--out=/dev/null/x.json cannot"),
    ("results", "--plans={broken}/text/3.png --results={new}", "3.png is not a plan: write it with launch.plan --out"),
    ("results", "--report={broken}/json --results={new}", "json/report.json cannot be read .*: add a report again"),
    ("results", "--report={broken}/run --results={new}", "run/report.json is not a report of launch.compare"),
    ("results", "--report={broken}/report --results={new} --name=a/b", "--name=a/b: give a folder's name"),
    ("results", "--results={broken}", "report.json (cannot be read|is not a report)"),
    (
        "results",
        "--report={broken}/report --plans={broken}/run/config.json --results={new}",
        "run/config.json is not a plan: write it with launch.plan --out",
    ),
    ("plan", "--config=configs/vae.py:demo --topology=", "--topology is missing"),
    ("plan", "--config=configs/vae.py:demo --topology=v5e:2x0", "--topology=v5e:2x0 has no chips"),
    ("plan", "--config=configs/vae.py:demo --topology=v5e:2x", "--topology=v5e:2x has no chips"),
    (
        "plan",
        "--config=configs/vae.py:demo --topology=v5e:2x4 --utilisation=nan",
        "--utilisation=nan: must be a finite number",
    ),
    ("plan", "--config=configs/vae.py:demo --topology=v5e:2x4 --images=0", "--images=0"),
    ("evaluate", "--workdir=", "--workdir is missing"),
    ("compare", "--config=configs/compare.py:demo --workdir={new} --runs=", "--runs= is empty"),
    (
        "compare",
        "--config=configs/compare.py:demo --workdir={broken}/text/3.png",
        "text/3.png is a file.*another --workdir",
    ),
    (
        "tune",
        "--config=configs/vae.py:demo --workdir={broken}/text/3.png/x --space=seed=0,1",
        "text/3.png is no folder",
    ),
    ("tune", "--config=configs/vae.py:demo --workdir={run} --space=seed=0,1", "run is the folder of a run"),
    ("tune", "--config=configs/vae.py:demo --workdir={new} --space=image_size=32,64", "image_size must be the same"),
    ("tune", "--config=configs/vae.py:demo --workdir={new} --space=seed:0,1", "'seed:0,1' is not a field with values"),
    ("tune", "--config=configs/vae.py:demo --workdir={new} --space=seed=0,1 --trials=0", "--trials=0"),
    ("tune", "--config=configs/vae.py:demo --workdir={new} --space=seed=0,1 --seed=4294967296", "--seed=4294967296"),
    (
        "tune",
        "--config=configs/wae_mmd.py:demo --workdir={new} --space=train.batch_size=1,8",
        "--space: config.train.batch_size=1 must be at least 2: the unbiased MMD",
    ),
    ("results", "--report={new} --results={new}", "has no report.json: run launch.compare"),
    ("results", "--results={new}", "no folder of .*new has a report.json yet: add one with --report"),
    ("plan", "--config=configs/vae.py:demo --topology=v5e:2x4 --utilisation=7", "--utilisation=7"),
]


@pytest.fixture(scope="module")
def broken(tmp_path_factory) -> Path:
    """Folders of images with one that cannot be used, and a folder that only looks like a run."""
    folder = tmp_path_factory.mktemp("broken")
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    for name in ("empty", "corrupt", "tiny", "text", "animated", "run", "json", "report"):
        (folder / name).mkdir()
    for name in ("corrupt", "tiny", "text", "animated"):
        for i in range(3):
            Image.fromarray(noise).save(folder / name / f"{i}.png")
    Image.fromarray(noise).save(folder / "corrupt" / "3.jpg")
    whole = (folder / "corrupt" / "3.jpg").read_bytes()
    (folder / "corrupt" / "3.jpg").write_bytes(whole[: len(whole) // 2])
    Image.fromarray(noise[:1, :1]).save(folder / "tiny" / "3.png")
    (folder / "text" / "3.png").write_text("no image")
    still, other = Image.fromarray(noise), Image.fromarray(255 - noise)
    still.save(folder / "animated" / "3.webp", save_all=True, append_images=[other])
    (folder / "run" / "config.json").write_text("{}")
    report = {name: {} for name in results.NEEDED} | {"provenance": {"machine": "Linux x86_64"}}
    for name, text in (("run", "{}"), ("json", "{"), ("report", json.dumps(report))):
        (folder / name / "report.json").write_text(text)
    return folder


@pytest.fixture
def place(image_folder, trained, broken, tmp_path):
    """Fills in the names of folders; afterwards none has changed."""
    run = shutil.copytree(trained, tmp_path / "run")
    names = {"run": run, "new": tmp_path / "new", "broken": broken}
    in_use = socket.create_server(("127.0.0.1", 0))
    names["port"] = in_use.getsockname()[1]

    def contents() -> dict[Path, int | None]:
        found = {path for folder in (run, broken) for path in folder.rglob("*")}
        return {path: path.stat().st_mtime_ns if path.is_file() else None for path in found}

    before = contents()
    with in_use:
        yield lambda text: [part.format(**names) for part in text.split(" ")]
    assert contents() == before


def without_bars(outcome: tuple[int, str, str]) -> tuple[int, str, str]:
    """The outcome of a command without the progress bars of the images that it read before the error."""
    code, out, text = outcome
    lines = [line for line in text.splitlines() if line and not re.search(r" images/s\]$", line)]
    return code, out, "\n".join(lines)


@pytest.mark.parametrize(("extra", "words"), TRAIN)
def test_train(command, image_folder, place, tmp_path, extra, words):
    wrong = place(extra)
    replaced = {argument.split("=")[0] for argument in wrong}
    right = [argument for argument in flags(image_folder, tmp_path / "new") if argument.split("=")[0] not in replaced]
    # A config file comes before its fields.
    arguments = [*wrong, *right] if "--config" in replaced else [*right, *wrong]
    assert_plain(without_bars(command("train", *arguments)), words)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(("method", "extra", "words"), OF_METHODS)
def test_fields_of_a_method(command, place, tmp_path, method, extra, words):
    right = (f"--config=configs/{method}.py:demo", f"--workdir={tmp_path / 'new'}", "--config.parallel.devices=1")
    assert_plain(command("train", *right, *place(extra)), words)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(("name", "arguments", "words"), OTHERS)
def test_other_commands(command, place, tmp_path, name, arguments, words):
    assert_plain(command(name, *place(arguments)), words)
    new = tmp_path / "new"
    assert not list(new.glob("run-*")) if name == "tune" else not new.exists()  # a study's own log may be there
