"""What distinguishes runs of one method that differ in more than the seed."""

from typing import Any

from flax import traverse_util

from genmodels.comparison.run import Run, compared_step
from genmodels.runs import origin
from genmodels.runs.folder import FREE_FIELDS

SHOWN = 3  # fields in a title; if more differ, as few as distinguish the settings
# Besides the fields of the config: the step that a run stopped early has reached, and where one begins that does not
# begin at initialisation.
STEP, START = "step", "start_from"


def named(planned: list[Run]) -> list[Run]:
    """The same runs, each with the fields in which its setting differs from others of its method."""
    settings = [_fields(run) for run in planned]
    by_method = {}
    for fields in settings:
        by_method.setdefault(fields["method"], []).append(fields)
    return [
        run._replace(setting=_words(fields, by_method[fields["method"]]))
        for run, fields in zip(planned, settings, strict=True)
    ]


def _words(own: dict[str, Any], alike: list[dict[str, Any]]) -> str:
    """'loss.beta=2.0, model.latent=8' for the fields in which runs of one method differ; '' if there are none."""
    names = sorted({name for fields in alike for name in fields}, key=lambda name: (name != "variant", name))
    varied = [name for name in names if any(fields.get(name) != own.get(name) for fields in alike)]
    if STEP in varied and all(fields[STEP] == fields["train.steps"] for fields in alike):
        varied.remove(STEP)
    shown = varied
    if len(varied) > SHOWN:
        different = _count(alike, varied)
        shown = next(varied[:k] for k in range(1, len(varied) + 1) if _count(alike, varied[:k]) == different)
    text = ", ".join(f"{name}={_text(own.get(name))}" for name in shown)
    return f"{text} and {more} more" if (more := len(varied) - len(shown)) else text


def _fields(run: Run) -> dict[str, Any]:
    """The fields that determine a run's numbers, except the seed.

    Data are compared by their content, so of the fields of the data only mirroring counts.
    """
    flat = traverse_util.flatten_dict(run.config.to_dict(), sep=".")
    kept = {
        name: value
        for name, value in flat.items()
        if name != "seed" and not name.startswith(FREE_FIELDS) and (not name.startswith("data.") or name == "data.flip")
    }
    return kept | {STEP: compared_step(run), START: origin.name(run.workdir)}


def _count(alike: list[dict[str, Any]], names: list[str]) -> int:
    return len({tuple(_text(fields.get(name)) for name in names) for fields in alike})


def _text(value: Any) -> str:
    return "-".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
