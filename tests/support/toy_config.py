"""The config of tests/support/toy.py: a real method's would be configs/toy.py."""

import ml_collections

from configs import common


def get_config(variant: str = ""):
    """The toy's fields."""
    config = common.get_config("toy", variant)
    common.autoencoder(config)
    config.loss = ml_collections.ConfigDict()
    config.loss.scale = 0.05  # weight of the squared error
    return config
