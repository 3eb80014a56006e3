"""Images in training mode and images by the finished weights agree, which BatchNorm most often breaks in a game."""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genmodels import methods
from genmodels.nets.codec import train_pass
from genmodels.training.calibration import calibrate
from tests.support import tiny

GAMES = {name for name, spec in methods.SPECS.items() if spec.game}
COUNT = 128  # images in one batch: with 64, the batch's own noise is as large as the effect tested for


class Difference(NamedTuple):
    """How images by the finished weights differ from those in training mode."""

    levels: float  # mean absolute difference, of 255
    shift: float  # mean absolute difference of the mean images, of 255
    contrast: float  # ratio of the images' deviations

    @property
    def small(self) -> bool:
        """Measured for finished weights: at most 0.9 levels, 0.7 levels, 1.7 %."""
        return self.levels < 2 and self.shift < 2 and abs(self.contrast - 1) < 0.03


def test_calibration_is_the_mean_over_batches():
    batches = [np.full((2, 4, 4, 3), value, np.uint8) for value in (10, 20, 60)]
    keys = []

    def statistics(params, images, key):
        keys.append(tuple(np.asarray(jax.random.key_data(key))))
        return {net: {"mean": params[net] * jnp.float32(images).mean()} for net in ("encoder", "decoder")}

    params = {"encoder": jnp.float32(1), "decoder": jnp.float32(2)}
    weights = calibrate(statistics, params, iter(batches), jax.random.key(0))
    assert weights == {
        "encoder": {"params": 1, "batch_stats": {"mean": 30}},
        "decoder": {"params": 2, "batch_stats": {"mean": 60}},
    }
    assert len(set(keys)) == 3  # fresh codes for each batch


@pytest.mark.parametrize("name", ["vae", "wae_mmd", "introvae", "soft_introvae"])
def test_finished_weights_show_what_training_showed(name):
    for difference in differences(name, calibrated(name)):
        assert difference.small


def test_running_averages_of_mixed_batches_would_not():
    """The usual way: an average of momentum .9 over every batch that passes, real, reconstructed, then sampled."""
    params, batches = trained("introvae")
    passes = [jax.jit(functools.partial(train_pass, net)) for net in tiny.nets("introvae")]
    passes = dict(zip(("encoder", "decoder"), passes, strict=True))
    running = {}

    def see(net, x):
        out, statistics = passes[net](params[net], x)
        running[net] = jax.tree.map(lambda a, b: 0.9 * a + 0.1 * b, running.get(net, statistics), statistics)
        return out

    for i, batch in enumerate(batches):
        z = see("encoder", batch / np.float32(255))[:, : tiny.LATENT]
        for codes in (z, jax.random.normal(jax.random.key(i), z.shape)):
            see("encoder", see("decoder", codes))
    weights = {net: {"params": params[net], "batch_stats": running[net]} for net in params}
    of_reconstructions, _ = differences("introvae", weights)
    assert not of_reconstructions.small


def test_statistics_of_the_warm_up_would_not():
    found = differences("introvae", calibrated("introvae", phase=0))
    assert not any(difference.small for difference in found)


@functools.cache
def trained(name):
    """A run's parameters after memorising eight images and then training on 60 other batches; those batches."""
    run, (state, _) = tiny.run(name), tiny.fitted(name)
    rng = np.random.default_rng(0)
    batches = [rng.permutation(tiny.images(COUNT))[: tiny.BATCH] for _ in range(60)]
    return tiny.train(run, state, run.method.phases[-1].name, batches)[0].params, batches


def calibrated(name, phase=-1):
    """The finished weights, BatchNorm's statistics being those of one phase over four other batches."""
    images = tiny.images(COUNT)
    batches = 2 * [
        images,
        images[::-1],
        images[::2].repeat(2, 0),
        images[1::2].repeat(2, 0),
    ]  # eight, as runs do
    statistics = jax.jit(tiny.run(name).method.phases[phase].statistics)
    return calibrate(statistics, trained(name)[0], batches, jax.random.key(2))


@functools.cache
def in_training(name):
    """Pairs of codes and the images [128, 32, 32, 3] in [0, 1] that the decoder makes of them in training mode.

    Reconstructions and, for games, samples: the others decode no samples in training.
    """
    (encoder, decoder), unit = tiny.nets(name), tiny.images(COUNT) / np.float32(255)
    prior = jax.random.normal(jax.random.key(1), (COUNT, tiny.LATENT))

    @jax.jit
    def look(params, x):
        z = train_pass(encoder, params["encoder"], x)[0][:, : tiny.LATENT]
        codes = jnp.concatenate([z, prior]) if name in GAMES else z
        return train_pass(decoder, params["decoder"], codes)[0]

    shown = np.asarray(look(trained(name)[0], unit if name in GAMES else 2 * unit - 1))
    shown = shown if name in GAMES else (shown + 1) / 2
    return shown[:COUNT], shown[COUNT:], prior


def differences(name, weights) -> list[Difference]:
    """Of reconstructions and, for games, of samples."""
    reconstructions, samples, prior = in_training(name)
    encode, decode = programs(name)
    found = [compare(decode(weights, encode(weights, tiny.images(COUNT) / np.float32(255))), reconstructions)]
    return found + ([compare(decode(weights, prior), samples)] if name in GAMES else [])


@functools.cache
def programs(name):
    return jax.jit(tiny.run(name).method.encode), jax.jit(tiny.run(name).method.decode)


def compare(finished, trained) -> Difference:
    finished = np.asarray(finished)
    contrast = [np.std(images, axis=(1, 2, 3)).mean() for images in (finished, trained)]
    shift = np.abs(finished.mean(0) - trained.mean(0)).mean()
    return Difference(255 * np.abs(finished - trained).mean(), 255 * shift, contrast[0] / contrast[1])
