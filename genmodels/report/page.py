"""The report: a page that opens from disk with no network, and beside it its tables, figures and numbers as files."""

import base64
import csv
import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import ml_collections
from PIL import Image

from genmodels import data, evaluation, images, methods
from genmodels.comparison import rows as comparison_rows
from genmodels.comparison.runs import Run
from genmodels.errors import UsageError
from genmodels.evaluation import measures, tables
from genmodels.figures import plots, sheets
from genmodels.report import claims, conclusions, deck, provenance, templating
from genmodels.runs import read_config

DATA_POINTS, COLUMNS = 64, 8


class Picture(NamedTuple):
    """A picture to embed: a data URI, its size in pixels, and its file beside the page."""

    uri: str
    width: int
    height: int
    file: str


class Shown(NamedTuple):
    """One method's run as the page shows it: the first seed that was trained."""

    title: str
    method: str
    pictures: dict[str, Picture]
    videos: dict[str, str]  # data URIs


class Study(NamedTuple):
    """The folder of a study, its results, as launch.tune wrote them, the config of one trial, and its figures."""

    folder: Path
    results: list[dict[str, Any]]
    config: dict[str, Any]
    pictures: dict[str, Picture]


def write(
    folder: Path, runs: list[Run], config: ml_collections.ConfigDict, command: str, study: Study | None = None
) -> Path:
    """Writes <folder>/index.html, report.json, tables/ and figures/ of the comparison, and returns the page's path."""
    rows = comparison_rows.assemble(runs)
    target = comparison_rows.add_time_to_target(rows)
    competing = list(comparison_rows.models(rows))
    shown = _shown(folder / "figures", runs)
    if study:
        for picture in study.pictures.values():
            shutil.copy(study.folder / picture.file, folder / "figures")
    made = {
        "deck": tables.table(rows, measures.shown("deck"), competing),
        "more": tables.table(rows, measures.shown("more"), competing),
        "speed": tables.table(comparison_rows.trained(rows), _speed(target), []),
    }
    report = {
        "data": next((run.report["data"] for run in runs if run.report), ""),
        "conclusions": conclusions.draw(rows),
        "claims": claims.judge(rows),
        "left_out": evaluation.lines(_left_out(runs)),
        "rows": rows,
        "runs": [{"name": run.name, "workdir": str(run.workdir), "failure": run.failure} for run in runs],
        "deck": deck.NUMBERS,
        "provenance": provenance.collect(command),
        "tuning": {"results": study.results, "config": study.config} if study else None,
        "configs": {run.name: run.config.to_dict() for run in runs},
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
        target=target,
        beside=deck.beside(rows),
        study=study,
        budget=config.evaluation.to_dict(),
        variant=config.variant,
    )
    partial = folder / "index.html.tmp"
    partial.write_text(text, encoding="utf-8")
    return partial.replace(folder / "index.html")


def read_study(folder: Path) -> Study:
    """What launch.tune has left in its folder; UsageError if that has no results."""
    try:
        results = json.loads((folder / "results.json").read_text())
        pictures = {path.stem: _picture(path) for path in sorted(folder.glob("*.png"))}
    except OSError as error:
        raise UsageError(f"--tuning={folder} has no results ({error.strerror}): run launch.tune to its end.") from error
    return Study(folder, results, read_config(folder / results[0]["folder"]).to_dict(), pictures)


def _left_out(runs: list[Run]) -> dict[str, str]:
    """What was not measured, in words, with its reason; with the run's name where not all runs are alike."""
    each = {run.name: run.report.get("left_out", {}) for run in runs if run.report}
    found = {}
    for name, left_out in each.items():
        for words, reason in left_out.items():
            alike = all(other.get(words) == reason for other in each.values())
            found[words if alike else f"{words} ({name})"] = reason
    return found


def _speed(target: float | None) -> list[measures.Measure]:
    speed = measures.shown("speed")
    return speed if target is None else [*speed, measures.Measure("training to_target", f"s to test RMSE {target:.1f}")]


def _shown(folder: Path, runs: list[Run]) -> list[Shown]:
    """Copies every run's figures beside the page, and embeds those of each method's first trained seed."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shown = {}
    for run in runs:
        if run.figures is None:
            continue
        own = folder / f"{run.config.method}-{run.config.seed}".replace("_", "-")
        shutil.copytree(run.figures, own, dirs_exist_ok=True)
        if run.config.method not in shown:
            pictures = {path.stem: _picture(path) for path in sorted(own.glob("*.png"))}
            videos = {path.stem: _uri(path, "video/mp4") for path in sorted(own.glob("*.mp4"))}
            title = methods.spec(run.config).title
            shown[run.config.method] = Shown(title, run.config.method, pictures, videos)
    return list(shown.values())


def _plots(folder: Path, rows: dict[str, dict], runs: list[Run]) -> dict[str, Picture]:
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
    made = {"error_over_training": plots.error_over_training(histories)}
    if points:  # none of a single test image
        made["error_and_diversity"] = plots.error_and_diversity(points, tables.find(rows["real"], "ms_ssim"))
    for name, figure in made.items():
        figure.savefig(folder / f"{name}.png", dpi=150)
    pictures = data.build(measured[0].config)
    sheet = sheets.picture_grid(data.sampled(pictures.test, DATA_POINTS), COLUMNS)
    images.save_sheet(folder / "data.png", sheet, pictures.test.shape[1])
    return {name: _picture(folder / f"{name}.png") for name in (*made, "data")}


def _picture(path: Path) -> Picture:
    with Image.open(path) as picture:
        width, height = picture.size
    return Picture(_uri(path, "image/png"), width, height, path.name)


def _uri(path: Path, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


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
            for measure in measures.shown("deck", "more", "speed"):
                value = tables.find(row, measure.name)
                if isinstance(value, dict):
                    lines.writerow([name, measure.heading, *(value[key] for key in ("mean", "low", "high", "n"))])
                elif value is not None:
                    lines.writerow([name, measure.heading, value, "", "", ""])
