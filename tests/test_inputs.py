"""What comes into a model: what is converted, and what is refused in which words."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from genmodels import inputs

FACES = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
UNIT = FACES.astype(np.float32) / 255


@pytest.mark.parametrize(
    "x",
    [
        UNIT,
        UNIT.astype(np.float64),
        UNIT.tolist(),
        list(UNIT),
        jnp.asarray(UNIT),
        FACES,
        list(FACES),
        jnp.asarray(FACES),
        [Image.fromarray(face) for face in FACES],
    ],
    ids=lambda x: type(x).__name__,
)
def test_batches_in_many_forms(x):
    found = inputs.images(x, 32)
    expected = FACES if found.dtype == np.uint8 else UNIT
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("x", [UNIT[0], FACES[0], jnp.asarray(FACES[0]), Image.fromarray(FACES[0])])
def test_one_image_is_a_batch_of_one(x):
    assert inputs.images(x, 32).shape == (1, 32, 32, 3)


def test_rounding_is_no_fault():
    assert float(inputs.images(np.array([-5e-4, 1 + 5e-4, 0.5]) * np.ones((1, 32, 32, 3)), 32).max()) > 1
    half = jnp.asarray(UNIT, jnp.bfloat16)
    assert inputs.images(half, 32) is half


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (UNIT[:, :31], r"not \[3, 31, 32, 3\]: crop and resize them to 32 x 32 pixels"),
        (np.zeros((33, 33, 3)), r"\[N, 32, 32, 3\] for this model, or one \[32, 32, 3\], not \[33, 33, 3\]: crop and"),
        (UNIT.transpose(0, 3, 1, 2), r"not \[3, 3, 32, 32\]: channels come last, np.moveaxis\(x, -3, -1\)"),
        (UNIT[0].transpose(2, 0, 1), r"not \[3, 32, 32\]: channels come last"),
        (UNIT[..., 0][:2], r"not \[2, 32, 32\]: make grey images colour"),
        (UNIT[0, ..., 0], r"not \[32, 32\]: make grey images colour"),
        (UNIT[..., :1], r"not \[3, 32, 32, 1\]: make grey images colour"),
        (np.zeros((2, 32, 32, 4)), r"not \[2, 32, 32, 4\]: leave alpha out, x\[..., :3\]"),
        (UNIT[None], r"not \[1, 3, 32, 32, 3\]: give one batch"),
        ([], r"not \[0\]: give one batch"),
        (np.zeros((0, 3)), r"not \[0, 3\]: give one batch"),
        (0.5, r"not \[\]: give one batch"),
        (2 * UNIT, r"floats in \[0, 1\] or uint8 \(0 to 255\), not float32 from .* to 2: clip or rescale"),
        (2 * UNIT - 1, "not float32 from -1 to 1: clip or rescale"),
        (FACES.astype(np.float32), "not float32 from 0 to 255: clip or rescale"),
        (np.full((1, 32, 32, 3), 1.01), "not float64 from 1.01 to 1.01"),
        (np.where(UNIT[0, 0, 0, 0] == UNIT, np.nan, UNIT), "not float32 from nan to nan"),
        (np.where(UNIT.max() == UNIT, np.inf, UNIT), "not float32 from 0 to inf"),
        (jnp.asarray(2 * UNIT), "not float32 from 0 to 2"),
        (FACES.astype(np.int64), r"uint8 \(0 to 255\) or floats in \[0, 1\], not int64: convert them"),
        (FACES > 99, "not bool: convert them"),
        (UNIT.astype(np.complex64), "not complex64"),
        ([UNIT[0], UNIT[0, :16]], "images of type list do not make one array: "),
        (np.ma.masked_less(UNIT, 0.1), "images have masked values: fill them in first"),
        ("face.png", "images are arrays of numbers, not str"),
        (None, "images are arrays of numbers, not NoneType"),
        ({"x": UNIT}, "images are arrays of numbers, not dict"),
        ((face for face in UNIT), "images are arrays of numbers, not generator"),
        (jax.random.split(jax.random.key(0), (1, 32, 32, 3)), "not key<fry>"),
    ],
)
def test_what_is_no_batch_of_images(x, words):
    with pytest.raises(ValueError, match=words) as caught:
        inputs.images(x, 32)
    assert "\n" not in str(caught.value)


def test_images_are_not_copied(tmp_path):
    """A whole split, as the cache has it, stays on the disk."""
    np.save(tmp_path / "train.npy", FACES)
    split = np.load(tmp_path / "train.npy", mmap_mode="r")
    assert inputs.images(split, 32).base is split.base or np.shares_memory(inputs.images(split, 32), split)


def test_none():
    assert inputs.images(FACES[:0], 32).shape == (0, 32, 32, 3)
    assert inputs.images(UNIT[:0], 32).shape == (0, 32, 32, 3)
    assert inputs.codes(np.zeros((0, 8)), 8).shape == (0, 8)


def test_while_jax_traces_shapes_are_checked_and_values_are_not():
    assert jax.jit(lambda x: inputs.images(x, 32) * 1)(2 * UNIT).shape == UNIT.shape
    assert jax.jit(lambda z: inputs.codes(z, 3))(jnp.full((2, 3), jnp.nan)).shape == (2, 3)
    with pytest.raises(ValueError, match=r"not \[3, 31, 32, 3\]"):
        jax.jit(lambda x: inputs.images(x, 32))(UNIT[:, :31])


def test_codes():
    z = np.arange(12).reshape(3, 4)
    for given in (z, z.tolist(), jnp.asarray(z), z.astype(np.float64), z.astype(np.uint8)):
        found = inputs.codes(given, 4)
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, z)
    np.testing.assert_array_equal(inputs.codes(z[0], 4), z[:1])


@pytest.mark.parametrize(
    ("z", "words"),
    [
        (np.zeros((3, 5)), r"codes are \[N, 4\] for this model, or one \[4\], not \[3, 5\]"),
        (np.zeros(5), r"not \[5\]"),
        (np.zeros((2, 3, 4)), r"not \[2, 3, 4\]"),
        (0.0, r"not \[\]"),
        ([], r"not \[0\]"),
        (np.full((1, 4), np.nan), "codes are finite numbers"),
        (jnp.array([[0, 1, 2, jnp.inf]]), "codes are finite numbers"),
        (np.zeros((1, 4), bool), "codes are real numbers, not bool"),
        (np.zeros((1, 4), complex), "codes are real numbers, not complex128"),
        ([[0.0] * 4, [0.0] * 3], "codes of type list do not make one array"),
        ("zero", "codes are arrays of numbers, not str"),
    ],
)
def test_what_are_no_codes(z, words):
    with pytest.raises(ValueError, match=words):
        inputs.codes(z, 4)


def test_whole_numbers():
    assert inputs.whole("num", np.int64(3), least=0) == 3
    for number, words in (
        (UNIT, r"num=array\(\[\[\[\[.{,30}\.\.\. is not a whole number"),
        (-1, "num=-1 is too small: give at least 0"),
        (2.0, "num=2.0 is not a whole number"),
        ("3", "'3'"),
    ):
        with pytest.raises(ValueError, match=words):
            inputs.whole("num", number, least=0)
