"""How much is measured."""

from typing import NamedTuple

from genmodels.data import Dataset
from genmodels.errors import UsageError

# At least two values of each measure, as one has no interval.
FEWEST = {
    "images": 4,
    "pairs": 2,
    "real_pairs": 2,
    "lines": 2,
    "points": 3,
    "refined": 4,
    "seed": 0,
    "draws": 4,
    "components": 1,
    "swd_sets": 0,
}
NONE = {"refined", "draws", "components"}  # may be 0


class Budget(NamedTuple):
    """How much is measured; where the data have less, n is smaller."""

    images: int  # of each split, for reconstruction and codes, at most
    pairs: int  # of samples, for diversity
    real_pairs: int | None  # of test images; None: as many disjoint ones as there are, at most 10,000
    lines: int  # between test images and between prior codes
    points: int  # of each line, ends included
    refined: int  # codes that improved sampling moves; 0: none
    seed: int
    spherical: bool = False  # lines
    swd_sets: int = 1  # sets of images whose sliced Wasserstein distance is measured; one has no interval, 0: none
    draws: int = 0  # samples of each way to draw codes, and test images that they are compared with; 0: none
    components: int = 0  # of the mixture fitted to codes; 0: ten, or no mixture where there are too few codes


def check(budget: Budget, images: Dataset) -> None:
    """Raises UsageError for a budget too small for an interval, and for more real pairs than there are."""
    for field, fewest in FEWEST.items():
        value = getattr(budget, field)
        if value is not None and value < fewest and not (value == 0 and field in NONE):
            raise UsageError(f"evaluation: {field}={value} must be at least {fewest}.")
    most = len(images.test) // 2
    if budget.real_pairs is not None and budget.real_pairs > most:
        raise UsageError(
            f"--real_pairs={budget.real_pairs}: {len(images.test):,} test images make {most:,} disjoint pairs.\n"
            "Use at most that many, or omit the flag to use them all."
        )
