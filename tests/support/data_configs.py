"""Configs for tests of data alone."""

from pathlib import Path

import ml_collections

from configs import common


def config(directory: Path | str, **data) -> ml_collections.ConfigDict:
    """A config at 32 pixels on the folder of images `directory`, cached beside it; `data`: fields that differ."""
    made = common.get_config("vae", "demo")
    places = {"dir": str(directory), "cache_dir": f"{directory}-cache"}
    made.data.update({"name": "folder", "crop": "square"} | places | data)
    return made.lock()
