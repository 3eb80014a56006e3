"""Ways to draw codes as the report shows them: a table, sentences, and lines of the CSV."""

from collections.abc import Iterator
from typing import Any

from genmodels.evaluation import tables
from genmodels.evaluation.tables import Cell, Table
from genmodels.evaluation.ways import TITLES
from genmodels.report import claims

NOTE = (
    "Sliced Wasserstein distance to test images, then MS-SSIM − real, then the distance of samples to training images "
    "over that of held-out images. The first is of one set of images "
)
OF_ONE = "and has no interval"
OF_SEEDS = "of each seed. Bold: the least of those of a model whose intervals over seeds are below that of its prior"


def table(rows: dict[str, dict]) -> Table | None:
    """Methods in lines, ways in columns, the way with the least distance marked; None where none was measured."""
    measured = {name: row["draws"] for name, row in rows.items() if "ways" in row.get("draws", {})}
    if not measured:
        return None
    shown = [way for way in TITLES if any(way in draws["ways"] for draws in measured.values())]
    lines = []
    for name, draws in measured.items():
        better = _better(draws) if _has_intervals(draws) else []
        best = _nearest(draws, better) if better else None
        cells = [_cell(draws["ways"].get(way))._replace(best=way == best) for way in shown]
        lines.append((rows[name].get("title", name), cells))
    counts = {draws["n"] for draws in measured.values()}
    real = rows.get("real", {}).get("draws")
    note = f"{NOTE}{OF_SEEDS if any(map(_has_intervals, measured.values())) else OF_ONE}"
    if real:
        note += f"; training images in the samples' place have {_text(real)}"
    headings = [_title(way, next(iter(measured.values()))) for way in shown]
    return Table(headings, lines, " or ".join(f"{n:,}" for n in sorted(counts)), f"{note}.")


def sentences(rows: dict[str, dict], compared: dict[str, dict], copies: float) -> Iterator[str]:
    """Which way of each model is nearest to real images, and which ones lie under `copies` of held-out distances."""
    near = []
    for row in compared.values():
        draws = row.get("draws")
        if not draws or len(draws["ways"]) < 2:
            continue
        found = draws["ways"]
        real = rows.get("real", {}).get("draws")
        beside = f"; training images have {_text(real)}" if real else ""
        measured = f"sliced Wasserstein distance to {draws['n']:,} test images"
        better = _better(draws)
        best = _nearest(draws, better or list(found))
        against = f"{_title(best, draws)}, {_text(found[best])} against {_text(found['prior'])} of the prior"
        over = "over these seeds" if _has_intervals(draws) else "in one run"
        if best == "prior":
            before = _text(found["prior"])
            yield f"No way to draw codes of {row['title']} is better than the prior: {before} by {measured}{beside}."
        elif better:
            yield f"Best way to draw codes of {row['title']} {over}, by {measured}: {against}{beside}."
        else:
            yield (
                f"No way to draw codes of {row['title']} is clearly better than the prior {over}, by {measured}: "
                f"{against}{beside}."
            )
        near += [
            f"{row['title']}, {_title(way, draws)} ({values['nearest_over_real']:.2f})"
            for way, values in found.items()
            if way != "prior" and values.get("nearest_over_real", copies) < copies
        ]
    if near:
        yield f"More than a fifth closer to training images than held-out images are samples of: {'; '.join(near)}."


def lines(rows: dict[str, dict]) -> Iterator[tuple]:
    """Lines of the CSV: row, measure, mean, low, high, n."""
    for name, row in rows.items():
        draws = row.get("draws", {})
        for way, values in draws.get("ways", {}).items():
            of = f"{_title(way, draws)}, {{}}".format
            mean = [_distance(values).get(key, "") for key in ("mean", "low", "high", "n")]
            yield name, of("sliced Wasserstein mean"), *mean
            for level, distance in values["sliced_wasserstein_levels"].items():
                yield name, of(f"sliced Wasserstein {level}"), distance, "", "", draws["n"]
            estimate = values["ms_ssim_minus_real"]
            yield name, of("MS-SSIM − real"), *(estimate[key] for key in ("mean", "low", "high", "n"))
            if "nearest_over_real" in values:
                yield name, of("nearest training image over held-out images'"), values["nearest_over_real"], "", "", ""


def plain(row: dict[str, Any], real: dict[str, Any]) -> str:
    """For a terminal: one line for each way of one model; '' where none was measured."""
    made = table({"real": real, "model": row})
    if made is None:
        return ""
    ((_, cells),) = made.lines
    found = (f"{heading}: {cell.text} {cell.interval}" for heading, cell in zip(made.headings, cells, strict=True))
    return "\n".join([*found, f"n {made.counts}. {made.note}"])


def _nearest(draws: dict[str, Any], among: list[str]) -> str:
    return min(among, key=lambda way: _distance(draws["ways"][way])["mean"])


def _has_intervals(draws: dict[str, Any]) -> bool:
    return all("low" in _distance(values) for values in draws["ways"].values())


def _better(draws: dict[str, Any]) -> list[str]:
    """The ways that are better than the prior: by their intervals over seeds, in one run by what matters."""
    distances = {way: _distance(values) for way, values in draws["ways"].items()}
    prior = distances["prior"]
    if _has_intervals(draws):
        return [way for way, distance in distances.items() if distance["high"] < prior["low"]]
    matters = claims.MATTERS[claims.REALISM]
    return [way for way, distance in distances.items() if prior["mean"] - distance["mean"] >= matters]


def _distance(values: dict[str, Any]) -> dict[str, float]:
    return values["sliced_wasserstein"]


def _text(values: dict[str, Any]) -> str:
    return tables.text(_distance(values), 1)


def _title(way: str, draws: dict[str, Any]) -> str:
    return TITLES[way].format(int(draws["components"]))


def _cell(values: dict[str, Any] | None) -> Cell:
    if values is None:
        return Cell(tables.DASH)
    copies = values.get("nearest_over_real")
    below = [tables.text(values["ms_ssim_minus_real"], 3), tables.DASH if copies is None else f"{copies:.2f}"]
    distance = tables.cell(_distance(values), 1)
    first = [distance.interval] if distance.interval else []
    return Cell(distance.text if first else f"{distance.text};", "; ".join([*first, *below]))
