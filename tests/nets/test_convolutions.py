import jax
import numpy as np
import pytest
from jax import lax

from genmodels.nets import convolutions


def normal(seed, *shape):
    return jax.random.normal(jax.random.key(seed), shape)


def plain_strided(x, kernel):
    return lax.conv_general_dilated(x, kernel, (2, 2), ((2, 1), (2, 1)), dimension_numbers=("NHWC", "HWIO", "NHWC"))


def plain_transposed(x, kernel):
    """The picture spread with zeros between its pixels, then an ordinary convolution."""
    return lax.conv_general_dilated(
        x, kernel, (1, 1), ((2, 3), (2, 3)), lhs_dilation=(2, 2), dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def plain_same(x, kernel):
    return lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def test_strided_against_its_sum():
    x, kernel = np.asarray(normal(0, 1, 6, 8, 2)), np.asarray(normal(1, 5, 5, 2, 3))
    padded = np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)))
    expected = np.zeros((1, 3, 4, 3))
    for row, column in np.ndindex(3, 4):
        window = padded[0, 2 * row : 2 * row + 5, 2 * column : 2 * column + 5]
        expected[0, row, column] = np.einsum("ijc,ijcf->f", window, kernel)
    np.testing.assert_allclose(convolutions.strided(x, kernel), expected, atol=1e-5)


def test_transposed_against_its_sum():
    """Each input pixel stamps the kernel, turned by 180 degrees as lax does, onto the output around its place."""
    x, kernel = np.asarray(normal(0, 1, 3, 4, 2)), np.asarray(normal(1, 5, 5, 2, 3))
    canvas = np.zeros((1, 6 + 4, 8 + 4, 3))
    for row, column in np.ndindex(3, 4):
        stamp = np.einsum("c,ijcf->ijf", x[0, row, column], kernel[::-1, ::-1])
        canvas[0, 2 * row : 2 * row + 5, 2 * column : 2 * column + 5] += stamp
    np.testing.assert_allclose(convolutions.transposed(x, kernel), canvas[:, 2:-2, 2:-2], atol=1e-5)


@pytest.mark.parametrize(
    ("ours", "plain", "shape"),
    [
        (convolutions.strided, plain_strided, (2, 8, 6, 3)),
        (convolutions.transposed, plain_transposed, (2, 4, 3, 3)),
        (convolutions.on_blocks, plain_same, (2, 6, 8, 3)),
    ],
)
def test_value_and_gradients_are_those_of_lax(ours, plain, shape):
    x, kernel = normal(0, *shape), normal(1, 5, 5, 3, 4)
    cotangent = normal(2, *jax.eval_shape(plain, x, kernel).shape)
    value, pullback = jax.vjp(ours, x, kernel)
    expected, plain_pullback = jax.vjp(plain, x, kernel)
    np.testing.assert_allclose(value, expected, atol=1e-4)
    for found, wanted in zip(pullback(cotangent), plain_pullback(cotangent), strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-3, rtol=1e-4)
