"""What was counted as the same: stretches of two texts that differ in form and not in meaning."""

from __future__ import annotations

from dataclasses import dataclass, field

from workbench.scoring.metrics.alignment import align
from workbench.scoring.metrics.normalize import basic
from workbench.scoring.reading import read

__all__ = ["Same", "same_in_meaning"]


@dataclass(frozen=True, slots=True)
class Same:
    """One stretch.

    Attributes:
        said: as it stands in the reference.
        heard: as it stands in the transcript.
        start, end: characters of the reference.
    """

    said: str = field(repr=False)
    heard: str = field(repr=False)
    start: int
    end: int


def same_in_meaning(reference: str, hypothesis: str) -> list[Same]:
    """What ``clinical`` counts as equal and ``basic`` does not, in the order of the reference.

    >>> [(s.said, s.heard) for s in same_in_meaning("Temp. 98.6 today", "temperature ninety eight point six today")]
    [('Temp', 'temperature'), ('98.6', 'ninety eight point six')]
    """
    ours, theirs = read(reference), read(hypothesis)
    same: list[Same] = []
    run: tuple[int, int, int, int] | None = None
    for i, j in align(ours.words, theirs.words):
        if ours.words[i] != theirs.words[j]:
            continue
        (start, end), (at, until) = ours.spans[i], theirs.spans[j]
        if run is not None and (start < run[1] or at < run[3]):
            # Words of one span, such as the two of "BP", are one stretch.
            run = (min(run[0], start), max(run[1], end), min(run[2], at), max(run[3], until))
            continue
        same += _differing(reference, hypothesis, run)
        run = (start, end, at, until)
    return same + _differing(reference, hypothesis, run)


def _differing(reference: str, hypothesis: str, run: tuple[int, int, int, int] | None) -> list[Same]:
    if run is None:
        return []
    spoken, heard = reference[run[0] : run[1]], hypothesis[run[2] : run[3]]
    return [] if basic(spoken) == basic(heard) else [Same(spoken, heard, run[0], run[1])]
