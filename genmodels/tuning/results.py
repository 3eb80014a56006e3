"""The results of a study: a table, and the command to train with the best values."""

import collections
import csv
import json
import shlex
from pathlib import Path
from typing import Any, NamedTuple

import optuna

from genmodels import evaluation
from genmodels.errors import UsageError
from genmodels.tuning import claims, trial
from genmodels.tuning import space as spaces
from genmodels.tuning.identity import Tuning


class Result(NamedTuple):
    """A trial that has ended. Estimates are {mean, low, high, n}; None if it was given up: `collapsed` or `failed`."""

    number: int
    chosen: dict[str, Any]
    folder: str
    rmse: dict | None = None
    ms_ssim: dict | None = None
    distance: float | None = None  # |MS-SSIM - real|
    real: float | None = None  # MS-SSIM of real images, the same for all trials of a study
    best: bool = False
    collapsed: str | None = None  # why
    failed: str | None = None  # why

    @property
    def values(self) -> tuple[float, float, float]:
        """The mean test RMSE, the mean MS-SSIM and the distance of a trial that was measured."""
        assert self.rmse is not None
        assert self.ms_ssim is not None
        assert self.distance is not None
        return self.rmse["mean"], self.ms_ssim["mean"], self.distance

    def __str__(self) -> str:
        if self.rmse:
            return "RMSE {:.2f}  MS-SSIM {:.3f}".format(*self.values)
        return f"collapsed: {self.collapsed}" if self.collapsed else f"failed: {self.failed}"


def collect(study: optuna.Study, tuning: Tuning) -> list[Result]:
    """The results of a study's ended trials, each set of values once; the best one is marked.

    Best is the lowest sum of both ranks, by test RMSE and by distance to real images' MS-SSIM; ties go to the
    lower RMSE.
    """
    found = {}
    for each in claims.ended(study, tuning.workdir):
        folder = trial.folder_of(tuning.workdir, each.params)
        found[folder] = _result(Result(each.number, dict(sorted(each.params.items())), folder.name), folder, tuning)
    results = list(found.values())
    measured = [result for result in results if result.rmse]
    if not measured:
        return results
    by_error = sorted(measured, key=lambda result: result.rmse["mean"])
    by_distance = sorted(measured, key=lambda result: result.distance)
    best = min(by_error, key=lambda result: by_error.index(result) + by_distance.index(result))
    return [result._replace(best=result is best) for result in results]


def _result(result: Result, folder: Path, tuning: Tuning) -> Result:
    if given_up := trial.given_up(folder):
        why, reason = given_up
        return result._replace(**{why: reason})
    config = spaces.apply(tuning.config, result.chosen)
    report = evaluation.read(folder, config.train.steps)
    if report is None:
        return result._replace(failed=f"the trial has ended, but {folder} no longer has an evaluation")
    row = report["rows"][config.method]
    return result._replace(
        rmse=row["reconstruction"]["test"]["rmse"],
        ms_ssim=row["samples"]["ms_ssim"],
        distance=abs(row["samples"]["ms_ssim_minus_real"]["mean"]),
        real=report["rows"]["real"]["ms_ssim"]["mean"],
    )


def write(folder: Path, results: list[Result]) -> None:
    """Writes results.json and results.csv into a study's folder."""
    (folder / "results.json").write_text(json.dumps([result._asdict() for result in results], indent=1) + "\n")
    fields = list(results[0].chosen)
    with (folder / "results.csv").open("w", newline="", encoding="utf-8", errors="backslashreplace") as file:
        lines = csv.writer(file)
        lines.writerow(["trial", *fields, "test RMSE", "low", "high", "MS-SSIM", "low", "high", "given up"])
        for result in results:
            values = [*_three(result.rmse), *_three(result.ms_ssim), "" if result.rmse else str(result)]
            lines.writerow([result.number, *(result.chosen[field] for field in fields), *values])


def summary(results: list[Result], command: str, given: dict[str, str]) -> str:
    """The best values and the command to train with them: `command` with the fields that the user has set, `given`.

    Raises UsageError, saying why, if no trial could be measured.
    """
    best = next((result for result in results if result.best), None)
    if best is None:
        raise UsageError(_nothing(results))
    fields = given | {field: str(value) for field, value in best.chosen.items()}
    flags = " ".join(shlex.quote(f"--config.{field}={value}") for field, value in fields.items())
    lost = ", ".join(f"{count} {why}" for why, count in _lost(results).items())
    rmse, ms_ssim, distance = best.values
    return (
        f"best of {len(results)}{f' ({lost})' if lost else ''}: test RMSE {rmse:.2f}, "
        f"MS-SSIM {ms_ssim:.3f}, {distance:.3f} from that of real images\n{command} {flags}"
    )


def _lost(results: list[Result]) -> dict[str, int]:
    """How many collapsed and how many failed."""
    return collections.Counter(str(result).partition(":")[0] for result in results if not result.rmse)


def _nothing(results: list[Result]) -> str:
    lost = _lost(results)
    reasons = collections.Counter(str(result).partition(": ")[2].rstrip(".") for result in results)
    reason = reasons.most_common(1)[0][0] + (", and others, see results.csv" if len(reasons) > 1 else "")
    files = " or ".join(f"run-*/{why}.txt" for why in lost)
    return (
        f"no trial could be measured ({', '.join(f'{count} {why}' for why, count in lost.items())}): {reason}.\n"
        f"To try a trial again, delete its {files} in the study's folder, or choose another --workdir."
    )


def _three(estimate: dict | None) -> list:
    return [estimate[key] for key in ("mean", "low", "high")] if estimate else ["", "", ""]
