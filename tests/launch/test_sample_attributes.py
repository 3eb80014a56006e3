"""Samples with more or less of an attribute, by command."""

import shutil

import jax
import numpy as np
import pytest

import genmodels
from genmodels import sampling
from genmodels.images import to_uint8
from tests.support.plain import assert_plain

pytestmark = pytest.mark.usefixtures("in_the_repository")


def test_attributes(command, trained, tmp_path):
    run, out = shutil.copytree(trained, tmp_path / "run"), tmp_path / "a.npy"
    vectors = np.random.default_rng(0).normal(size=(3, 8)).astype(np.float32)
    vectors[2] = np.nan
    found = sampling.attributes.Vectors(("hat", "smile", "bald"), vectors, np.zeros(3))
    sampling.attributes.write(run / "attributes" / "6.npz", found)
    arguments = [f"--workdir={run}", "--num=5", f"--out={out}"]
    assert_plain(command("sample", *arguments, "--attribute=smil:1"), r"did you mean smile\?")
    assert_plain(command("sample", *arguments, "--attribute=bald:1"), "bald has one value in all training images")
    assert not out.exists()
    code, text, _ = command("sample", *arguments, "--attribute=smile:1.5,hat:-2")
    assert (code, text) == (0, f"5 samples of vae at step 6, smile +1.5, hat -2: {out}\n")
    expected = genmodels.load(run).sample(jax.random.key(0), 5, attributes={"smile": 1.5, "hat": -2})
    np.testing.assert_array_equal(np.load(out), to_uint8(expected))
