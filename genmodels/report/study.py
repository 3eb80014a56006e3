"""A study of hyperparameters as the page shows it."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from genmodels.errors import UsageError
from genmodels.report import embedded
from genmodels.report.embedded import Embedded
from genmodels.runs import read_config

NEEDED = ("cells", "front")  # figures; that of two fields is not in every study


class Study(NamedTuple):
    """The folder of a study, its results, as launch.tune wrote them, the config of one trial, and its figures."""

    folder: Path
    results: list[dict[str, Any]]
    config: dict[str, Any]
    images: dict[str, Embedded]


def read(folder: Path) -> Study:
    """What launch.tune has left in its folder; UsageError if that has no results, or not all of them."""
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
    return Study(folder, results, read_config(folder / trained["folder"]).to_dict(), images)
