"""Runs of earlier revisions, made from 2026-11-23 on: what their configs lack, and whether their steps still apply."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from genmodels.errors import UsageError
from genmodels.runs.logs import read_metrics

Fields = dict[str, Any]  # what a run's config.json holds


def _has_margin(fields: Fields) -> bool:
    return "margin" in fields["loss"]  # at that time only IntroVAE had one


# Fields that configs lacked before the given time, and what was done then: a value, or a function of the other fields
# that returns None for no field. Every new or renamed field gets a line here.
MISSING: Mapping[str, Any] = {
    # 2026-11-23 02:14
    "data.placement": "host",
    "train.steps_per_call": 1,
    "loss.margin_from_warmup": lambda fields: False if _has_margin(fields) else None,
    # 2026-11-23 03:11
    "model.remat": False,
    # 2026-11-25 22:00
    "model.nets": lambda fields: "residual" if _has_margin(fields) else "dcgan",
    # It affects folders only: other sources get the value of new runs.
    "data.folder_split": lambda fields: "order" if fields["data"]["name"] == "folder" else "hash",
    # 2026-11-26
    "data.labels": "",
    "model.norm": "sum",
}


def complete(fields: Fields) -> Fields:
    """A config with the fields that its revision lacked."""
    completed = {name: dict(value) if isinstance(value, Mapping) else value for name, value in fields.items()}
    for name, value in MISSING.items():
        section, field = name.split(".")
        then = value(fields) if callable(value) else value
        if field not in completed[section] and then is not None:
            completed[section][field] = then
    return completed


class Change(NamedTuple):
    """A change of a training step beyond rounding; a run begun before it cannot be resumed."""

    version: int  # of the steps from then on
    what: str  # "X was A, now it is B"
    affects: Callable[[Path, Fields], bool]
    """(folder, config of a run with an earlier version) -> whether its steps so far differ from today's."""


def _has_played_at_the_lower_margin(workdir: Path, fields: Fields) -> bool:
    """From its log: only the game has a margin, and only runs of that one hour used less than 1.5 KL(x)."""
    if not fields["loss"].get("margin_from_warmup"):
        return False
    kl, step = 0.0, 0  # as `measured` by the warm-up, from the lines' means
    for line in read_metrics(workdir):
        if "margin" in line:
            return line["margin"] < (1.1 + 1.5) / 2 * kl
        if "KL(x)" in line:
            for each in range(step, line["step"]):
                kl += (line["KL(x)"] - kl) / min(each + 1, 100)
            step = line["step"]
    return False


def _has_warmed_a_wae_up_to_decaying_rates(workdir: Path, fields: Fields) -> bool:
    is_wae = fields["method"] in ("wae_mmd", "wae_gan")
    return is_wae and fields["loss"]["warmup_steps"] > 0 and fields["optim"]["decay"] != 1


# All runs before 2026-11-25 22:00 are version 0; they did not record one. Nothing else changed in that time: names of
# parameters and of optimisers, random streams, batches, losses and learning rates are what they were.
CHANGES = (
    Change(
        version=1,
        what="with config.loss.margin_from_warmup the margin was 1.1 times the warm-up's KL(x), now it is 1.5 times",
        affects=_has_played_at_the_lower_margin,
    ),
    Change(
        version=2,
        what="after config.loss.warmup_steps the learning rates fell as if all steps were left, now they fall by "
        "config.optim.decay over those that are",
        affects=_has_warmed_a_wae_up_to_decaying_rates,
    ),
)
STEP_VERSION = max(change.version for change in CHANGES)


def check_steps(workdir: Path, fields: Fields) -> None:
    """Raises UsageError if a run was trained with steps that differ from today's."""
    version = fields.get("step_version", 0)
    remedy = "It can be sampled and evaluated; to train, choose another --workdir."
    if version > STEP_VERSION:
        raise UsageError(f"{workdir} was trained by a later revision, whose training steps differ.\n{remedy}")
    for change in CHANGES:
        if version < change.version and change.affects(workdir, fields):
            raise UsageError(f"{workdir} was trained by an earlier revision: {change.what}.\n{remedy}")
