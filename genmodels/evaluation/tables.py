"""Measurements as tables: where a measure is in a row, and which value is the best."""

from typing import Any, NamedTuple

from genmodels.evaluation import measures as entries
from genmodels.evaluation.measures import Measure

LEVELS = "samples sliced_wasserstein_levels"
DASH = "–"
NOTE = "Brackets: 95 % intervals."
BOLD = "Bold: better than every other model by more than the intervals."


class Cell(NamedTuple):
    """A value: its text, its interval's text ('' if it has none), how many values it is of, whether it is the best."""

    text: str
    interval: str = ""
    n: int | None = None
    best: bool = False


class Table(NamedTuple):
    """Lines of cells, one for each row of measurements."""

    headings: list[str]
    lines: list[tuple[str, list[Cell]]]  # a row's title and its cells
    counts: str  # of values behind each column, in words
    note: str = NOTE  # how to read it


def find(row: dict[str, Any], name: str) -> Any:
    """A row's value of a measure; None where it was not measured.

    Measures of samples are under 'samples', in the row of real images at the top level; 'samples' may be omitted.
    """
    keys = name.removeprefix("samples ").split()
    for start in (row, row.get("samples", {})):
        value = start
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        if value is not None:
            return value
    return None


def table(rows: dict[str, dict], measures: list[Measure], competing: list[str]) -> Table:
    """One line for each of `rows`, without measures that none of them has; the best of those `competing` is marked."""
    columns = [[find(row, measure.name) for row in rows.values()] for measure in measures]
    kept = [i for i, column in enumerate(columns) if any(value is not None for value in column)]
    winners = [best(rows, measure, competing) for measure in measures]
    lines = []
    for j, (name, row) in enumerate(rows.items()):
        cells = [cell(columns[i][j], measures[i].digits)._replace(best=winners[i] == name) for i in kept]
        lines.append((row.get("title", name), cells))
    counts = []
    for place, i in enumerate(kept):
        found = sorted({cells[place].n for _, cells in lines if cells[place].n})
        if found:
            counts.append(f"{measures[i].heading} {' or '.join(f'{n:,}' for n in found)}")
    note = f"{NOTE} {BOLD}" if any(cell.best for _, cells in lines for cell in cells) else NOTE
    return Table([measures[i].heading for i in kept], lines, "; ".join(counts), note)


def levels(rows: dict[str, dict]) -> list[Measure]:
    """The sliced Wasserstein distance on each level of the pyramid that a row has, as measures for a table."""
    found = {level for row in rows.values() for level in find(row, LEVELS) or ()}
    return [Measure(f"{LEVELS} {level}", f"{level} px", 1, "low") for level in sorted(found, key=int, reverse=True)]


def best(rows: dict[str, dict], measure: Measure, competing: list[str]) -> str | None:
    """The row whose interval lies wholly on the better side of all others'; None if there is no such row.

    A number without an interval is never the best, and where one is without, none is.
    """
    if not measure.best:
        return None
    apart = "_minus_real" if measure.best == "real" else ""  # then the difference from real images is judged
    judged = measure.name.removesuffix(apart) + apart
    found = {name: value for name in competing if isinstance(value := find(rows[name], judged), dict)}
    if len(found) < 2 or any("low" not in value for value in found.values()):
        return None
    intervals = {name: _loss(value, measure.best) for name, value in found.items()}
    first = min(intervals, key=lambda name: intervals[name][1])
    others = [low for name, (low, _) in intervals.items() if name != first]
    return first if intervals[first][1] < min(others) else None


def _loss(value: dict, rule: str) -> tuple[float, float]:
    """An estimate's interval, turned so that lower is better."""
    low, high = value["low"], value["high"]
    if rule == "high":
        return -high, -low
    if rule == "real":  # the interval of a distance to zero
        return (0.0 if low <= 0 <= high else min(abs(low), abs(high))), max(abs(low), abs(high))
    return low, high


def plain(rows: dict[str, dict]) -> str:
    """For a terminal: one line for each measure, one column for each row of measurements, '-' where there is none."""
    cells = [["", *rows]]
    for measure in entries.shown("deck", "more", "improved"):
        found = [find(row, measure.name) for row in rows.values()]
        if any(value is not None for value in found):
            cells.append([measure.heading, *(_plain(cell(value, measure.digits)) for value in found)])
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells
    )


def _plain(cell: Cell) -> str:
    return " ".join(filter(None, [cell.text, cell.interval, f"({cell.n:,})" if cell.n else ""]))


def text(value: Any, digits: int) -> str:
    """A measured value and its interval, if it has one: '14.00 [13.90, 14.10]'."""
    made = cell(value, digits)
    return f"{made.text} {made.interval}".rstrip()


def cell(value: Any, digits: int) -> Cell:
    """The cell of a measured value: of an estimate with its interval and n, of None a dash."""
    if value is None:
        return Cell(DASH)
    if not isinstance(value, dict):
        return Cell(f"{value:,.{digits}f}")
    mean, *ends = (f"{value[key]:,.{digits}f}" for key in ("mean", "low", "high") if key in value)
    return Cell(mean, f"[{', '.join(ends)}]" if ends else "", value["n"])
