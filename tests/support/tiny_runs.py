"""Tiny methods with everything else that a run needs: a folder of images, one device, metrics at every step."""

from pathlib import Path

import ml_collections

from tests.support import tiny

FIELDS = {
    "data.name": "folder",
    "data.crop": "square",
    "data.flip": True,
    "train.steps": 6,
    "log.every": 1,
    "log.images_every": 100,
    "log.tensorboard": False,
    "eval.every": 100,
    "eval.images": 4,
    "eval.calibration_batches": 2,
    "checkpoint.every": 100,
    "parallel.devices": 1,
}
TRAINED = {"train.ema_decay": 0.9, "optim.decay": 1.0}  # of the run `trained`, a VAE, whose copies can be extended


def config(name: str, images: Path, **overrides) -> ml_collections.ConfigDict:
    """The tiny config of method `name` on a folder of images, which are cached beside it; overrides as in `tiny`."""
    places = {"data.dir": str(images), "data.cache_dir": str(images.parent / "cache")}
    return tiny.config(name, **FIELDS | places | overrides).lock()
