"""Sentences derived from the numbers by rules; each names the numbers that it rests on."""

from collections.abc import Iterator
from typing import Any

from genmodels.comparison import differences, same_nets
from genmodels.comparison.rows import IMPROVED, models
from genmodels.evaluation.tables import find, text
from genmodels.report import claims, stability, ways

COPIES = 0.8  # samples closer to training images than this fraction of held-out images' distance are too close


def draw(rows: dict[str, dict], apart: list[dict[str, Any]]) -> list[str]:
    """What the rows and their differences say, one sentence for each question that they can answer.

    First places are those among the rows on the methods' own nets, and those among the rows on the same nets.
    """
    compared = models(rows)
    groups = same_nets.grouped(compared)
    sentences = [
        *(line for group in groups for line in _reconstruction(group, apart)),
        *_references(rows, compared, apart),
        *(line for group in groups for line in _diversity(rows, group)),
        *_improved(compared),
        *(line for group in groups for line in _realism(rows, group, apart)),
        *(line for group in groups for line in _sharpness(rows, group, apart)),
        *_copies(compared),
        *ways.sentences(rows, compared, COPIES),
        *(line for group in groups for line in _speed(group, apart)),
        *stability.sentences(compared),
        *(f"{line}." for line in claims.left_out(rows)),
    ]
    return [sentence[0].upper() + sentence[1:] for sentence in sentences]


def _reconstruction(compared: dict, apart: list[dict[str, Any]]) -> Iterator[str]:
    path = "reconstruction test rmse"
    found = _ranked(compared, path, lambda value: value["mean"])
    if len(found) > 1:
        yield _first(found, path, "the lowest test RMSE", 2, apart)


def _references(rows: dict, compared: dict, apart: list[dict[str, Any]]) -> Iterator[str]:
    path = claims.RMSE
    ranked = _ranked(compared, path, lambda value: value["mean"])
    for name, row in ranked:
        size = f"pca_{row['latent_size']}"
        linear, value = rows.get(size, {}), find(row, path)
        reference = find(linear, path)
        if reference is None:  # too few images for a PCA with so many components
            continue
        difference = differences.find(apart, name, size, path)
        if difference:
            found = claims.verdict(difference, claims.MATTERS[path], lower=True)
        else:
            found = claims.by_intervals(value, reference, lower=True)
        said = {
            "holds": "beats",
            "contradicted": "does not beat",
            "level": "is level with",
            "undecided": "cannot be told from",
        }[found]
        errors = f"{text(value, 2)} against {text(reference, 2)}"
        paired = f", a paired difference of {text(difference, 2)}" if difference else ""
        after = f"after {row['training']['steps']:,} steps of {row['training']['batch_size']} images"
        yield f"{row['title']} {said} {linear['title']}, in test RMSE {after}: {errors}{paired}."
    flat = find(rows.get("mean", {}), path)
    worse = [row["title"] for _, row in ranked if find(row, path)["high"] >= flat["low"]] if flat else []
    if worse:
        yield f"No better than the mean image (test RMSE {text(flat, 2)}): {_list(worse)}."
    elif flat and ranked:
        yield f"Every model beats the mean image, whose test RMSE is {text(flat, 2)}."


def _diversity(rows: dict, compared: dict) -> Iterator[str]:
    path = "ms_ssim_minus_real"
    found = [row for _, row in _ranked(compared, path, lambda value: abs(value["mean"]))]
    real = text(find(rows.get("real", {}), "ms_ssim"), 3)
    if same := [row for row in found if find(row, path)["low"] <= 0 <= find(row, path)["high"]]:
        scores = _list([f"{row['title']} {text(find(row, 'ms_ssim'), 3)}" for row in same])
        yield f"As diverse as real images, whose MS-SSIM is {real}, as far as these pairs can tell: {scores}."
    elif found:
        title, scores = found[0]["title"], f"{text(find(found[0], 'ms_ssim'), 3)} against {real}"
        less = find(found[0], path)["mean"] > 0
        reading = "less diverse than real images" if less else "less similar to each other than real images"
        yield f"The samples of {title} are closest to real images in diversity: MS-SSIM {scores}, {reading}."


def _improved(compared: dict) -> Iterator[str]:
    for name, row in compared.items():
        better = IMPROVED + name
        if better not in compared:
            continue
        change = find(compared[better], "change ms_ssim")
        before, after = (find(compared[each], "ms_ssim") for each in (name, better))
        if change:
            yield f"Improved sampling of {row['title']} {_changed(compared[better], change)}."
        elif before and after:  # of other codes, in reports of earlier revisions
            if after["high"] < before["low"]:
                verdict = "lowers MS-SSIM, as the deck reports"
            elif after["low"] > before["high"]:
                verdict = "raises MS-SSIM; the deck reports that it lowers it"
            else:
                verdict = "changes MS-SSIM by no more than the intervals; the deck reports that it lowers it"
            yield f"Improved sampling of {row['title']} {verdict}: from {text(before, 3)} to {text(after, 3)}."


