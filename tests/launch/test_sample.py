import os
import shutil
import subprocess
import sys
import weakref
from pathlib import Path

import jax
import numpy as np
import pytest
from PIL import Image

import genmodels
from genmodels import data, images
from genmodels import model as models
from genmodels.images import to_uint8
from genmodels.sampling import densities, improved
from tests.support.plain import assert_plain

pytestmark = pytest.mark.usefixtures("in_the_repository")


def test_samples(command, trained, tmp_path):
    expected = to_uint8(genmodels.load(trained).sample(jax.random.key(3), 5))
    outs = [tmp_path / "deep" / "grid.PNG", tmp_path / "deep" / "codes.npz", tmp_path / "folder", tmp_path / "a.npy"]
    for out in outs:
        code, text, _ = command("sample", f"--workdir={trained}", "--num=5", "--seed=3", f"--out={out}")
        assert (code, text) == (0, f"5 samples of vae at step 6: {out}\n")
    np.testing.assert_array_equal(np.load(outs[1])["arr_0"], expected)  # uint8 [N, H, W, 3], as FID programs read it
    np.testing.assert_array_equal(np.load(outs[3]), expected)
    files = sorted(outs[2].iterdir())
    assert [file.name for file in files] == [f"{i:06}.png" for i in range(5)]
    for file, image in zip(files, expected, strict=True):
        with Image.open(file) as opened:
            np.testing.assert_array_equal(np.asarray(opened), image)
    with Image.open(outs[0]) as sheet:  # 3 columns, 2 rows, each image enlarged 3 times
        assert sheet.size == (3 * (3 * 34 - 2), 3 * (2 * 34 - 2))
        np.testing.assert_array_equal(np.asarray(sheet)[: 3 * 32 : 3, : 3 * 32 : 3], expected[0])


def test_samples_of_an_earlier_step_beside_the_run(command, trained, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(trained, run)
    code, _, _ = command("sample", f"--workdir={run}", "--step=4", "--num=4")
    assert code == 0
    with Image.open(run / "samples-4.png") as sheet:
        assert sheet.size == (3 * 66, 3 * 66)


def test_improved_samples_and_real_images_for_a_fid_program(command, trained, image_folder, tmp_path):
    outs = tmp_path / "samples.npz", tmp_path / "real"
    flags = ["--num=5", "--seed=3", "--refine", f"--data_dir={image_folder}", f"--out={outs[0]}", f"--real={outs[1]}"]
    code, text, _ = command("sample", f"--workdir={trained}", *flags)
    assert code == 0
    assert text == f"5 improved samples of vae at step 6: {outs[0]}\n5 training images: {outs[1]}\n"
    model = genmodels.load(trained)
    np.testing.assert_array_equal(np.load(outs[0])["arr_0"], to_uint8(model.refine(jax.random.key(3), 5)))
    real = data.build(model.config).train
    for file, image in zip(sorted(outs[1].iterdir()), data.sampled(real, 5), strict=True):
        with Image.open(file) as opened:
            np.testing.assert_array_equal(np.asarray(opened), image)


def test_codes_of_a_mixture_and_of_improved_sampling(command, trained, tmp_path):
    run, out = shutil.copytree(trained, tmp_path / "run"), tmp_path / "a.npy"
    arguments = [f"--workdir={run}", "--num=5", "--seed=3", f"--out={out}"]
    refused = command("sample", *arguments, "--codes=mixture", f"--real={tmp_path / 'real.npy'}")
    assert_plain(refused, r"codes=mixture needs .*6\.npz, .*\n.*python -m launch\.evaluate --workdir=")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]  # before any writing
    density = densities.fit(np.random.default_rng(0).normal(3, 1, (40, 8)), 2, seed=0)
    densities.write(run / "densities" / "6.npz", {"mixture": density})
    code, text, _ = command("sample", *arguments, "--codes=mixture")
    assert (code, text) == (0, f"5 samples of vae at step 6, codes from the mixture: {out}\n")
    model = genmodels.load(run)
    np.testing.assert_array_equal(np.load(out), to_uint8(model.decode(density.sample(jax.random.key(3), 5))))
    for given in ("--codes=improved", "--refine", "--refine --codes=improved"):
        code, text, _ = command("sample", *arguments, *given.split())
        assert (code, text) == (0, f"5 improved samples of vae at step 6: {out}\n")
        np.testing.assert_array_equal(np.load(out), to_uint8(model.refine(jax.random.key(3), 5)))


def test_every_way_of_the_model_is_one_of_the_command(command):
    assert f"<{'|'.join(models.WAYS)}>" in command("sample", "--help")[1]


