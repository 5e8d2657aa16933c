"""Which words were taken for which: the commonest substitutions, losses and additions of a run.

House rules: words are aligned as the error rate aligns them, so that the counts here add up to it. The words are
speech; nothing here logs or keeps them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from workbench.metrics.accuracy import ErrorCounts, word_errors
from workbench.metrics.normalize import Normaliser
from workbench.recording import SessionKey, SessionRecord
from workbench.word_diff import word_diff

__all__ = ["Confusion", "confusions", "ladder"]

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
        records: of a run.
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


def ladder(records: Iterable[SessionRecord], normalisers: Iterable[Normaliser]) -> dict[tuple[str, str], ErrorCounts]:
    """Pooled word errors by (configuration, normaliser): how much of an error rate is spelling.

    Args:
        records: of a run; failed sessions and those without a text are in no count.
        normalisers: in any order.
    """
    which = list(normalisers)
    found: dict[tuple[str, str], ErrorCounts] = {}
    for record in records:
        if record.outcome.failed or record.unscorable() is not None:
            continue
        hypothesis = record.hypothesis()
        for one in which:
            wanted = record.reference.spoken if one.spoken else record.reference.written
            place = (record.key.cell, one.name)
            found[place] = found.get(place, ErrorCounts()) + word_errors(one.tokens(wanted), one.tokens(hypothesis))
    return found
