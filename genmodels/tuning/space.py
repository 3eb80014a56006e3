"""What a study tries: fields of a config, each with a list of values or a range."""

import itertools
import math
from typing import Any, NamedTuple

import ml_collections
import optuna

from genmodels import methods
from genmodels.errors import UsageError

FORM = (
    '--space="model.latent=32,64;optim.learning_rate=1e-4..1e-2 log": fields with values, or low..high, optionally log.'
)
# Trials are compared on the same images, by one method; mirroring only affects training.
SHARED = ("method", "variant", "image_size", "data.")
OF_TRAINING = ("data.flip",)
FEW = 1_000  # combinations, up to which all are checked before the first is tried


class Values(NamedTuple):
    """A list of values to choose from."""

    choices: tuple[Any, ...]

    def suggest(self, trial: optuna.Trial, field: str) -> Any:
        """Asks the study for one."""
        return trial.suggest_categorical(field, self.choices)


class Range(NamedTuple):
    """A range between two numbers, inclusive; of integers if its ends are."""

    low: float
    high: float
    log: bool

    def suggest(self, trial: optuna.Trial, field: str) -> float:
        """Asks the study for one."""
        if isinstance(self.low, int) and isinstance(self.high, int):
            return trial.suggest_int(field, self.low, self.high, log=self.log)
        return trial.suggest_float(field, self.low, self.high, log=self.log)


Space = dict[str, Values | Range]  # by dotted field


def parse(text: str, config: ml_collections.ConfigDict) -> Space:
    """The space that `text` describes, its values of the fields' own types; UsageError for what cannot be tried."""
    space = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        field, equals, values = (piece.strip() for piece in part.partition("="))
        field = field.removeprefix("--").removeprefix("config.")  # as a flag has it
        if not equals or not values:
            raise UsageError(f"--space: '{part}' is not a field with values. {FORM}")
        if field in space:
            raise UsageError(f"--space: {field} is given twice.")
        present = _present(config, field)
        if field.startswith(SHARED) and field not in OF_TRAINING:
            raise UsageError(f"--space: {field} must be the same in all trials, which are compared on the same images.")
        space[field] = _values(field, values, present)
    if not space:
        raise UsageError(f"--space is empty. {FORM}")
    for chosen in corners(space) if size(space) <= FEW else _one_by_one(space):
        try:
            methods.make(apply(config, chosen))
        except UsageError as error:
            raise UsageError(f"--space: {error}") from error
    return space


def apply(config: ml_collections.ConfigDict, chosen: dict[str, Any]) -> ml_collections.ConfigDict:
    """A locked copy of `config` with these values of its fields."""
    made = ml_collections.ConfigDict(config.to_dict())
    made.update_from_flattened_dict(chosen)
    return made.lock()


def corners(space: Space) -> list[dict[str, Any]]:
    """Every combination of the values and of the ends of ranges."""
    return [dict(zip(space, values, strict=True)) for values in itertools.product(*map(_ends, space.values()))]


def size(space: Space) -> int:
    """How many corners there are."""
    return math.prod(len(_ends(of)) for of in space.values())


def is_grid(space: Space) -> bool:
    """Whether it has no range."""
    return all(isinstance(of, Values) for of in space.values())


def _ends(of: Values | Range) -> tuple[Any, ...]:
    return of.choices if isinstance(of, Values) else (of.low, of.high)


def _one_by_one(space: Space) -> list[dict[str, Any]]:
    """Each value of each field, with the first value of every other."""
    first = {field: _ends(of)[0] for field, of in space.items()}
    return [first | {field: value} for field, of in space.items() for value in _ends(of)]


def _present(config: ml_collections.ConfigDict, field: str) -> Any:
    flat = config
    for name in field.split("."):
        if not isinstance(flat, ml_collections.ConfigDict) or name not in flat:
            raise UsageError(f"--space: the config has no field '{field}'.")
        flat = flat[name]
    if isinstance(flat, ml_collections.ConfigDict) or not isinstance(flat, (bool, int, float, str)):
        raise UsageError(f"--space: {field} is not a single value.")
    return flat


def _values(field: str, text: str, present: Any) -> Values | Range:
    low, dots, rest = text.partition("..")
    if not dots:
        choices = tuple(_typed(field, value.strip(), present) for value in text.split(","))
        if len(set(choices)) < len(choices):
            raise UsageError(f"--space: {field}={text} lists a value twice.")
        return Values(choices)
    high, _, word = rest.strip().partition(" ")
    low, high = (_typed(field, end.strip(), present) for end in (low, high))
    if word.strip() not in ("", "log") or isinstance(low, (bool, str)) or not low < high:
        raise UsageError(f"--space: {field}={text} is not a range: write low..high, or low..high log.")
    if word and low <= 0:
        raise UsageError(f"--space: {field}={text}: a log range must start above zero.")
    return Range(low, high, bool(word))


def _typed(field: str, text: str, present: Any) -> Any:
    """The text as a value of the type that the field has."""
    try:
        if isinstance(present, bool):
            return {"true": True, "false": False}[text.lower()]
        value = type(present)(text)
    except (KeyError, ValueError):
        raise UsageError(f"--space: {field}: '{text}' is not of the field's type, {type(present).__name__}.") from None
    if isinstance(value, float) and not math.isfinite(value):
        raise UsageError(f"--space: {field}: '{text}' is not a number.")
    if isinstance(value, int) and abs(value) >= 2**63:
        raise UsageError(f"--space: {field}: '{text}' is too large.")
    return value