@pytest.mark.parametrize(("chunk", "refine"), [(100, False), (4, True)])
def test_more_than_a_chunk_is_written_as_it_comes(command, trained, tmp_path, monkeypatch, chunk, refine):
    """At most two chunks in memory, the last one short; the result is what the model draws with this key."""
    num, alive, most = 2 * chunk + 3, [], 0
    monkeypatch.setattr(models, "CHUNK", chunk)
    monkeypatch.setattr(improved, "MAX_STEPS", 3)  # of a descent, to save time
    convert = images.to_uint8

    def to_uint8(part):
        nonlocal most
        alive.append(weakref.ref(part))
        most = max(most, sum(len(part()) for part in alive if part() is not None))
        return convert(part)

    monkeypatch.setattr(images, "to_uint8", to_uint8)
    out = tmp_path / "samples.npz"
    arguments = [f"--workdir={trained}", f"--num={num}", f"--out={out}", *(["--refine"] if refine else [])]
    code, text, progress = command("sample", *arguments)
    assert (code, text) == (0, f"{num} {'improved ' if refine else ''}samples of vae at step 6: {out}\n")
    assert f"{num}/{num} " in progress.replace("\r", "\n").splitlines()[-1]
    assert len(alive) == 3
    assert most <= 2 * chunk  # one that is being written, and at most the one before it
    model = genmodels.load(trained)
    drawn = (model.refine if refine else model.sample)(jax.random.key(0), num)
    np.testing.assert_array_equal(np.load(out)["arr_0"], convert(drawn))


def test_real_images_are_the_same_random_ones_for_every_seed(command, trained, tmp_path, monkeypatch):
    monkeypatch.setattr(models, "CHUNK", 4)
    for seed in (0, 1):
        arguments = ["--num=10", f"--seed={seed}", f"--out={tmp_path / 'new' / str(seed)}"]
        code, _, _ = command("sample", f"--workdir={trained}", *arguments, f"--real={tmp_path / f'{seed}.npy'}")
        assert code == 0
    split = data.build(genmodels.load(trained).config).train
    np.testing.assert_array_equal(np.load(tmp_path / "0.npy"), data.sampled(split, 10))
    np.testing.assert_array_equal(np.load(tmp_path / "0.npy"), np.load(tmp_path / "1.npy"))
    assert (np.load(tmp_path / "0.npy") != split[:10]).any()  # not those that come first


def test_real_images_that_are_not_the_runs_own_are_said_to_be(command, trained, image_folder, tmp_path):
    other = shutil.copytree(image_folder, tmp_path / "other")
    Image.new("RGB", (32, 32)).save(other / "train" / "0.png")
    run = shutil.copytree(trained, tmp_path / "run")
    arguments = [f"--workdir={run}", "--num=2", f"--out={tmp_path / 'a.npy'}", f"--real={tmp_path / 'b.npy'}"]
    code, text, _ = command("sample", *arguments, f"--data_dir={other}")
    assert (code, len(text.splitlines())) == (0, 3)
    assert text.startswith(f"--real: {run} was trained on other images than these: folder other, ")
    (run / "data.json").unlink()  # as in runs of earlier revisions
    code, text, _ = command("sample", *arguments)
    assert (code, len(text.splitlines())) == (0, 3)
    assert text.startswith(f"--real: not checked whether {run} was trained on these images\n")


def test_a_folder_is_filled_once_or_replaced(command, trained, tmp_path):
    for flag, other in (("out", "real"), ("real", "out")):
        folder, files = tmp_path / flag, f"--{other}={tmp_path / flag}.npy"
        arguments = [f"--workdir={trained}", "--num=5", f"--{flag}={folder}", files]
        assert command("sample", *arguments)[0] == 0
        refused = rf"--{flag}={folder} holds 5 older images, which would mix .*\n.*--overwrite"
        assert_plain(command("sample", *arguments, "--seed=1"), refused)
        code, text, _ = command("sample", *arguments[:1], "--num=3", *arguments[2:], "--overwrite")
        assert (code, text.splitlines()[0]) == (0, f"5 older images replaced: {folder}")
        assert len(list(folder.iterdir())) == 3


def test_an_interrupt_leaves_nothing_half_written(command, trained, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(images, "to_uint8", interrupted)
    for name in ("a.npz", "a.png", "folder"):
        code, text, _ = command("sample", f"--workdir={trained}", f"--out={tmp_path / name}")
        assert (code, text) == (130, "")
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_cannot_be_written(command, trained, monkeypatch):
    """The remedy, --out, is named before any sampling."""

    def read_only(path, *_):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "touch", read_only)
    monkeypatch.setattr(images, "to_uint8", lambda _: pytest.fail("it has drawn"))
    refused = command("sample", f"--workdir={trained}")
    assert_plain(
        refused,
        rf"--out={trained}/samples-6.png cannot be written: Permission denied\.\nChoose another place with --out",
    )


