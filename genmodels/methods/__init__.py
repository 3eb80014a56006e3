"""The methods, one file each, and how to build one from a config."""

import ml_collections

from genmodels.methods import check, introvae, soft_introvae, vae, wae_gan, wae_mmd
from genmodels.methods.method import Method, Phase
from genmodels.methods.replicas import Replicas
from genmodels.methods.spec import Game, Spec
from genmodels.nets import choice

__all__ = ["SPECS", "Game", "Method", "Phase", "Spec", "make", "resolve", "spec"]

SPECS = {  # in the order of the tables
    each.name: each for each in (vae.SPEC, wae_mmd.SPEC, wae_gan.SPEC, introvae.SPEC, soft_introvae.SPEC)
}
POSITIVE = (
    "model.latent",
    "train.steps",
    "train.batch_size",
    "train.steps_per_call",
    "optim.learning_rate",
    "optim.decay",
    "log.every",
    "log.images_every",
    "eval.every",
    "eval.images",
    "eval.calibration_batches",
    "checkpoint.every",
    "checkpoint.keep",
)


def make(config: ml_collections.ConfigDict, replicas: Replicas | None = None) -> Method:
    """The method that a run's config describes; from here on, typed values replace the config.

    `replicas` are the devices that share a training batch, by default just one. Raises UsageError naming the invalid
    field.
    """
    made_by = spec(config)
    check.one_of(config, "image_size", (32, 64, 128, 256))
    check.positive(config, *POSITIVE)
    check.at_least(config, "seed", 0, "random keys take no negative seeds")
    for field in ("train.ema_decay", "optim.b1", "optim.b2"):
        check.below(config, field, 1)
    check.at_most(config, "train.steps_per_call", "log.every")
    return made_by.make(config, replicas or Replicas())


def spec(config: ml_collections.ConfigDict) -> Spec:
    """The Spec of config.method; UsageError if there is no method of that name."""
    check.one_of(config, "method", tuple(SPECS))
    return SPECS[config.method]


def resolve(config: ml_collections.ConfigDict) -> ml_collections.ConfigDict:
    """A locked copy of `config` in which config.model.channels, if left to the nets, has its value."""
    resolved = ml_collections.ConfigDict(config.to_dict())
    resolved.model.channels = choice.channels(config)
    return resolved.lock()
