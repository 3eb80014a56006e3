"""config.model.nets: every method on either pair of nets, in every variant, each in its own range."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from configs import common
from genmodels import methods
from genmodels.errors import UsageError
from genmodels.nets import choice
from tests.support import tiny

OTHER = {"dcgan": "residual", "residual": "dcgan"}


def other_nets(name: str, variant: str):
    config = tiny.configuration(name, variant)
    config.model.nets = OTHER[config.model.nets]
    return config


@pytest.mark.parametrize("variant", common.VARIANTS)
@pytest.mark.parametrize("name", tiny.METHODS)
def test_one_flag_gives_a_method_the_other_nets_in_every_variant(name, variant):
    config = other_nets(name, variant)
    method = methods.make(config)
    images = jax.ShapeDtypeStruct((2, config.image_size, config.image_size, 3), jnp.uint8)

    def decoded(key, images):
        state = method.init(key)
        statistics = method.phases[-1].statistics(state.params, images, key)
        weights = {net: {"params": state.params[net], "batch_stats": found} for net, found in statistics.items()}
        return method.decode(weights, method.encode(weights, images / 255))

    assert jax.eval_shape(decoded, jax.random.key(0), images).shape == images.shape


def test_saved_channels_are_the_nets_own():
    config = other_nets("wae_mmd", "slim64")
    assert methods.resolve(config).model.channels == (8, 16, 32, 64)
    assert methods.resolve(tiny.configuration("wae_mmd", "slim64")).model.channels == (16, 32, 64, 128)
    config.model.channels = (4, 8, 8, 8)
    assert methods.resolve(config).model.channels == (4, 8, 8, 8)


def test_own_channels_follow_the_image_size():
    config = tiny.configuration("introvae", "celeba128")
    config.image_size = 256
    assert choice.channels(config) == (64, 128, 256, 512, 512, 512)
    config.image_size = 64
    assert choice.channels(config) == (64, 128, 256, 512)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("model.nets", "unet", "config.model.nets='unet' is unknown: use one of dcgan, residual"),
        ("model.norm", "skip", "config.model.norm='skip' is unknown: use one of sum, branch"),
        ("variant", "mine", "channels is empty, and the dcgan nets have no defaults for the variant mine"),
        ("model.channels", (4, 0), "must be positive integers"),
    ],
)
def test_what_nets_cannot_be(field, value, words):
    config = tiny.configuration("vae", "demo")
    config.update_from_flattened_dict({field: value})
    with pytest.raises(UsageError, match=words):
        methods.make(config)


@pytest.mark.parametrize(("nets", "signed"), [("dcgan", False), ("residual", True)])
def test_losses_see_the_range_of_the_method_and_the_nets_their_own(nets, signed):
    config = tiny.config("vae", **{"model.nets": nets})
    codec, own = (choice.build(config, tiny.LATENT, None, signed=s) for s in (signed, not signed))
    params = own.init(jax.random.key(0))
    unit = jnp.asarray(tiny.images() / np.float32(255))
    low = 2 * unit - 1
    mine, theirs = (low, unit) if signed else (unit, low)
    np.testing.assert_allclose(codec.encode(params["encoder"], mine), own.encode(params["encoder"], theirs), atol=1e-4)
    codes = jax.random.normal(jax.random.key(1), (4, tiny.LATENT))
    decoded, raw = (each.decode(params["decoder"], codes) for each in (codec, own))
    np.testing.assert_allclose(decoded, 2 * raw - 1 if signed else (raw + 1) / 2, atol=1e-6)


def test_wae_on_residual_nets_reconstructs_in_its_range():
    """The cost is computed in [-1, 1] although the nets' output is around [0, 1]."""
    step = tiny.one_step("wae_mmd", "training", **{"model.nets": "residual"})
    codec = choice.build(step.run.config, tiny.LATENT, None, signed=True)
    params, x = step.before.params, 2 * jnp.asarray(tiny.images() / np.float32(255)) - 1
    weight = 0.05 * 64**2 / tiny.SIZE**2
    y = codec.decode(params["decoder"], codec.encode(params["encoder"], x))  # without the input's noise
    assert step.metrics["c(x,G(z))"] == pytest.approx(weight * float(jnp.sum((x - y) ** 2)) / len(x), rel=0.05)


@pytest.mark.parametrize("name", [name for name in tiny.METHODS if methods.SPECS[name].game])
def test_norm_reaches_both_nets(name):
    """At equal weights, features and images depend on where the blocks' last BatchNorm is."""
    by_sum, by_branch = (
        choice.build(tiny.config(name, **{"model.norm": norm}), 2 * tiny.LATENT, None, signed=False)
        for norm in choice.NORMS
    )
    params, x = by_sum.init(jax.random.key(0)), jnp.asarray(tiny.images() / np.float32(255))
    z = jax.random.normal(jax.random.key(1), (4, tiny.LATENT))
    features = [codec.encode(params["encoder"], x) for codec in (by_sum, by_branch)]
    images = [codec.decode(params["decoder"], z) for codec in (by_sum, by_branch)]
    assert jnp.abs(features[0] - features[1]).max() > 0.1
    assert jnp.abs(images[0] - images[1]).max() > 0.1
