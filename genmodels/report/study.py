"""Studies of hyperparameters as the page shows them."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from genmodels.errors import UsageError
from genmodels.report import embedded
from genmodels.report.embedded import Embedded
from genmodels.runs import read_config

NEEDED = ("cells", "front")  # figures; a study need not have heat.png


class Study(NamedTuple):
    """What launch.tune found, as it wrote it, the config of one trial, and the figures, with their folder."""

    folder: Path
    name: str  # of its figures' folder in the report
    results: list[dict[str, Any]]
    config: dict[str, Any]
    images: dict[str, Embedded]


def read(folders: list[Path]) -> list[Study]:
    """Reads what launch.tune has written to these folders; UsageError if results are missing or incomplete."""
    found: list[Study] = []
    for folder in folders:
        results, config, images = _read(folder)
        before = sum(study.config["method"] == config["method"] for study in found)
        name = f"tuning-{config['method'].replace('_', '-')}" + (f"-{before + 1}" if before else "")
        found.append(Study(folder, name, results, config, images))
    return found


def _read(folder: Path) -> tuple[list[dict[str, Any]], dict[str, Any], dict[str, Embedded]]:
    try:
        results = json.loads((folder / "results.json").read_text())
        images = {path.stem: embedded.image(path) for path in sorted(folder.glob("*.png"))}
        trained = next((result for result in results if result["rmse"]), results[0])
    except OSError as error:
        raise UsageError(f"--tuning={folder} has no results ({error.strerror}): run launch.tune to its end.") from error
    except (ValueError, LookupError, TypeError) as error:
        raise UsageError(
            f"--tuning={folder}: results.json is not what launch.tune writes: run launch.tune to its end."
        ) from error
    if missing := [f"{name}.png" for name in NEEDED if name not in images]:
        raise UsageError(f"--tuning={folder} has no {' and no '.join(missing)}: run launch.tune to its end.")
    return results, read_config(folder / trained["folder"]).to_dict(), images
