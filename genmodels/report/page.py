"""The report: a page that opens from disk, offline, and its tables, figures and numbers as files beside it."""

import csv
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import ml_collections

from genmodels import data, images, methods
from genmodels.comparison import differences
from genmodels.comparison import rows as comparison_rows
from genmodels.comparison.run import Run, opening
from genmodels.errors import UsageError
from genmodels.evaluation import measures, tables
from genmodels.figures import plots, sheets
from genmodels.report import (
    attributes,
    claims,
    comparison_tables,
    conclusions,
    courses,
    deck,
    embedded,
    looks,
    manifold,
    notes,
    provenance,
    same_nets,
    templating,
    ways,
)
from genmodels.report.embedded import Embedded
from genmodels.report.study import Study

DATA_POINTS, COLUMNS = 64, 8


class Shown(NamedTuple):
    """A row's run as the page shows it: the first seed that was trained."""

    title: str
    images: dict[str, Embedded]
    videos: dict[str, str]  # data URIs


def write(
    folder: Path, runs: list[Run], config: ml_collections.ConfigDict, command: str, studies: Sequence[Study] = ()
) -> Path:
    """Writes <folder>/index.html, report.json, tables/ and figures/ of the comparison, and returns the page's path."""
    rows = comparison_rows.assemble(runs)
    apart = differences.measure(runs, rows)
    target = comparison_rows.add_time_to_target(rows)
    shown = _shown(folder / "figures", runs)
    for study in studies:
        (folder / "figures" / study.name).mkdir()
        for each in study.images.values():
            shutil.copy(study.folder / each.file, folder / "figures" / study.name)
    speed = [*measures.shown("speed"), *([] if target is None else [courses.time_to(target, rows)])]
    made = comparison_tables.make(rows, speed)
    configs = {run.name: run.config.to_dict() for run in runs}
    judged = [*claims.judge(rows, apart), *manifold.judge(rows)]
    report = {
        "data": next((run.report["data"] for run in runs if run.report), ""),
        "same_nets": same_nets.described(runs, config),
        "conclusions": [*conclusions.draw(rows, apart), *claims.survival(judged)],
        "claims": judged,
        "left_out": notes.draw(runs, rows),
        "seconds": courses.SECONDS,
        "rows": rows,
        "differences": apart,
        "runs": [_about(run) for run in runs],
        "deck": deck.NUMBERS,
        "provenance": provenance.collect(command),
        "tuning": [{"results": each.results, "config": each.config, "figures": each.name} for each in studies],
        "configs": configs,
    }
    _write_tables(folder / "tables", made, rows)
    (folder / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    text = templating.render(
        "page.html",
        report=report,
        rows=rows,
        tables=made,
        shown=shown,
        specs=[methods.SPECS[name] for name in dict.fromkeys(run.config.method for run in runs)],
        plots=_plots(folder / "figures", rows, runs),
        deck=deck,
        errors=courses.errors(rows, configs),
        rule=claims.rule(judged, rows),
        beside=deck.beside(rows),
        studies=studies,
        titles={name: spec.title for name, spec in methods.SPECS.items()},
        manifold=manifold,
        budget=config.evaluation.to_dict(),
        variant=config.variant,
        size=runs[0].config.image_size,
    )
    partial = folder / "index.html.tmp"
    partial.write_text(text, encoding="utf-8")
    return partial.replace(folder / "index.html")


def check_place(folder: Path) -> None:
    """Raises UsageError if a report cannot be written to `folder`; leaves nothing behind."""
    there = next(each for each in (folder.absolute(), *folder.absolute().parents) if os.path.lexists(each))
    if not there.is_dir():
        raise UsageError(f"{folder} cannot be written ({there} is a file): choose another --workdir.")
    if not os.access(there, os.W_OK):
        raise UsageError(f"{folder} cannot be written ({there} is read-only): choose another --workdir.")


def _about(run: Run) -> dict[str, Any]:
    """A run's entry in report.json; its config is stored under the same name."""
    return {
        "name": run.name,
        "row": run.row,
        "workdir": str(run.workdir),
        "figures": run.folder,
        "failure": run.failure,
    }


def _shown(folder: Path, runs: list[Run]) -> list[Shown]:
    """Copies every run's figures beside the page, and embeds those of each row's first trained seed."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shown = {}
    for run in runs:
        if run.figures is None:
            continue
        own = folder / run.folder
        shutil.copytree(run.figures, own, dirs_exist_ok=True)
        if run.row not in shown:
            imaged = {path.stem: embedded.image(path) for path in sorted(own.glob("*.png"))}
            videos = {path.stem: embedded.uri(path, "video/mp4") for path in sorted(own.glob("*.mp4"))}
            shown[run.row] = Shown(run.title, imaged, videos)
    return list(shown.values())


def _plots(folder: Path, rows: dict[str, dict], runs: list[Run]) -> dict[str, Embedded]:
    """The figures of the whole comparison."""
    measured = [run for run in runs if run.report]
    if not measured:
        return {}
    points = {}
    for name, row in comparison_rows.models(rows).items():
        errors = tables.find(rows.get(name.removeprefix(comparison_rows.IMPROVED), {}), "reconstruction test rmse")
        diversity = tables.find(row, "ms_ssim")
        if errors and diversity:
            points[row["title"]] = (errors, diversity)
    histories = {rows[name]["title"]: points for name, points in comparison_rows.histories(rows).items()}
    styles = looks.of(rows)
    made = {"error_over_training": plots.error_over_training(histories, styles)} if histories else {}
    if points:  # MS-SSIM has none for a single test image
        made["error_and_diversity"] = plots.error_and_diversity(points, tables.find(rows["real"], "ms_ssim"), styles)
    if bars := attributes.bars(rows, styles):
        made["attributes"] = bars
    for name, figure in made.items():
        figure.savefig(folder / f"{name}.png", dpi=150)
    dataset = data.build(opening(measured))
    sheet = sheets.image_grid(data.sampled(dataset.test, DATA_POINTS), COLUMNS)
    images.save_sheet(folder / "data.png", sheet, dataset.test.shape[1])
    return {name: embedded.image(folder / f"{name}.png") for name in (*made, "data")}


def _write_tables(folder: Path, made: dict[str, tables.Table], rows: dict[str, Any]) -> None:
    """Each table as Markdown and LaTeX, and every estimate as one line of a tidy CSV."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in made.items():
        for kind in ("md", "tex"):
            (folder / f"{name}.{kind}").write_text(templating.table(table, kind), encoding="utf-8")
    with (folder / "measurements.csv").open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(["row", "measure", "mean", "low", "high", "n"])
        for name, row in rows.items():
            for measure in [*measures.shown("deck", "more", "improved", "speed"), *tables.levels(rows)]:
                value = tables.find(row, measure.name)
                if isinstance(value, dict):
                    lines.writerow(
                        [name, measure.heading, *(value.get(key, "") for key in ("mean", "low", "high", "n"))]
                    )
                elif value is not None:
                    lines.writerow([name, measure.heading, value, "", "", ""])
        lines.writerows(ways.lines(rows))
