"""The comparison on the same nets, beside the one on the methods' own: its runs' configs, and which rows it has."""

from typing import Any

import ml_collections

from genmodels.errors import UsageError

SETTINGS = PAPERS, SAME = "", "same nets"  # as in the rows and titles of runs
CHOICES = {"papers": (PAPERS,), "same": (SAME,), "both": SETTINGS}  # values of config.nets


def chosen(config: ml_collections.ConfigDict) -> tuple[str, ...]:
    """The settings that config.nets asks for, in the order of the rows; UsageError if the choice is unknown."""
    if config.nets not in CHOICES:
        raise UsageError(f"config.nets={config.nets!r} is unknown: use one of {', '.join(CHOICES)}.")
    return CHOICES[config.nets]


def seeds(config: ml_collections.ConfigDict, setting: str) -> int:
    """How many runs a method has in a setting, with seeds 0, 1, ..."""
    return (config.same.seeds if setting == SAME else 0) or config.seeds


def run_config(config: ml_collections.ConfigDict, method: str, setting: str, seed: int) -> ml_collections.ConfigDict:
    """The config of one run of a comparison.

    On the same nets config.same.shared replaces fields of the method, and config.same.<method> what follows from that.
    """
    fields = ml_collections.ConfigDict(config[method].to_dict())
    if setting == SAME:
        fields.update(config.same.shared.to_dict())
        fields.update(config.same[method].to_dict())
    own = fields.to_dict()
    own["data"] = {**config.data.to_dict(), "flip": own.pop("flip")}
    return ml_collections.ConfigDict({**own, "seed": seed})


def folder(method: str, setting: str, seed: int) -> str:
    """The name of a run's folder, such as wae-mmd-0 and wae-mmd-same-0."""
    return "-".join([*method.split("_"), *(["same"] if setting == SAME else []), str(seed)])


def row(name: str, setting: str) -> str:
    """The key in one setting of a row that is `name` on the methods' own nets."""
    return ", ".join(filter(None, (name, setting)))


def own(row: str) -> str:
    """The key on the methods' own nets of a row in either setting."""
    return row.removesuffix(f", {SAME}")


def is_same(row: str) -> bool:
    """Whether a row is of runs on the same nets."""
    return row.endswith(f", {SAME}")


def grouped(rows: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows on the methods' own nets, then those on the same; each group that there is."""
    groups = ({name: row for name, row in rows.items() if is_same(name) == same} for same in (False, True))
    return [group for group in groups if group]
