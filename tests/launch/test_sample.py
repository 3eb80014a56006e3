import os
import shutil
import subprocess
import sys

import jax
import numpy as np
import pytest
from PIL import Image

import genmodels
from genmodels import data, images

pytestmark = pytest.mark.usefixtures("in_the_repository")


def test_samples(command, trained, tmp_path):
    expected = images.to_uint8(genmodels.load(trained).sample(jax.random.key(3), 5))
    outs = [tmp_path / "deep" / "grid.png", tmp_path / "deep" / "codes.npz", tmp_path / "folder"]
    for out in outs:
        code, text, _ = command("sample", f"--workdir={trained}", "--num=5", "--seed=3", f"--out={out}")
        assert (code, text) == (0, f"5 samples of vae at step 6: {out}\n")
    np.testing.assert_array_equal(np.load(outs[1])["arr_0"], expected)  # uint8 [N, H, W, 3], as FID programs read it
    files = sorted(outs[2].iterdir())
    assert [file.name for file in files] == [f"{i:06}.png" for i in range(5)]
    for file, picture in zip(files, expected, strict=True):
        with Image.open(file) as image:
            np.testing.assert_array_equal(np.asarray(image), picture)
    with Image.open(outs[0]) as sheet:  # 3 columns, 2 rows, each picture enlarged 3 times
        assert sheet.size == (3 * (3 * 34 - 2), 3 * (2 * 34 - 2))
        np.testing.assert_array_equal(np.asarray(sheet)[: 3 * 32 : 3, : 3 * 32 : 3], expected[0])


def test_samples_of_an_earlier_step_beside_the_run(command, trained, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(trained, run)
    code, _, _ = command("sample", f"--workdir={run}", "--step=4", "--num=4")
    assert code == 0
    with Image.open(run / "samples-4.png") as sheet:
        assert sheet.size == (3 * 66, 3 * 66)


def test_improved_samples_and_real_pictures_for_a_fid_program(command, trained, pictures, tmp_path):
    outs = tmp_path / "samples.npz", tmp_path / "real"
    flags = ["--num=5", "--seed=3", "--refine", f"--data_dir={pictures}", f"--out={outs[0]}", f"--real={outs[1]}"]
    code, text, _ = command("sample", f"--workdir={trained}", *flags)
    assert code == 0
    assert text == f"5 improved samples of vae at step 6: {outs[0]}\n5 training pictures: {outs[1]}\n"
    model = genmodels.load(trained)
    np.testing.assert_array_equal(np.load(outs[0])["arr_0"], images.to_uint8(model.refine(jax.random.key(3), 5)))
    real = data.build(model.config).train
    for file, picture in zip(sorted(outs[1].iterdir()), real[:5], strict=True):
        with Image.open(file) as image:
            np.testing.assert_array_equal(np.asarray(image), picture)


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
