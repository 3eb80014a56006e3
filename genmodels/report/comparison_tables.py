"""The tables of a comparison, by name, as the page and the results show them."""

from genmodels.comparison import rows as comparison_rows
from genmodels.evaluation import measures, tables
from genmodels.evaluation.measures import Measure
from genmodels.evaluation.tables import Table
from genmodels.report import attributes, ways


def make(rows: dict[str, dict], speed: list[Measure]) -> dict[str, Table]:
    """The tables of a report's rows, without those of which nothing was measured; `speed` has that table's columns."""
    competing = list(comparison_rows.models(rows))
    made = {
        "deck": tables.table(comparison_rows.without_pixels(rows), measures.shown("deck"), competing),
        "more": tables.table(rows, measures.shown("more"), competing),
        "levels": tables.table(rows, tables.levels(rows), competing),
        "improved": tables.table(comparison_rows.improved(rows), measures.shown("improved"), []),
        "speed": tables.table(comparison_rows.trained(rows), speed, []),
    }
    if known := attributes.table(rows):
        made["attributes"] = known
    if drawn := ways.table(rows):
        made["draws"] = drawn
    return made
