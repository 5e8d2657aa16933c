"""Which words were taken for which: the commonest substitutions, losses and additions of a run.

Words are aligned as the error rate aligns them, so that the counts here add up to it. The words are
speech; nothing here logs or keeps them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from workbench.recording.record import SessionKey, SessionRecord
from workbench.scoring.metrics.accuracy import ErrorCounts, word_errors
from workbench.scoring.metrics.alignment import align
from workbench.scoring.metrics.normalize import Normaliser
from workbench.scoring.variants import best_reference
from workbench.scoring.word_diff import word_diff

__all__ = ["Alike", "Confusion", "alike", "confusions", "ladder"]

ErrorKind = Literal["substitution", "deletion", "insertion"]
_Place = tuple[ErrorKind, str | None, str | None]


@dataclass(frozen=True, slots=True)
class Confusion:
    """One kind of error.

    Attributes:
        kind: what happened.
        said: word of the reference, normalised; None for an insertion.
        heard: word of the transcript, normalised; None for a deletion.
        count: how often.
        cell, utterance: the session in which it happened first.
    """

    kind: ErrorKind
    said: str | None = field(repr=False)
    heard: str | None = field(repr=False)
    count: int
    cell: str
    utterance: str


def confusions(records: Iterable[SessionRecord], normaliser: Normaliser, cell: str | None = None) -> list[Confusion]:
    """Every error of the completed sessions, commonest first.

    Args:
        records: every session of a run.
        normaliser: applied to both sides.
        cell: only this configuration; None for all.
    """
    counts: dict[_Place, int] = {}
    first: dict[_Place, SessionKey] = {}
    for record in records:
        if record.outcome.failed or (cell is not None and record.key.cell != cell) or record.unscorable() is not None:
            continue
        for word in word_diff(record.reference, record.hypothesis(), normaliser):
            if word.kind != "equal":
                place: _Place = (word.kind, word.wanted, word.heard)
                counts[place] = counts.get(place, 0) + 1
                first.setdefault(place, record.key)
    ranked = sorted(counts, key=lambda place: (-counts[place], place[0], place[1] or "", place[2] or ""))
    return [Confusion(*place, counts[place], first[place].cell, first[place].utterance) for place in ranked]


@dataclass(frozen=True, slots=True)
class Alike:
    """Two writings that a normaliser counts as the same.

    Attributes:
        normaliser: the strictest one that does.
        said: as it stands in the reference.
        heard: as it stands in the transcript.
        count: how often.
    """

    normaliser: str
    said: str = field(repr=False)
    heard: str = field(repr=False)
    count: int


def alike(records: Iterable[SessionRecord], normalisers: Sequence[Normaliser]) -> list[Alike]:
    """What differs as it is written and is no error, by the strictest normaliser that forgives it, commonest first.

    Texts are aligned by the words of the normaliser, each word of the text read alone; what stands between two such
    words is the same where the normaliser makes one text of both sides.

    Args:
        records: every session of a run; failed sessions and those without a text are left out.
        normalisers: from the strictest to the most forgiving.
    """
    counts: dict[tuple[str, str, str], int] = {}
    for record in records:
        if record.outcome.failed or record.unscorable() is not None:
            continue
        hypothesis = record.hypothesis()
        reference = best_reference(record.reference, hypothesis)
        seen: set[tuple[str, str]] = set()
        for which in normalisers:
            pairs = list(_forgiven(reference.spoken if which.spoken else reference.written, hypothesis, which))
            for pair in pairs:
                if pair not in seen:
                    place = (which.name, *pair)
                    counts[place] = counts.get(place, 0) + 1
            seen.update(pairs)
    order = [which.name for which in normalisers]
    ranked = sorted(counts, key=lambda place: (order.index(place[0]), -counts[place], place))
    return [Alike(*place, counts[place]) for place in ranked]


def _forgiven(said: str, heard: str, which: Normaliser) -> Iterator[tuple[str, str]]:
    """Stretches that differ as written and are one text under a normaliser, in order."""
    ours, theirs = said.split(), heard.split()
    mine, others = [which(word) for word in ours], [which(word) for word in theirs]
    i = j = 0
    for at, place in [*align(mine, others), (len(ours), len(theirs))]:
        if at < len(ours) and mine[at] != others[place]:
            continue
        if at < len(ours) and not mine[at]:  # a mark that stands alone
            continue
        if i < at and j < place:
            between = " ".join(ours[i:at]), " ".join(theirs[j:place])
            if which(between[0]) == which(between[1]) and between[0] != between[1]:
                yield between
        if at < len(ours) and ours[at] != theirs[place]:
            yield ours[at], theirs[place]
        i, j = at + 1, place + 1


def ladder(
    records: Iterable[SessionRecord], normalisers: Iterable[Normaliser], cells: Sequence[str]
) -> dict[tuple[str, str], ErrorCounts]:
    """Pooled word errors by (configuration, normaliser): how much of an error rate is spelling.

    Args:
        records: every session of a run; failed sessions and those without a text are in no count.
        normalisers: in the order of the result.
        cells: configurations in the order of the run, which is that of the result.
    """
    which = list(normalisers)
    rungs: dict[tuple[str, str], ErrorCounts] = {}
    for record in records:
        if record.outcome.failed or record.unscorable() is not None:
            continue
        hypothesis = record.hypothesis()
        reference = best_reference(record.reference, hypothesis)
        for one in which:
            wanted = reference.spoken if one.spoken else reference.written
            place = (record.key.cell, one.name)
            rungs[place] = rungs.get(place, ErrorCounts()) + word_errors(one.tokens(wanted), one.tokens(hypothesis))
    return {(cell, one.name): rungs[cell, one.name] for cell in cells for one in which if (cell, one.name) in rungs}
