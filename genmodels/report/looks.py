"""How each row of a comparison looks in all of its figures."""

from typing import Any

from genmodels.comparison import rows as comparison_rows
from genmodels.comparison import same_nets
from genmodels.figures import styles
from genmodels.figures.styles import Style


def of(rows: dict[str, dict[str, Any]]) -> dict[str, Style]:
    """The style of each model, by its title, whether or not a figure shows it.

    A model on the same nets has the colour of its method on its own nets; improved samples are the open marker of
    the model that they are drawn from.
    """
    found = styles.assign({name: same_nets.own(name) for name in comparison_rows.trained(rows)})
    for name in comparison_rows.improved(rows):
        found[name] = found[name.removeprefix(comparison_rows.IMPROVED)]._replace(filled=False)
    return {rows[name]["title"]: style for name, style in found.items()}
