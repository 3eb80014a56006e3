"""What codes know of images, as the report shows it: a line for each attribute, a column for each row."""

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from genmodels.comparison import rows as comparison_rows
from genmodels.evaluation import tables
from genmodels.evaluation.tables import Table
from genmodels.figures import bars as figures
from genmodels.figures.styles import Style

AUC, EACH, DIGITS = "attributes auc", "attributes each", 3


def table(rows: dict[str, dict[str, Any]]) -> Table | None:
    """The mean AUC of each row that was probed, then that of each attribute, best known first; None if none was."""
    probed = _probed(rows)
    if not probed:
        return None
    means = [tables.find(row, AUC) for row in probed.values()]
    lines = [("mean", [tables.cell(mean, DIGITS) for mean in means])]
    for name in _names(probed):
        values = [tables.find(row, EACH).get(name) for row in probed.values()]
        lines.append((name, [tables.cell(value, DIGITS) for value in values]))
    counts = sorted({mean["n"] for mean in means})
    return Table(_titles(probed), lines, f"{' or '.join(f'{n:,}' for n in counts)} test images")


def bars(rows: dict[str, dict[str, Any]], styles: Mapping[str, Style]) -> Figure | None:
    """The same as a chart: bars of models, by title as in `styles`; marks of what they are compared with."""
    probed = _probed(rows)
    if not probed:
        return None
    models = comparison_rows.models(probed)
    each = {title: tables.find(row, EACH) for title, row in zip(_titles(probed), probed.values(), strict=True)}
    own = {title for title, name in zip(_titles(probed), probed, strict=True) if name in models}
    return figures.grouped(
        _names(probed),
        {title: values for title, values in each.items() if title in own},
        {title: values for title, values in each.items() if title not in own},
        "ROC AUC on test images",
        styles,
    )


def _probed(rows: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Models first, then what they are compared with."""
    found = {name: row for name, row in rows.items() if tables.find(row, EACH)}
    models = comparison_rows.models(found)
    return models | {name: row for name, row in found.items() if name not in models}


def _titles(probed: dict[str, dict[str, Any]]) -> list[str]:
    return [row.get("title", name) for name, row in probed.items()]


def _names(probed: dict[str, dict[str, Any]]) -> list[str]:
    """The attributes, in falling order of the first row's AUC."""
    first = tables.find(next(iter(probed.values())), EACH)
    return sorted(first, key=lambda name: -first[name])
