"""What identifies a study: only commands that agree in it may add trials to one study."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import ml_collections
import optuna
from flax import traverse_util

from genmodels.errors import UsageError
from genmodels.evaluation import Budget
from genmodels.runs.folder import FREE_FIELDS
from genmodels.tuning.space import Space

FLAGS = {"images": "--num", "pairs": "--pairs", "seed": "--seed"}  # of launch.tune, by field of the budget


class Tuning(NamedTuple):
    """What a worker needs: the base config, what is tried, the study's folder, the evaluation's budget."""

    config: ml_collections.ConfigDict
    space: Space
    sampler: str
    workdir: Path
    budget: Budget


def check_same(study: optuna.Study, tuning: Tuning) -> None:
    """Records what identifies a study without trials; if that of one with trials differs, UsageError names where.

    What an older revision did not record, or has no field for, is not compared.
    """
    space = {field: [type(of).__name__, *of] for field, of in tuning.space.items()}
    flags = {FLAGS.get(name, name): value for name, value in tuning.budget._asdict().items()}
    given = {"space": space, "config": _mathematics(tuning), "budget": flags}
    begun = bool(study.get_trials(deepcopy=False))
    for name, values in json.loads(json.dumps(given)).items():
        kept = study.user_attrs.get(name)
        if kept is None or (not begun and kept != values):
            study.set_user_attr(name, values)
        elif name == "space" and kept != values:
            raise UsageError(f"{tuning.workdir} holds a study with another --space: choose another --workdir.")
        elif changed := [each for each in values if each in kept and kept[each] != values[each]]:
            raise UsageError(
                f"{tuning.workdir} holds a study with another {name}: "
                + "; ".join(f"{each} was {kept[each]}, is {values[each]}" for each in changed)
                + ".\nIts trials could not be compared with new ones: choose another --workdir."
            )


def _mathematics(tuning: Tuning) -> dict[str, Any]:
    """The config's fields that trials share and that alter what they compute, by dotted name."""
    flat = traverse_util.flatten_dict(tuning.config.to_dict(), sep=".")
    return {
        f"config.{name}": flat[name] for name in flat if name not in tuning.space and not name.startswith(FREE_FIELDS)
    }
