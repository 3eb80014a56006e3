"""Checks of a config's fields; each failure is a UsageError that names the field."""

from collections.abc import Sequence
from typing import Any

import ml_collections

from genmodels.errors import UsageError


def positive(config: ml_collections.ConfigDict, *fields: str) -> None:
    """Raises UsageError for the first of the dotted `fields` whose value is not above zero."""
    for field in fields:
        if not _value(config, field) > 0:
            raise UsageError(f"config.{field}={_value(config, field)} must be above zero.")


def not_negative(config: ml_collections.ConfigDict, *fields: str) -> None:
    """Raises UsageError for the first of the dotted `fields` whose value is below zero."""
    for field in fields:
        if not _value(config, field) >= 0:
            raise UsageError(f"config.{field}={_value(config, field)} must not be negative; 0 turns it off.")


def one_of(config: ml_collections.ConfigDict, field: str, choices: Sequence[Any]) -> None:
    """Raises UsageError if the value of the dotted `field` is not among `choices`."""
    value = _value(config, field)
    if value not in choices:
        listed = " or ".join(map(repr, choices)) if len(choices) == 2 else f"one of {', '.join(map(str, choices))}"
        raise UsageError(f"config.{field}={value!r} is unknown: use {listed}.")


def at_least(config: ml_collections.ConfigDict, field: str, least: int, why: str) -> None:
    """Raises UsageError, saying `why`, if the value of the dotted `field` is below `least`."""
    if _value(config, field) < least:
        raise UsageError(f"config.{field}={_value(config, field)} must be at least {least}: {why}.")


def below(config: ml_collections.ConfigDict, field: str, limit: float) -> None:
    """Raises UsageError if the value of the dotted `field` is not in [0, limit)."""
    if not 0 <= _value(config, field) < limit:
        raise UsageError(f"config.{field}={_value(config, field)} must be in [0, {limit}); 0 turns it off.")


def at_most(config: ml_collections.ConfigDict, field: str, other: str) -> None:
    """Raises UsageError if the value of one dotted field exceeds that of another."""
    if _value(config, field) > _value(config, other):
        raise UsageError(
            f"config.{field}={_value(config, field)} must not exceed config.{other}={_value(config, other)}."
        )


def _value(config: ml_collections.ConfigDict, field: str) -> Any:
    for name in field.split("."):
        config = config[name]
    return config
