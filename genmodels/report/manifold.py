"""The deck's sentence on the latent manifold, judged by a rule of three measures, beside its empty table.

"Continuities verify that the models generalise instead of memorising": smooth lines between codes alone do not, as a
blur is smooth as well. So codes must also know something of unseen images, and samples must not be copies.
"""

import math
from collections.abc import Iterator
from typing import Any

from genmodels.comparison import rows as comparison_rows
from genmodels.comparison import same_nets
from genmodels.evaluation import tables
from genmodels.report import deck
from genmodels.report.claims import ON_SAME
from genmodels.report.conclusions import COPIES

CLAIM = "The continuity of the latent manifold verifies that the models generalise instead of memorising"
FAR = 1.25  # images of nothing are far from all faces; such samples do not show that a model generalises
CLAIMS = (CLAIM, CLAIM + ON_SAME)
RULE = (
    "Smooth lines alone would not show it, as a blur is smooth as well. It holds if each of the deck's models passes "
    "three tests: its codes know more of the attributes of test images than 4x4 pixels do, by more than the intervals; "
    f"its samples are {COPIES} to {FAR} times as far from training images as held-out images are; and the largest step "
    "between neighbouring images of a line is less than the square root of the number of steps times the mean step: "
    "half way, in ratio, between even steps and a single jump. It is contradicted if a model clearly fails one of them."
)
LINES = "manifold test_images"
COPIED = COPIES / 2  # samples this much closer to training images than held-out images are: most of them are copies


def judge(rows: dict[str, dict[str, Any]]) -> list[dict[str, str]]:
    """The `claim`, its `verdict` and the `numbers` it rests on; [] if none of the lines of a model were measured.

    Judged are the deck's own models; those that have several settings are left out, as `claims.left_out` says. Models
    on the same nets are judged apart, by words with ON_SAME.

    It holds if every model passes all three tests, and is contradicted if one of them fails one: its codes know more of
    the attributes of test images than 4x4 pixels do; its samples are about as far from training images as held-out
    images are; on lines between test images' codes no step between neighbouring images is a jump.
    """
    of_deck = {same_nets.row(name, setting) for name in deck.NUMBERS for setting in same_nets.SETTINGS}
    measured = {
        name: row
        for name, row in comparison_rows.trained(rows).items()
        if name in of_deck and tables.find(row, f"{LINES} largest_step")
    }
    judged = []
    for models in same_nets.grouped(measured):
        results = [passed for row in models.values() for passed in (_knows(rows, row), _apart(row), _smooth(row))]
        verdict = "contradicted" if False in results else "undecided" if None in results else "holds"
        words = CLAIMS[same_nets.is_same(next(iter(models)))]
        judged.append({"claim": words, "verdict": verdict, "numbers": "; ".join(_numbers(rows, models))})
    return judged


def _knows(rows: dict[str, dict[str, Any]], row: dict[str, Any]) -> bool | None:
    """Whether codes know more than 4x4 pixels, a blur: what they know beyond it, they know of unseen faces."""
    own, blur = (tables.find(each, "attributes auc") for each in (row, rows.get("pixels_4", {})))
    if not own or not blur:
        return None
    return _above(own, blur["low"], blur["high"])


def _apart(row: dict[str, Any]) -> bool | None:
    ratio = tables.find(row, "nearest_over_real")
    if ratio is None or COPIED <= ratio < COPIES or ratio > FAR:
        return None
    return ratio >= COPIES


def _smooth(row: dict[str, Any]) -> bool | None:
    """Whether steps are even: 1 if all are alike, their number if one jump is all; the border is half way, in ratio."""
    border = math.sqrt(tables.find(row, f"{LINES} steps"))
    jumps = _above(tables.find(row, f"{LINES} largest_step"), border, border)
    return None if jumps is None else not jumps


def _above(value: dict[str, float], low: float, high: float) -> bool | None:
    """Whether an estimate lies above an interval, or below it (False); None where they overlap."""
    return True if value["low"] > high else False if value["high"] < low else None


def _numbers(rows: dict[str, dict[str, Any]], models: dict[str, dict[str, Any]]) -> Iterator[str]:
    """The numbers of each model, and both readings of the deck's empty table."""
    if blur := tables.find(rows.get("pixels_4", {}), "attributes auc"):
        yield f"4x4 pixels: mean AUC {tables.text(blur, 3)}"
    for row in models.values():
        ratio, auc = tables.find(row, "nearest_over_real"), tables.find(row, "attributes auc")
        parts = [
            f"mean AUC {tables.text(auc, 3)}" if auc else "attributes not measured",
            "copies not measured" if ratio is None else f"samples {ratio:.2f} times as far from training images",
            f"largest step {tables.text(tables.find(row, f'{LINES} largest_step'), 2)} times the mean",
            f"lines to training images {tables.text(tables.find(row, f'{LINES} mean_rmse'), 1)} on average",
            f"{tables.text(tables.find(row, f'{LINES} nearest_rmse'), 1)} to the nearest",
        ]
        yield f"{row['title']}: {', '.join(parts)}"
