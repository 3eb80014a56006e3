"""The comparison of two tiny methods on a folder of images."""

from pathlib import Path

import ml_collections

from configs import compare
from tests.support import tiny_runs

METHODS = ("vae", "wae_mmd")
FIELDS = {"vae": {"train.ema_decay": 0.9}, "wae_mmd": {"loss.warmup_steps": 0}}
BUDGET = {"images": 12, "pairs": 4, "refined": 4, "lines": 2, "points": 3, "draws": 4, "components": 1}


def config(images: Path, names: tuple[str, ...] = METHODS, **overrides) -> ml_collections.ConfigDict:
    """configs/compare.py with tiny methods of these names; overrides by dotted field."""
    made = compare.get_config("demo")
    for name in names:
        fields = tiny_runs.config(name, images, **FIELDS.get(name, {})).to_dict()
        data = fields.pop("data")
        fields.pop("seed")
        made[name] = ml_collections.ConfigDict({**fields, "flip": data.pop("flip")})
        made.data = ml_collections.ConfigDict(data)
    made.methods = names
    made.evaluation.update(BUDGET)
    made.update_from_flattened_dict(overrides)
    return made.lock()
