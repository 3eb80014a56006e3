"""The rows of several runs that differ only in their seed, combined into one."""

import math
from typing import Any

import numpy as np
from scipy import stats


def combine(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """One row like each of `rows`, its estimates over all of them; single numbers that differ are averaged.

    All else that differs, lists above all (the test RMSE over training, moments of codes), is the first row's, which is
    the first seed's; what a run does not know (None, an empty list) is that of the others.

    A combined estimate's interval adds two independent errors: that of the images, which all seeds share (the mean of
    the runs' own, 0 where they have none), and that of the seeds, Student's 95 % interval of the mean of the runs'
    means. One row stays as is.
    """
    if len(rows) == 1:
        return rows[0]
    return {key: _combine([row[key] for row in rows]) for key in rows[0] if all(key in row for row in rows)}


def _combine(values: list) -> Any:
    values = [value for value in values if value is not None and value != []] or values
    first = values[0]
    if isinstance(first, dict):
        # Moments of codes have a mean as well, but of each dimension.
        return _estimate(values) if isinstance(first.get("mean"), float) else combine(values)
    if isinstance(first, (int, float)) and any(value != first for value in values):  # a latent size stays an int
        return float(np.mean(values))
    return first


def _estimate(values: list[dict]) -> dict:
    means = np.array([value["mean"] for value in values])
    of_seeds = stats.t.ppf(0.975, len(means) - 1) * means.std(ddof=1) / math.sqrt(len(means))
    below, above = (
        np.mean([abs(value.get(end, value["mean"]) - value["mean"]) for value in values]) for end in ("low", "high")
    )
    mean = float(means.mean())
    low, high = mean - math.hypot(below, of_seeds), mean + math.hypot(above, of_seeds)
    return values[0] | {"mean": mean, "low": low, "high": high, "seeds": len(values)}