def _changed(improved: dict, change: dict) -> str:
    """What the descent has changed, on the same codes, in words."""
    matters = claims.MATTERS[claims.DIVERSITY]
    said = {
        "holds": "lowers MS-SSIM, as the deck reports",
        "contradicted": "raises MS-SSIM; the deck reports that it lowers it",
        "level": f"leaves MS-SSIM as it is, within {matters}; the deck reports that it lowers it",
        "undecided": "changes MS-SSIM by no more than these pairs can resolve; the deck reports that it lowers it",
    }[claims.verdict(change, matters, lower=True)]
    wide = "" if change["high"] - change["low"] <= 2 * matters else f", an interval wider than ±{matters}"
    parts = [f"by {text(change, 3)} over {change['n']:,} pairs of the same codes{wide}"]
    for name, words, digits in (
        ("sliced_wasserstein", "sliced Wasserstein distance", 1),
        ("sharpness", "sharpness", 4),
    ):
        start, other = (find(improved, f"{when} {name}") for when in ("start", "change"))
        if start and other:
            parts.append(f"{words} changes from {start['mean']:.{digits}f} by {text(other, digits)}")
    return f"{said}: {'; '.join(parts)}"


def _realism(rows: dict, compared: dict, apart: list[dict[str, Any]]) -> Iterator[str]:
    path = "samples sliced_wasserstein"
    found = _ranked(compared, path, lambda value: value["mean"])
    if len(found) > 1:
        real = find(rows.get("real", {}), path)
        prize = "the most realistic samples by their sliced Wasserstein distance from test images"
        yield _first(found, path, prize, 1, apart, f"; as many training images have {text(real, 1)}")


def _sharpness(rows: dict, compared: dict, apart: list[dict[str, Any]]) -> Iterator[str]:
    path = "samples sharpness"
    found = _ranked(compared, path, lambda value: -value["mean"])
    if len(found) > 1:
        real = find(rows.get("real", {}), "sharpness")
        yield _first(found, path, "the sharpest samples", 4, apart, f"; real images have {text(real, 4)}")


def _copies(compared: dict) -> Iterator[str]:
    ratios = {name: find(row, "nearest_over_real") for name, row in compared.items()}
    ratios = {name: ratio for name, ratio in ratios.items() if ratio is not None}
    near = [f"{compared[name]['title']} ({ratio:.2f})" for name, ratio in ratios.items() if ratio < COPIES]
    if near:
        yield (
            f"More than a fifth closer to training images than held-out images are: samples of {_list(near)}. "
            "Blurred images are close to everything; look at the nearest neighbours before calling them copies."
        )
    elif ratios:
        least = min(ratios.values())
        yield f"No model copies: samples are at least {least:.2f} times as far from training images as held-out images."


def _speed(compared: dict, apart: list[dict[str, Any]]) -> Iterator[str]:
    rates = {name: find(row, claims.RATE) for name, row in compared.items()}
    rates = dict(sorted(((k, v) for k, v in rates.items() if v), key=lambda item: -item[1]))
    if len(rates) > 1:
        (fast, most), *_, (slow, least) = rates.items()
        between = {name: differences.find(apart, fast, name, claims.RATE) for name in rates if name != fast}
        level = [compared[name]["title"] for name, one in between.items() if one and one["low"] <= 0 <= one["high"]]
        seeds = f" (over seeds {_list(level)} cannot be told from it)" if level else ""
        yield (
            f"{compared[fast]['title']} trains fastest, at {most:,.0f} images per second{seeds}, and "
            f"{compared[slow]['title']} slowest, at {least:,.0f}: a factor of {most / least:.1f}."
        )


def _ranked(compared: dict, path: str, loss) -> list[tuple[str, dict]]:
    found = [(name, row) for name, row in compared.items() if find(row, path) is not None]
    return sorted(found, key=lambda item: loss(find(item[1], path)))


def _first(
    found: list[tuple[str, dict]], path: str, prize: str, digits: int, apart: list[dict[str, Any]], end: str = ""
) -> str:
    """Names the best model, or those that share first place: no difference from the best one can be told.

    That is so if the interval of the difference includes 0; where none was kept, if the two intervals overlap. `end` is
    what else the sentence says.
    """
    values = {name: find(row, path) for name, row in found}
    titles = {name: row["title"] for name, row in found}
    first, second = list(values)[:2]
    best = values[first]
    shown = {name: text(value, digits) for name, value in values.items()}
    against = f"{titles[first]} has {prize}: {shown[first]} against {shown[second]} for {titles[second]}"
    if any("low" not in value for value in values.values()):
        return f"{against}, of one set of samples each, without an interval{end}."
    between = {name: differences.find(apart, first, name, path) for name in values}

    def level(name: str) -> bool:
        difference, value = between[name], values[name]
        if difference and "low" in difference:
            return difference["low"] <= 0 <= difference["high"]
        return value["low"] <= best["high"] and value["high"] >= best["low"]

    shares = [name for name in values if name == first or level(name)]
    if len(shares) == 1:
        return f"{against}{end}."
    why = (
        "the intervals of their differences include 0"
        if all(between[x] for x in shares[1:])
        else "their intervals overlap"
    )
    return f"{_list([f'{titles[name]} {shown[name]}' for name in shares])} share {prize}: {why}{end}."


def _list(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
