"""The tables of a comparison, by name, as the page and the results show them."""

from genmodels.comparison import rows as comparison_rows
from genmodels.evaluation import measures, tables
from genmodels.evaluation.measures import Measure
from genmodels.evaluation.tables import Table
from genmodels.report import attributes, ways


def make(rows: dict[str, dict], speed: list[Measure]) -> dict[str, Table]:
    """The tables of a report's rows, without those of which nothing was measured; `speed` has that table's columns."""
    made = {
        "deck": of_measured(rows, measures.shown("deck")),
        "more": of_measured(rows, measures.shown("more")),
        "levels": of_measured(rows, tables.levels(rows)),
        "improved": tables.table(comparison_rows.improved(rows), measures.shown("improved"), []),
        "speed": tables.table(comparison_rows.trained(rows), speed, []),
    }
    if known := attributes.table(rows):
        made["attributes"] = known
    if drawn := ways.table(rows):
        made["draws"] = drawn
    return made


def of_measured(rows: dict[str, dict], columns: list[Measure]) -> Table:
    """The table of the rows that have one of these measures, and of failures; the best model is marked."""
    kept = comparison_rows.with_any(rows, columns)
    return tables.table(kept, columns, list(comparison_rows.models(kept)))
