"""The text of results/README.md: what the published comparisons, a folder each, say together."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from genmodels import methods
from genmodels.errors import UsageError
from genmodels.evaluation import measures
from genmodels.report import comparison_tables, deck, results, templating
from genmodels.report.claims import DIVERSITY, REALISM, RMSE
from genmodels.runs import renamed

READING = "reading.md"  # what a person makes of the numbers, written by hand; the text begins with it
MAIN = (RMSE, DIVERSITY, REALISM)  # the measures that it shows; each comparison's own text has all


class Comparison(NamedTuple):
    """What the text shows of one comparison; paths are relative to it."""

    report: dict[str, Any]
    text: str  # path of its own text
    variant: str
    size: int  # px
    seeds: list[int]
    table: str
    plot: str | None  # path
    samples: list[dict[str, str]]  # title and path of each sheet
    verdicts: dict[str, str]  # of the deck's conclusions


def check_plans(plans: list[Path]) -> None:
    """Raises UsageError if one of the files is not a plan of launch.plan, or two have one name."""
    names = [path.name for path in plans]
    for path in plans:
        if not path.is_file():
            raise UsageError(f"--plans: {path} is not a file: write it with launch.plan --out.")
        try:
            is_plan = "chips" in json.loads(path.read_text())
        except (ValueError, TypeError):
            is_plan = False
        if not is_plan:
            raise UsageError(f"--plans: {path} is not a plan: write it with launch.plan --out.")
        if names.count(path.name) > 1:
            raise UsageError(
                f"--plans has two files named {path.name}, and only one would be kept: rename one of them."
            )


def keep_plans(plans: list[Path], base: Path) -> None:
    """Copies plans into `base`/plans, in place of those kept there."""
    contents = {path.name: path.read_bytes() for path in plans}  # they may be those kept there
    for path in (base / "plans").glob("*.json"):
        path.unlink()
    (base / "plans").mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (base / "plans" / name).write_bytes(content)


def write(base: Path) -> list[Path]:
    """Writes the text of each comparison into its folder and that on all of them into `base`; returns their paths.

    Raises UsageError if there is no comparison, or a text is in the way that was not written here.
    """
    folders = [path.parent for path in sorted(base.glob("*/report.json"))]
    if not folders:
        raise UsageError(f"no folder of {base} has a report.json yet: add one with --report.")
    texts = {folder / results.TEXT: results.render(folder) for folder in folders}
    texts[base / results.TEXT] = render(base, folders)
    for path in texts:
        if path.exists() and results.GENERATED not in path.read_text(encoding="utf-8"):
            raise UsageError(f"{path} was not written by launch.results: move it, or choose another --results.")
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    return list(texts)


def render(base: Path, folders: list[Path]) -> str:
    """The text on the comparisons in these folders of `base`, largest images first."""
    reading = base / READING
    found = sorted((_comparison(folder, base) for folder in folders), key=lambda each: (-each.size, each.text))
    trained = {run["config"]["method"] for each in found for run in results.first_runs(each.report)}
    return templating.render(
        "summary.md",
        generated=results.GENERATED,
        deck=deck,
        reading=reading.read_text(encoding="utf-8").strip() if reading.exists() else "",
        comparisons=found,
        claims=list(dict.fromkeys(claim for each in found for claim in each.verdicts)),
        methods=[name for name in methods.SPECS if name in trained],
        plans=[renamed.current(json.loads(path.read_text())) for path in sorted((base / "plans").glob("*.json"))],
        titles={name: spec.title for name, spec in methods.SPECS.items()},
    )


def _comparison(folder: Path, base: Path) -> Comparison:
    report, place = results.read(folder), folder.relative_to(base)
    shown = [measure for measure in measures.MEASURES if measure.name in MAIN]
    figures = {name: (place / path).as_posix() for name, path in results.drawn_in(folder).items()}
    return Comparison(
        report=report,
        text=(place / results.TEXT).as_posix(),
        variant=results.variant(report),
        size=results.size(report),
        seeds=results.seeds(report),
        table=templating.table(comparison_tables.of_measured(report["rows"], shown), "md"),
        plot=figures.get("error_and_diversity"),
        samples=results.sheets(results.first_runs(report), figures, "samples"),
        verdicts={each["claim"]: each["verdict"] for each in results.judge(report)},
    )
