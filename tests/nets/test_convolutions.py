"""Convolutions against explicit sums and against lax, and the form that each platform gets."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from genmodels.nets import convolutions


def normal(seed, *shape):
    return jax.random.normal(jax.random.key(seed), shape)


def plain_strided(x, kernel):
    return lax.conv_general_dilated(x, kernel, (2, 2), ((2, 1), (2, 1)), dimension_numbers=("NHWC", "HWIO", "NHWC"))


def plain_transposed(x, kernel):
    """The image with zeros inserted between its pixels, then an ordinary convolution."""
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
    """Each input pixel adds the kernel, rotated by 180 degrees as lax does, to the output around its position."""
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
        (convolutions.few_channels, plain_same, (2, 6, 8, 3)),
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


@pytest.mark.parametrize(
    ("on_cpu", "elsewhere"),
    [
        (convolutions._transposed_by_position, convolutions._transposed),
        (convolutions._same_on_blocks, convolutions._same),
    ],
)
def test_both_forms_are_the_same_convolution(on_cpu, elsewhere):
    x, kernel = normal(0, 2, 6, 8, 3), normal(1, 5, 5, 3, 4)
    np.testing.assert_allclose(on_cpu(x, kernel), elsewhere(x, kernel), atol=1e-4)


@pytest.mark.parametrize("platform", ["cpu", "cuda", "tpu"])
@pytest.mark.parametrize(
    ("ours", "sides", "on_cpu"),
    [
        (convolutions.strided, (16, 8), 25),
        (convolutions.transposed, (8, 8), 25),
        (convolutions.few_channels, (16, 16), 36),
    ],
)
def test_accelerators_multiply_no_zeros(ours, sides, on_cpu, platform):
    """Multiplications at each position, by XLA's count: 25 taps, and on a CPU those of the fast form."""
    side, positions = sides
    channels, features = 6, 10
    x, kernel = jnp.zeros((4, side, side, channels)), jnp.zeros((5, 5, channels, features))

    def counted(function) -> float:
        lowered = jax.jit(function).trace(x, kernel).lower(lowering_platforms=(platform,))
        return lowered.cost_analysis()["flops"] / (2 * 4 * positions**2 * channels * features)

    def gradients(x, kernel):
        return jax.vjp(ours, x, kernel)[1](jnp.zeros(jax.eval_shape(ours, x, kernel).shape))

    taps = on_cpu if platform == "cpu" else 25
    assert 0.75 * taps < counted(ours) <= taps  # at the edges there are fewer
    assert counted(gradients) <= (2 * 36.5 if platform == "cpu" else 2 * 25.5)
