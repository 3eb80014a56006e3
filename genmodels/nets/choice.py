"""Which nets a config names, and the codec made of them."""

import jax.numpy as jnp
import ml_collections

from genmodels.errors import UsageError
from genmodels.images import signed_to_unit, unit_to_signed
from genmodels.nets import dcgan, residual
from genmodels.nets.codec import Codec
from genmodels.nets.pair import Channels, Pair

PAIRS = {"dcgan": dcgan.PAIR, "residual": residual.PAIR}
DTYPES = {"float32": jnp.float32, "bfloat16": jnp.bfloat16}
NORMS = ("sum", "branch")


def build(config: ml_collections.ConfigDict, outputs: int, axis: str | None, *, signed: bool) -> Codec:
    """The codec of config.model.nets: `outputs` features per image; images in [-1, 1] if `signed`, else in [0, 1].

    `axis` names the devices that share a batch. Raises UsageError naming the invalid field of config.model.
    """
    model, own = config.model, pair(config)
    if model.dtype not in DTYPES:
        raise UsageError(f"config.model.dtype={model.dtype!r} is unknown: use one of {', '.join(DTYPES)}.")
    if model.norm not in NORMS:
        raise UsageError(f"config.model.norm={model.norm!r} is unknown: use one of {', '.join(NORMS)}.")
    options = {"norm": model.norm, "dtype": DTYPES[model.dtype], "axis_name": axis, "remat": model.remat}
    encoder, decoder = own.make(config.image_size, channels(config), outputs, **options)
    if own.signed == signed:
        return Codec(encoder, decoder, config.image_size, model.latent)
    ways = (signed_to_unit, unit_to_signed) if signed else (unit_to_signed, signed_to_unit)
    return Codec(encoder, decoder, config.image_size, model.latent, *ways)


def pair(config: ml_collections.ConfigDict) -> Pair:
    """The nets that config.model.nets names; UsageError if the name is unknown."""
    if config.model.nets not in PAIRS:
        raise UsageError(f"config.model.nets={config.model.nets!r} is unknown: use one of {', '.join(PAIRS)}.")
    return PAIRS[config.model.nets]


def channels(config: ml_collections.ConfigDict) -> Channels:
    """config.model.channels; if it is empty, the nets' defaults for the config's variant and image size."""
    given, own = tuple(config.model.channels), pair(config)
    if not given:
        if config.variant not in own.channels:
            raise UsageError(
                f"config.model.channels is empty, and the {config.model.nets} nets have no defaults for the "
                f"variant {config.variant}: set it, for example to '(32, 64, 128)'."
            )
        return own.fit(own.channels[config.variant], config.image_size)
    if not all(isinstance(count, int) and count > 0 for count in given):
        raise UsageError(f"config.model.channels={given} must be positive integers, such as '(32, 64, 128)'.")
    return given
