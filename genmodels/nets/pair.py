"""What config.model.nets chooses."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import flax.linen as nn

Channels = tuple[int, ...]


class Pair(NamedTuple):
    """An encoder and the decoder that mirrors it."""

    make: Callable[..., tuple[nn.Module, nn.Module]]
    """(image size, the encoder's channels, its outputs, norm=, dtype=, axis_name=, remat=) -> encoder, decoder.

    Raises UsageError for channels that do not fit the size.
    """
    signed: bool
    """Whether the nets take and give images in [-1, 1] rather than [0, 1]."""
    channels: Mapping[str, Channels]
    """The defaults, by variant of a config."""
    fit: Callable[[Channels, int], Channels]
    """(channels, image size) -> the same for images of that size."""
