"""What a report says of the test RMSE over training, and of how it counts seconds."""

from typing import Any

from genmodels.comparison import rows as comparison_rows
from genmodels.evaluation.measures import Measure

# Kept in report.json, beside the seconds that are counted in this way.
SECONDS = (
    "Seconds of training are those of its steps: neither pauses of the process nor compilation are counted. Images per "
    "second are the median over the log."
)
SECONDS_BEFORE = "Seconds of training include compilation and pauses of the process."  # of reports without the above


def errors(rows: dict[str, dict], configs: dict[str, dict[str, Any]]) -> str:
    """Of how many images and of which seed the test RMSE over training is, without a full stop."""
    images = " or ".join(f"{n:,}" for n in sorted({config["eval"]["images"] for config in configs.values()}))
    return f"Test RMSE of up to {images} images{_of_seed(rows)}"


def time_to(target: float, rows: dict[str, dict]) -> Measure:
    """The column with the seconds to a test RMSE, 0-255 scale, as `add_time_to_target` has added them."""
    return Measure("training to_target", f"s to test RMSE {target:.1f}{_of_seed(rows)}")


def _of_seed(rows: dict[str, dict]) -> str:
    """Courses over training are not combined as numbers are."""
    return ", first seed" if comparison_rows.repeated(rows) else ""
