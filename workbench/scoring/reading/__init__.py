"""One reading of clinical text, and what two readings have in common."""

from workbench.scoring.reading.measures import judge, meaning, occurrences
from workbench.scoring.reading.reading import VALUE_KINDS, Item, Reading, read, rules
from workbench.scoring.reading.tallies import Judged, Meaning, Tally

__all__ = [
    "VALUE_KINDS",
    "Item",
    "Judged",
    "Meaning",
    "Reading",
    "Tally",
    "judge",
    "meaning",
    "occurrences",
    "read",
    "rules",
]
