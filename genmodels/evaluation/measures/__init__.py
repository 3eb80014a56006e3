"""Everything that is measured of a model: one entry for each number, in the files by what it is measured on.

A new measure is one entry in the list of one of these files. Rows, the row of real images, tables, the CSV and the page
follow, and evaluations that were made without it are made anew. Whoever changes what an entry finds raises FORMAT.
"""

from genmodels.evaluation.measures import codes, improved, lines, reconstructions, samples, speed
from genmodels.evaluation.measures.measure import Measure, Sizes, Unmeasurable, least, nothing

__all__ = ["FORMAT", "MEASURES", "Measure", "Sizes", "Unmeasurable", "least", "nothing", "shown"]

FORMAT = 2  # of what is kept on disk. 1 (not written down): every subset was the first so many images of a split
MEASURES = [  # in the order of tables
    *reconstructions.MEASURES,
    *lines.MEASURES,
    *samples.MEASURES,
    *codes.MEASURES,
    *improved.MEASURES,
    *speed.MEASURES,
]


def shown(*tables: str) -> list[Measure]:
    """What these tables show, one after another: 'deck' (what the deck measures), 'more', 'speed'."""
    return [measure for table in tables for measure in MEASURES if measure.heading and measure.table == table]
