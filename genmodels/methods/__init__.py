"""The methods, and how a config becomes one: `vae`, `wae_mmd`, `wae_gan` and `introvae`."""

import math

import jax.numpy as jnp
import ml_collections

from genmodels.errors import UsageError
from genmodels.methods import introvae, optim, vae, wae, wae_gan, wae_mmd
from genmodels.methods.autoencoder import Autoencoder
from genmodels.methods.method import Method, Phase
from genmodels.methods.replicas import Replicas
from genmodels.nets import dcgan, residual
from genmodels.nets.codec import Codec
from genmodels.nets.critic import Critic

__all__ = ["Method", "Phase", "make"]

DTYPES = {"float32": jnp.float32, "bfloat16": jnp.bfloat16}


def make(config: ml_collections.ConfigDict, replicas: Replicas | None = None) -> Method:
    """The method that a run's config describes; here the config ends and typed values begin.

    `replicas` are the devices that share a training batch, by default none but the one. Raises UsageError naming the
    field that cannot be.
    """
    replicas = replicas or Replicas()
    _check(config)
    makers = {"vae": _vae, "wae_mmd": _wae_mmd, "wae_gan": _wae_gan, "introvae": _introvae}
    if config.method not in makers:
        raise UsageError(f"config.method={config.method!r} is unknown: use one of {', '.join(makers)}.")
    return makers[config.method](config, replicas)


def _vae(config, replicas: Replicas) -> Method:
    _positive(config.loss, "config.loss.beta")
    return vae.make(_autoencoder(config, replicas, outputs=2 * config.model.latent), config.loss.beta)


def _wae_mmd(config, replicas: Replicas) -> Method:
    if config.loss.kernel not in ("imq", "rbf"):
        raise UsageError(f"config.loss.kernel={config.loss.kernel!r} is unknown: use 'imq' or 'rbf'.")
    return wae_mmd.make(
        _autoencoder(config, replicas, outputs=config.model.latent), kernel=config.loss.kernel, **_wae_terms(config)
    )


def _wae_gan(config, replicas: Replicas) -> Method:
    for name in ("critic_features", "critic_layers"):
        _positive(config.model, f"config.model.{name}")
    return wae_gan.make(
        _autoencoder(config, replicas, outputs=config.model.latent),
        Critic(config.model.critic_features, config.model.critic_layers),
        _adam(config, config.optim.critic_learning_rate),
        **_wae_terms(config),
    )


def _introvae(config, replicas: Replicas) -> Method:
    stages = int(math.log2(config.image_size)) - 2
    channels = tuple(config.model.channels)
    if len(channels) != stages:
        raise UsageError(
            f"config.model.channels={channels}: pictures of {config.image_size} px take {stages} channel counts, "
            "one for each halving down to 4x4."
        )
    if config.loss.hinge not in ("batch", "sample"):
        raise UsageError(f"config.loss.hinge={config.loss.hinge!r} is unknown: use 'batch' or 'sample'.")
    for name in ("margin", "alpha", "beta"):
        _positive(config.loss, f"config.loss.{name}")
    if config.loss.margin_from_warmup and not config.loss.warmup_steps:
        raise UsageError(
            "config.loss.margin_from_warmup: there is no warm-up; set config.loss.warmup_steps above zero."
        )
    dtype = DTYPES[config.model.dtype]
    codec = Codec(
        residual.Encoder(2 * config.model.latent, channels, dtype, replicas.axis, config.model.remat),
        residual.Decoder(channels[::-1], dtype, replicas.axis, config.model.remat),
        config.image_size,
        config.model.latent,
    )
    game = introvae.Game(
        margin=None if config.loss.margin_from_warmup else config.loss.margin,
        alpha=config.loss.alpha,
        beta=config.loss.beta,
        hinge_per_picture=config.loss.hinge == "sample",
        warmup_steps=config.loss.warmup_steps,
    )
    players = {name: _adam(config, config.optim.learning_rate) for name in ("encoder", "decoder")}
    return introvae.make(codec, players, replicas, config.train.ema_decay, game)


def _autoencoder(config, replicas: Replicas, outputs: int) -> Autoencoder:
    channels = tuple(config.model.channels)
    if config.image_size % 2 ** len(channels):
        raise UsageError(
            f"config.model.channels={channels}: {len(channels)} halvings do not fit {config.image_size} px pictures."
        )
    dtype = DTYPES[config.model.dtype]
    codec = Codec(
        dcgan.Encoder(outputs, channels, dtype, replicas.axis, config.model.remat),
        dcgan.Decoder(config.image_size, channels[::-1], dtype, replicas.axis, config.model.remat),
        config.image_size,
        config.model.latent,
    )
    return Autoencoder(codec, _adam(config, config.optim.learning_rate), replicas, config.train.ema_decay)


def _wae_terms(config) -> dict:
    _positive(config.loss, "config.loss.penalty")
    _positive(config.loss, "config.loss.cost_weight")
    if not config.loss.fixed_point_weight >= 0:
        raise UsageError(
            f"config.loss.fixed_point_weight={config.loss.fixed_point_weight} must not be negative; 0 is none."
        )
    return {
        "weight": wae.cost_weight(config.loss.cost_weight, config.image_size),
        "penalty": config.loss.penalty,
        "noise": config.loss.input_noise,
        "fixed_point_weight": config.loss.fixed_point_weight,
        "warmup": wae.Warmup(config.loss.warmup_steps, _adam(config, config.optim.learning_rate)),
    }


def _adam(config, learning_rate: float):
    return optim.adam(learning_rate, config.optim.b1, config.optim.b2, config.optim.decay, config.train.steps)


def _positive(section, field: str) -> None:
    value = section[field.rsplit(".", 1)[-1]]
    if not value > 0:
        raise UsageError(f"{field}={value} must be above zero.")


def _check(config) -> None:
    """What every method needs of a config."""
    size = config.image_size
    if size not in (32, 64, 128, 256):
        raise UsageError(f"config.image_size={size}: nets are built for 32, 64, 128 or 256 px.")
    if config.model.dtype not in DTYPES:
        raise UsageError(f"config.model.dtype={config.model.dtype!r} is unknown: use one of {', '.join(DTYPES)}.")
    if not 0 <= config.train.ema_decay < 1:
        raise UsageError(f"config.train.ema_decay={config.train.ema_decay} must be in [0, 1); 0 switches it off.")
    channels = tuple(config.model.channels)
    if not channels or not all(isinstance(count, int) and count > 0 for count in channels):
        raise UsageError(f"config.model.channels={channels}: give whole numbers above zero, such as '(32, 64, 128)'.")
    if config.train.steps_per_call > config.log.every:
        raise UsageError(
            f"config.train.steps_per_call={config.train.steps_per_call} must not exceed "
            f"config.log.every={config.log.every}."
        )
    if "warmup_steps" in config.loss and config.loss.warmup_steps < 0:
        raise UsageError(f"config.loss.warmup_steps={config.loss.warmup_steps} must not be negative; 0 is none.")
    for section, names in {
        "model": ("latent",),
        "train": ("steps", "batch_size", "steps_per_call"),
        "optim": ("learning_rate", "decay"),
        "log": ("every", "images_every"),
        "eval": ("every", "pictures", "calibration_batches"),
        "checkpoint": ("every", "keep"),
    }.items():
        for name in names:
            _positive(config[section], f"config.{section}.{name}")
