"""What a measure is: where a row keeps it, how it is shown, how it is computed, and what it requires."""

from collections.abc import Callable
from typing import Any, NamedTuple

WORDS = {"train": "training images", "test": "test images", "latent": "latent dimensions"}


class Unmeasurable(Exception):
    """A measure that cannot be taken of these images or this model; the text says why."""


class Sizes(NamedTuple):
    """How much there is to measure on: images of each split, dimensions of a code, test images copied from training,
    attributes of images.
    """

    train: int
    test: int
    latent: int
    duplicates: int = 0
    attributes: int | None = None  # that are frequent enough to be probed; None: nothing is known of the images


class OfSets(NamedTuple):
    """A measure of whole sets of images: one value for each set [S], and the number of images in each."""

    values: list[float]
    n: int


Lacks = Callable[[Sizes], str]  # why a measure cannot be taken with these sizes; '' = it can


def nothing(sizes: Sizes) -> str:
    """For a measure that can always be taken."""
    return ""


def least(**counts: int) -> Lacks:
    """For a measure that requires at least these values of fields of Sizes: least(test=4)."""

    def lacks(sizes: Sizes) -> str:
        for field, count in counts.items():
            if (there := getattr(sizes, field)) < count:
                return f"it takes {count:,} {WORDS[field]}, and there {'is' if there == 1 else 'are'} {there:,}"
        return ""

    return lacks


class Measure(NamedTuple):
    """One number of a row of measurements: a column, or a line, of a table."""

    name: str  # keys to the value in a row, 'samples sharpness'; all but the last are its subject: what it is taken of
    heading: str = ""  # in tables; '' = kept, but not shown
    digits: int = 0
    best: str = ""  # low | high | real (nearest to real images') | '' (never marked)
    # From a subject to values [N] or of sets, of which the row has the mean with its interval, or to a number or other
    # plain JSON; None if it was not asked for. No function: logged in training, or computed from other measures.
    function: Callable[[Any], Any] | None = None
    lacks: Lacks = nothing
    # Samples only: what the same measure of test images lacks, in the row of real images; None: they do not have it.
    real: Lacks | None = None
    table: str = "more"  # deck | more | improved | speed
    alone: str = ""  # what to call it outside a table; '' = its heading, or its name if it has none

    @property
    def subject(self) -> str:
        """What it is taken of, a name in the table of subjects that `rows` makes."""
        return self.name.rpartition(" ")[0]

    @property
    def words(self) -> str:
        """What it is called in a sentence."""
        return self.alone or self.heading or self.name