def test_paths_are_below_home_or_no_paths(command, trained, tmp_path, monkeypatch):
    shutil.copytree(trained, tmp_path / "run")
    monkeypatch.setenv("HOME", str(tmp_path))
    code, text, _ = command("sample", "--workdir=~/run", "--num=2", "--out=~/out", "--real=~/real", "--overwrite")
    assert code == 0
    assert text == f"2 samples of vae at step 6: {tmp_path}/out\n2 training images: {tmp_path}/real\n"
    before = sorted(Path.cwd().iterdir())
    for flag in ("workdir", "out", "real", "data_dir"):
        given = {"workdir": trained, "out": tmp_path / "new", "real": tmp_path / "other", flag: "gs://bucket/run"}
        outcome = command("sample", *(f"--{name}={value}" for name, value in given.items()))
        assert_plain(outcome, f"--{flag}=gs://bucket/run is a URL: mount")
    assert sorted(Path.cwd().iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--out={tmp}/a.pt", r"--out={tmp}/a.pt cannot be written as .pt: choose .png, .jpg, .jpeg"),
        ("--real={tmp}/a.webp", "--real={tmp}/a.webp cannot be written as .webp"),
        ("--out={tmp}/a --real={tmp}/b/../a", "are one place: give each a place of its own"),
        ("--out={tmp}/a --real={tmp}/a/real", "--out={tmp}/a and --real={tmp}/a/real are one place"),
        ("--out={tmp}/a/out.npz --real={tmp}/a", "are one place"),
        ("--out={data}/train/samples", "{data}/train/samples is in the data's folder {data} and would become data"),
        ("--real={data}/a.png", "--real={data}/a.png is in the data's folder"),
        ("--num=50000 --out={tmp}/a.png", "would be a grid of 50,000 images, .* megapixels"),
        ("--num=50000", r"samples-6.png would be a grid of 50,000 images.*\nChoose another place with --out"),
        ("--out=", "--out= is empty"),
        ("--real=", "--real= is empty"),
        ("--refine --codes=mixture", "--refine and --codes=mixture contradict each other: give one of them"),
        ("--refine --codes=prior", "--refine and --codes=prior contradict each other"),
        ("--norefine --codes=improved", "--norefine and --codes=improved contradict each other"),
        ("--codes=posterior", "--codes=posterior"),
        ("--attribute=Smiling:1", "attributes need {run}/attributes/6.npz"),
        ("--attribute=Smiling", "--attribute=Smiling is not a name and a number: write it as Smiling:1.5"),
        ("--attribute=Smiling:nan", "--attribute=Smiling:nan is not a name and a number"),
        ("--attribute=a:1,a:2", "--attribute gives a twice"),
        ("--codes=gaussian", "codes=gaussian needs {run}/densities/6.npz"),
        ("--seed=4294967296", "--seed=4294967296"),  # jax would take it for 0
        ("--out={run}", "--out={run} holds files that this command did not write, such as checkpoints"),
        ("--out={run} --overwrite", "--out={run} holds files that this command did not write"),
        ("--workdir={tmp}/runs", "is not a run but holds 1: give the folder of one of them.\nThey are {run}"),
        ("--workdir={run}/..", "is not a run but holds 1: give the folder of one of them"),
        ("--workdir={run}/checkpoints", "is not a run but a part of one: give the run's folder, {run}"),
        ("--workdir={run}/config.json", "is not a run but a part of one"),
    ],
)
def test_what_would_spoil_or_mix_is_refused(command, trained, image_folder, tmp_path, arguments, words):
    run = shutil.copytree(trained, tmp_path / "runs" / "run")
    names = {"tmp": tmp_path, "data": image_folder, "run": run}
    before = sorted(tmp_path.rglob("*"))
    given = arguments.format(**names).split()
    workdir = [] if arguments.startswith("--workdir") else [f"--workdir={run}"]
    assert_plain(command("sample", *workdir, *given), words.format(**names))
    assert sorted(tmp_path.rglob("*")) == before


def test_what_is_ignored_is_said(command, trained, image_folder, tmp_path):
    arguments = [f"--workdir={trained}", "--num=1", f"--data_dir={image_folder}", f"--out={tmp_path / 'a.npy'}"]
    code, text, _ = command("sample", *arguments)
    assert (code, text.splitlines()[0]) == (0, "--data_dir is not used: only --real reads the data")


def test_a_damaged_checkpoint_ends_in_plain_words(trained, tmp_path):
    """In a process of its own: orbax leaves threads behind that complain when they wake up."""
    run = shutil.copytree(trained, tmp_path / "run")
    (run / "checkpoints" / "6" / "weights" / "manifest.ocdbt").unlink()
    done = subprocess.run(
        [sys.executable, "-m", "launch.sample", f"--workdir={run}"], capture_output=True, text=True, env=os.environ
    )
    assert done.returncode == 2
    assert f"error: {run}/checkpoints/6 is damaged: " in done.stderr
    assert "Move it away to use the one before it" in done.stderr
