"""Shapes, dtypes and sizes, by abstract evaluation; the layers' numbers are in test_blocks."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genmodels.losses import standard_normal_log_density
from genmodels.nets import critic, dcgan, residual

WIDE = (128, 256, 512, 1024)


def stages(size):
    """IntroVAE's channels for images of `size` pixels, one for each halving down to 4x4."""
    return {32: (64, 128, 256), 64: (64, 128, 256, 512), 128: (64, 128, 256, 512, 512)}.get(
        size, (32, 64, 128, 256, 512, 512)
    )


def nets(family, size, dtype=jnp.float32):
    """Encoder, decoder, length of a code."""
    if family == "dcgan":
        return dcgan.Encoder(64, WIDE, dtype), dcgan.Decoder(size, WIDE[::-1], dtype), 64
    return residual.Encoder(512, stages(size), dtype), residual.Decoder(stages(size)[::-1], dtype), 256


def abstract(net, *shape):
    """Shapes of the net's parameters, statistics and output for an input of `shape`."""

    def everything(key, x):
        variables = net.init(key, x, train=False)
        out, mutated = net.apply({"params": variables["params"]}, x, train=True, mutable=["batch_stats"])
        return variables["params"], mutated["batch_stats"], out

    return jax.eval_shape(everything, jax.random.key(0), jnp.zeros(shape))


def count(params):
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(params))


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
@pytest.mark.parametrize("size", [32, 64, 128, 256])
@pytest.mark.parametrize("family", ["dcgan", "residual"])
def test_shapes_and_dtypes(family, size, dtype):
    encoder, decoder, latent = nets(family, size, dtype)
    for net, shape, expected in (
        (encoder, (2, size, size, 3), (2, encoder.outputs)),
        (decoder, (2, latent), (2, size, size, 3)),
    ):
        params, statistics, out = abstract(net, *shape)
        assert (out.shape, out.dtype) == (expected, jnp.float32)
        assert {leaf.dtype for leaf in jax.tree.leaves((params, statistics))} == {jnp.dtype("float32")}


@pytest.mark.parametrize("size", [32, 64, 128, 256])
def test_dcgan_sizes_in_closed_form(size):
    encoder, decoder, latent = nets("dcgan", size)
    channels = (3, *WIDE)
    convolutions = sum(25 * a * b + 2 * b for a, b in zip(channels[:-1], WIDE, strict=True))
    assert count(abstract(encoder, 1, size, size, 3)[0]) == convolutions + (size // 16) ** 2 * 1024 * 64 + 64

    first = (size // 8) ** 2 * 1024
    convolutions = sum(25 * a * b + 2 * b for a, b in ((1024, 512), (512, 256), (256, 128)))
    assert count(abstract(decoder, 1, latent)[0]) == 65 * first + convolutions + 25 * 128 * 3 + 3


@pytest.mark.parametrize("size", [32, 64, 128, 256])
def test_residual_sizes_in_closed_form(size):
    encoder, decoder, latent = nets("residual", size)

    def block(a, b):
        return (a * b if a != b else 0) + 9 * a * b + 9 * b * b + 4 * b

    up = stages(size)
    blocks = sum(block(a, b) for a, b in zip(up, (*up[1:], up[-1]), strict=True))
    found = count(abstract(encoder, 1, size, size, 3)[0])
    assert found == 75 * up[0] + 2 * up[0] + blocks + 16 * up[-1] * 512 + 512

    down = up[::-1]
    blocks = block(down[0], down[0]) + sum(block(a, b) for a, b in zip(down, (*down[1:], down[-1]), strict=True))
    assert count(abstract(decoder, 1, latent)[0]) == 257 * 16 * down[0] + blocks + 75 * down[-1] + 3


def test_first_map_of_the_wae_decoder_is_16x16_at_128_px():
    params, *_ = abstract(dcgan.Decoder(128, WIDE[::-1]), 1, 64)
    assert params["Dense_0"]["kernel"].shape == (64, 16 * 16 * 1024)


@pytest.mark.parametrize("family", ["dcgan", "residual"])
def test_no_bias_before_batch_norm(family):
    """Only dense layers, BatchNorm and the last convolution to pixels have one."""
    encoder, decoder, latent = nets(family, 32)

    def biased(params):
        paths = [jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(params)]
        return sorted(path for path in paths if "bias" in path and "BatchNorm" not in path)

    assert biased(abstract(encoder, 1, 32, 32, 3)[0]) == ["['Dense_0']['bias']"]
    assert biased(abstract(decoder, 1, latent)[0]) == ["['Dense_0']['bias']", "['PictureConv_0']['bias']"]


def test_wae_weights_start_with_deviation_1_in_100():
    params = dcgan.Decoder(32, (16, 8)).init(jax.random.key(0), jnp.zeros((1, 8)), train=False)["params"]
    kernels = [np.ravel(layer["kernel"]) for layer in params.values() if "kernel" in layer]
    assert len(kernels) == 3
    for kernel in kernels:
        assert np.std(kernel) == pytest.approx(0.01, rel=4 / np.sqrt(2 * kernel.size))


def test_wae_decoder_ends_in_tanh_and_introvae_s_does_not():
    z = 100 * jax.random.normal(jax.random.key(0), (4, 8))
    for net, bounded in ((dcgan.Decoder(32, (4,)), True), (residual.Decoder((4, 4, 4)), False)):

        @jax.jit
        def widest(z, net=net):
            params = net.init(jax.random.key(1), z, train=False)["params"]
            params = params | {"PictureConv_0": jax.tree.map(lambda x: 100 * x, params["PictureConv_0"])}
            return jnp.abs(net.apply({"params": params}, z, train=True, mutable=["batch_stats"])[0]).max()

        assert (widest(z) <= 1) == bounded


def test_critic_adds_the_prior_s_log_density_and_gives_a_vector():
    z = jax.random.normal(jax.random.key(0), (6, 5))
    net = critic.Critic(features=7, layers=4)
    params = net.init(jax.random.key(1), z)
    assert count(params) == 5 * 7 + 7 + 3 * (7 * 7 + 7) + 7 + 1
    assert net.apply(params, z).shape == (6,)
    still = jax.tree.map(jnp.zeros_like, params)
    np.testing.assert_allclose(net.apply(still, z), standard_normal_log_density(z), rtol=1e-6)
    # Each logit depends on its own code alone.
    jacobian = jax.jacobian(lambda z: net.apply(params, z))(z)  # [6, 6, 5]
    assert np.all(np.any(np.asarray(jacobian) != 0, -1) == np.eye(6, dtype=bool))
