"""Everything that is measured of a model: one entry for each number, in files by what it is measured on.

A new measure is one entry in the list of one of these files. Rows, the row of real images, tables, the CSV and the page
follow, and evaluations made without it are repeated. Raise FORMAT when you change what an entry computes.
"""

from genmodels.evaluation.measures import attributes, codes, improved, lines, reconstructions, samples, speed
from genmodels.evaluation.measures.measure import Measure, OfSets, Sizes, Unmeasurable, least, nothing

__all__ = ["FORMAT", "MEASURES", "Measure", "OfSets", "Sizes", "Unmeasurable", "least", "nothing", "shown"]

# Of the files on disk. 1 (not recorded): subsets were the first images of a split; 2: no measure of sets; 3: moments
# and MMD of posteriors' means.
FORMAT = 4
MEASURES = [  # in the order of tables
    *reconstructions.MEASURES,
    *lines.MEASURES,
    *samples.MEASURES,
    *codes.MEASURES,
    *attributes.MEASURES,
    *improved.MEASURES,
    *speed.MEASURES,
]


def shown(*tables: str) -> list[Measure]:
    """What these tables show, one after another: 'deck' (what the deck measures), 'more', 'improved', 'speed'."""
    return [measure for table in tables for measure in MEASURES if measure.heading and measure.table == table]
