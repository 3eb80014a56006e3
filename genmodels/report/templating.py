"""Renders numbers as text files with jinja2 templates."""

from pathlib import Path

import jinja2

from genmodels.evaluation.tables import Table

TEMPLATES = Path(__file__).parent / "templates"
TEX = str.maketrans({c: f"\\{c}" for c in "&%$#_{}"} | {"–": "--", "−": "$-$"})


def render(name: str, **values) -> str:
    """The text of templates/<name>.jinja; a missing value is an error, not a gap."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=jinja2.select_autoescape(["html.jinja"], default_for_string=False),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["tex"] = lambda text: str(text).translate(TEX)
    return environment.get_template(f"{name}.jinja").render(**values)


def table(made: Table, kind: str) -> str:
    """A table as Markdown ('md') or LaTeX ('tex')."""
    return render(f"table.{kind}", table=made)
