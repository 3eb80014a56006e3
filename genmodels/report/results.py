"""The text of results/README.md, written from a comparison's report.json; images of the data set are left out."""

import itertools
import json
import shutil
from pathlib import Path
from typing import Any

from genmodels import methods
from genmodels.comparison import rows as comparison_rows
from genmodels.errors import UsageError
from genmodels.evaluation import measures, tables
from genmodels.report import claims, comparison_tables, conclusions, deck, manifold, templating
from genmodels.runs import renamed

# Figures that show generated images, codes or numbers only. The others show CelebA, which may not be redistributed.
OF_EACH = (
    "samples",
    "improved",
    "samples_gaussian",
    "samples_mixture",
    "lines_prior",
    "prior_and_codes",
    "attributes_samples",
)
NEEDED = {"data", "rows", "runs", "provenance", "tuning", "configs"}  # of what launch.compare writes
OF_ALL = ("error_and_diversity", "error_over_training", "attributes")
OF_STUDIES = ("cells",)
READING = "reading.md"  # what a person makes of the numbers, written by hand; the text begins with it


def collect(report: Path, plans: list[Path], folder: Path) -> None:
    """Copies a comparison's report.json, the figures that may be published, and plans of launch.plan to `folder`.

    Raises UsageError when there is no finished report, or no such plan, before anything in `folder` is touched.
    """
    if not (report / "report.json").is_file():
        inside = report / "report"
        remedy = f"give {inside}" if (inside / "report.json").is_file() else "run launch.compare to its end"
        raise UsageError(f"--report={report} has no report.json: {remedy}.")
    if report.resolve() == folder.resolve():
        raise UsageError(f"--report={report} is --folder itself: leave --report out to write its text again.")
    _read(report / "report.json")
    names = [path.name for path in plans]
    for path in plans:
        if not path.is_file():
            raise UsageError(f"--plans: {path} is not a file: write it with launch.plan --out.")
        _check_plan(path)
        if names.count(path.name) > 1:
            raise UsageError(
                f"--plans has two files named {path.name}, and only one would be kept: rename one of them."
            )
    old = [folder.glob(f"{place}{name}.png") for place in ("", "*/") for name in (*OF_ALL, *OF_EACH, *OF_STUDIES)]
    for path in [*itertools.chain(*old), *(folder / "plans").glob("*.json")]:
        path.unlink()
    (folder / "plans").mkdir(parents=True, exist_ok=True)
    shutil.copy(report / "report.json", folder)
    for path in plans:
        shutil.copy(path, folder / "plans")
    for path in sorted((report / "figures").rglob("*.png")):
        place = folder / path.relative_to(report / "figures")
        if path.stem in (OF_ALL if place.parent == folder else (*OF_EACH, *OF_STUDIES)):
            place.parent.mkdir(exist_ok=True)
            shutil.copy(path, place)


def render(folder: Path, base: Path) -> str:
    """The text made from what `collect` has put into `folder`; links in it are relative to the folder `base`.

    Raises UsageError if nothing has been collected, or `folder` is not below `base`.
    """
    if not (folder / "report.json").is_file():
        raise UsageError(f"--folder={folder} has no report.json yet: add one with --report.")
    check_place(folder, base)
    report = _read(folder / "report.json")
    rows, apart = report["rows"], report.get("differences", [])  # reports of earlier revisions have none
    made = comparison_tables.make(rows, measures.shown("speed"))
    judged = [*claims.judge(rows, apart), *manifold.judge(rows)]
    reading = folder / READING
    place = folder.absolute().relative_to(base.absolute())
    drawn = [path.relative_to(folder) for path in sorted(folder.rglob("*.png"))]
    figures = {path.with_suffix("").as_posix(): place / path for path in drawn}
    configs = report["configs"].values()
    runs = _runs(report)
    return templating.render(
        "results.md",
        reading=reading.read_text(encoding="utf-8").strip() if reading.exists() else "",
        report=report,
        rows=rows,
        claims=judged,
        conclusions=[*conclusions.draw(rows, apart), *claims.survival(judged)],
        tables={name: templating.table(table, "md") for name, table in made.items()},
        beside=deck.beside(rows),
        deck=deck,
        manifold=manifold,
        matters=claims.MATTERS,
        runs=runs,
        variant=next(config["variant"] for config in configs),
        seeds=sorted({config["seed"] for config in configs}),
        repeated=any(row.get("runs", 1) > 1 for row in rows.values()),
        levels=tables.levels(rows),
        improved=comparison_rows.improved(rows),
        studies=[study for study in map(_in_order, report["tuning"]) if study["cells"] in figures],
        figures=figures,
        drawn={name: {path.parent.name for path in drawn if path.stem == name} for name in OF_EACH},
        numbers=place / "report.json",
        plans=[renamed.current(json.loads(path.read_text())) for path in sorted((folder / "plans").glob("*.json"))],
        titles={name: spec.title for name, spec in methods.SPECS.items()},
    )


def check_place(folder: Path, base: Path) -> None:
    """Raises UsageError where `folder` is not in `base` or below it: the text names its figures from there."""
    if not folder.absolute().is_relative_to(base.absolute()):
        raise UsageError(f"--folder={folder} must be in the folder of --out, or below it.")


def _read(path: Path) -> dict[str, Any]:
    try:
        report = renamed.current(json.loads(path.read_text()))
    except ValueError as error:
        raise UsageError(f"{path} cannot be read ({error}): add a report again with --report.") from error
    if not isinstance(report, dict) or not report.keys() >= NEEDED or not isinstance(report["rows"], dict):
        raise UsageError(f"{path} is not a report of launch.compare: add one with --report.")
    for name, title in comparison_rows.REFERENCES.items():  # earlier revisions had other titles
        if name in report["rows"]:
            report["rows"][name]["title"] = title
    if not isinstance(report["tuning"], list):  # they had one study, or None
        report["tuning"] = [report["tuning"] | {"figures": ""}] if report["tuning"] else []
    return report


def _in_order(study: dict[str, Any]) -> dict[str, Any]:
    """A study with its trials in the order of the values that they tried, and the name of its figure."""
    ordered = sorted(study["results"], key=lambda result: list(result["chosen"].values()))
    return study | {"results": ordered, "cells": (Path(study["figures"]) / "cells").as_posix()}


def _check_plan(path: Path) -> None:
    try:
        is_plan = "chips" in json.loads(path.read_text())
    except (ValueError, TypeError):
        is_plan = False
    if not is_plan:
        raise UsageError(f"--plans: {path} is not a plan: write it with launch.plan --out.")


def _runs(report: dict[str, Any]) -> list[dict[str, Any]]:
    """The first seed's run of each row, as the page shows it: its row, title, config and figures' folder.

    Reports of earlier revisions have one row for each method, by its name.
    """
    found = {}
    for run in report["runs"]:
        config = report["configs"][run["name"]]
        row, before = run.get("row", config["method"]), f"{config['method']}-{config['seed']}".replace("_", "-")
        own = {"row": row, "title": report["rows"][row]["title"], "config": config}
        found.setdefault(row, own | {"folder": run.get("figures", before)})
    return list(found.values())
