import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from genmodels.nets import blocks
from genmodels.nets.residual import Block

HIGHEST = lax.Precision.HIGHEST


def normal(seed, *shape):
    return jax.random.normal(jax.random.key(seed), shape)


def plain_same(x, kernel):
    return lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def test_image_conv_against_its_sum():
    x = np.asarray(normal(0, 1, 4, 6, 2))
    conv = blocks.ImageConv(3)
    params = conv.init(jax.random.key(1), x)["params"] | {"bias": np.float32([1, -2, 3])}
    padded = np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)))
    expected = np.zeros((1, 4, 6, 3))
    for row, column in np.ndindex(4, 6):
        window = padded[0, row : row + 5, column : column + 5]
        expected[0, row, column] = np.einsum("ijc,ijcf->f", window, params["kernel"]) + params["bias"]
    np.testing.assert_allclose(conv.apply({"params": params}, x), expected, atol=1e-5)


def test_batch_norm_against_numpy():
    x = np.asarray(3 * normal(0, 6, 4, 4, 2) + 5)
    norm = blocks.BatchNorm()
    variables = norm.init(jax.random.key(1), x, train=False)
    scale, bias = np.float32([2, 0.5]), np.float32([-1, 3])
    params = {"BatchNorm_0": {"scale": scale, "bias": bias}}
    out, mutated = norm.apply({"params": params}, x, train=True, mutable=["batch_stats"])
    mean, variance = np.mean(x, (0, 1, 2)), np.var(x, (0, 1, 2))
    expected = (x - mean) / np.sqrt(variance + 1e-5) * scale + bias
    np.testing.assert_allclose(out, expected, atol=1e-4)

    statistics = mutated["batch_stats"]["BatchNorm_0"]  # of this batch, not a running average
    np.testing.assert_allclose(statistics["mean"], mean, rtol=1e-5)
    np.testing.assert_allclose(statistics["var"], variance, rtol=1e-4)
    again = norm.apply({"params": params, "batch_stats": mutated["batch_stats"]}, x[:1], train=False)
    np.testing.assert_allclose(again, out[:1], atol=1e-4)
    assert jax.tree.map(jnp.shape, variables["params"]) == {"BatchNorm_0": {"scale": (2,), "bias": (2,)}}


def test_upsample_and_halve():
    x = normal(0, 2, 3, 4, 5)
    big = blocks.upsample(x)
    assert big.shape == (2, 6, 8, 5)
    np.testing.assert_array_equal(big, np.kron(x, np.ones((1, 2, 2, 1))))
    small = blocks.halve(big)
    np.testing.assert_allclose(small, x, rtol=1e-6)
    means = np.asarray(normal(1, 1, 4, 4, 1)).reshape(2, 2, 2, 2).mean((1, 3))
    np.testing.assert_allclose(blocks.halve(normal(1, 1, 4, 4, 1))[0, :, :, 0], means, rtol=1e-6)


def test_derivatives_of_upsample_and_halve():
    for layer, plain, shape in (
        (blocks.upsample, lambda x: x.repeat(2, axis=1).repeat(2, axis=2), (2, 8, 12, 3)),
        (blocks.halve, lambda x: nn.avg_pool(x, (2, 2), strides=(2, 2)), (2, 2, 3, 3)),
    ):
        x, cotangent = normal(2, 2, 4, 6, 3), normal(3, *shape)
        (found,), (expected,) = (jax.vjp(each, x)[1](cotangent) for each in (layer, plain))
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(layer(x), plain(x), rtol=1e-6, atol=1e-6)


def conv(x, kernel):
    return np.asarray(plain_same(x, kernel))


def batch_norm(x):
    return (x - x.mean((0, 1, 2))) / np.sqrt(x.var((0, 1, 2)) + 1e-5)


def leaky(x):
    return np.where(x > 0, x, 0.2 * x)


@pytest.mark.parametrize("features", [3, 5])
@pytest.mark.parametrize("norm", ["sum", "branch"])
def test_residual_block_normalises_the_sum_or_the_branch(norm, features):
    x = normal(0, 4, 6, 6, 3)
    block = Block(features, norm=norm)
    params = block.init(jax.random.key(1), x, train=False)["params"]
    out, _ = block.apply({"params": params}, x, train=True, mutable=["batch_stats"])

    kernels = [layer["kernel"] for name, layer in sorted(params.items()) if name.startswith("Conv")]
    skip = conv(x, kernels.pop(0)) if features != 3 else np.asarray(x)  # 1x1, only where the channels differ
    first, second = kernels
    y = conv(leaky(batch_norm(conv(x, first))), second)
    of = {"sum": leaky(batch_norm(y + skip)), "branch": leaky(batch_norm(y) + skip)}
    np.testing.assert_allclose(out, of.pop(norm), atol=1e-4)
    (other,) = of.values()
    assert np.abs(out - other).max() > 0.1


def test_weights_of_a_block_do_not_depend_on_the_place_of_its_norm():
    x = normal(0, 4, 6, 6, 3)
    by_sum, by_branch = (Block(5, norm=norm).init(jax.random.key(1), x, train=False) for norm in ("sum", "branch"))
    jax.tree.map(np.testing.assert_array_equal, by_sum, by_branch)
