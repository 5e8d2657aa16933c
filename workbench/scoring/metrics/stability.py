"""How steady the text on screen was before it became final.

Tokens after the ``basic`` normaliser, so that a capital letter or a comma is no instability. Counts and
nanoseconds; rates are derived. Messages after the terminal frame do not count. A segment whose final never came has
no erasure, because there is nothing to divide by. Unsafe flicker is about meaning: screen and final are both read
(:mod:`workbench.scoring.reading`), so that "fifteen milligrams" becoming "15 mg" is none.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.scoring.metrics.alignment import align, paired
from workbench.scoring.metrics.normalize import NORMALISERS
from workbench.scoring.metrics.shown import settled, words_present
from workbench.scoring.metrics.timeline import Segment
from workbench.scoring.reading import Judged, judge, read
from workbench.scoring.view import SessionView

if TYPE_CHECKING:
    from workbench.scoring.reading import Reading

__all__ = ["Stability", "erased_tokens", "stability"]

_BASIC = NORMALISERS["basic"]


@dataclass(frozen=True, slots=True)
class Stability:
    """Stability of the partials of one session.

    Attributes:
        erased_tokens: tokens that a later message of the same segment took back, counted from the first difference.
        final_tokens: tokens of the finals.
        shown_words: words that ever stood on screen, each appearance once.
        unstable_words: those of them that were later changed or removed.
        time_to_stable_ns: for each final word, start of its last uninterrupted run on screen minus its first
            appearance; 0 for a word that never went away.
        unsafe_flicker_ns: time during which a value, negation, side, drug or marked term on screen meant something else
            than what became final.
        reason: why there is nothing to count, or None.
    """

    erased_tokens: int = 0
    final_tokens: int = 0
    shown_words: int = 0
    unstable_words: int = 0
    time_to_stable_ns: tuple[int, ...] = ()
    unsafe_flicker_ns: int | None = None
    reason: str | None = None

    def __add__(self, other: Stability) -> Stability:
        """Counts and times added; the reason stays only while nothing was counted on either side."""
        known = [s for s in (self.unsafe_flicker_ns, other.unsafe_flicker_ns) if s is not None]
        return Stability(
            self.erased_tokens + other.erased_tokens,
            self.final_tokens + other.final_tokens,
            self.shown_words + other.shown_words,
            self.unstable_words + other.unstable_words,
            self.time_to_stable_ns + other.time_to_stable_ns,
            sum(known) if known else None,
            None if known else self.reason or other.reason,
        )

    @property
    def normalised_erasure(self) -> float | None:
        """Erased tokens / final tokens; None without final tokens.

        Source: Arivazhagan et al., "Re-translation versus streaming for simultaneous translation", IWSLT 2020.
        """
        return self.erased_tokens / self.final_tokens if self.final_tokens else None

    @property
    def unstable_ratio(self) -> float | None:
        """Unstable words / words shown; None if nothing was shown."""
        return self.unstable_words / self.shown_words if self.shown_words else None


def stability(view: SessionView) -> Stability:
    """Erasure, unstable words, time to stable and unsafe flicker of a session.

    Empty input: no finals or no partials give zero counts, no flicker and a reason.
    """
    segments = [s for s in view.segments if s.final is not None]
    if not any(s.partials for s in segments):
        return Stability(reason="no partials before a final" if segments else "no final")
    terms = view.record.reference.terms
    marked = ([t.text for t in terms if t.kind != "drug"], [t.text for t in terms if t.kind == "drug"])
    erased = shown = unstable = finals = flicker = 0
    stable: list[int] = []
    for segment in segments:
        texts, stamps = _texts(segment)
        erased += erased_tokens(texts)
        finals += len(texts[-1])
        new, lost = _words_shown(texts)
        shown, unstable = shown + new, unstable + lost
        stable += _time_to_stable(texts, stamps)
        flicker += _flicker(segment, marked)
    return Stability(erased, finals, shown, unstable, tuple(stable), flicker)


def _texts(segment: Segment) -> tuple[list[list[str]], list[int]]:
    items = [*segment.partials, *([segment.final] if segment.final else [])]
    return [_BASIC.tokens(text) for _, text in items], [at for at, _ in items]


def erased_tokens(texts: Sequence[Sequence[str]]) -> int:
    """Tokens taken back over successive outputs: what lies behind the common prefix of each pair of neighbours.

    >>> erased_tokens([["a"], ["a", "b"], ["a", "c", "d"], ["a", "c", "d"]])
    1
    """
    total = 0
    for before, after in itertools.pairwise(texts):
        common = 0
        for one, other in zip(before, after, strict=False):
            if one != other:
                break
            common += 1
        total += len(before) - common
    return total


def _words_shown(texts: Sequence[Sequence[str]]) -> tuple[int, int]:
    """Words that appeared, and words that went away: a word that only moves does neither."""
    appeared, gone = len(texts[0]), 0
    for before, after in itertools.pairwise(texts):
        if before == after:
            continue
        _, stayed = paired(before, after)
        appeared += len(after) - stayed
        gone += len(before) - stayed
    return appeared, gone


def _time_to_stable(texts: Sequence[Sequence[str]], stamps: Sequence[int]) -> list[int]:
    """For each word of the last text, how long after its first appearance it was there for good."""
    final = texts[-1]
    if not final:
        return []
    rows: dict[tuple[str, ...], int] = {}
    said = [rows.setdefault(tuple(words), len(rows)) for words in texts]
    present, at = words_present(final, list(rows))[said], np.array(stamps)
    apart: list[int] = (settled(at, present) - at[present.argmax(axis=0)]).tolist()
    return apart


_Marked = tuple[Sequence[str], Sequence[str]]  # terms and drugs, as written


def _flicker(segment: Segment, marked: _Marked) -> int:
    """Time in ns during which something critical on screen was not what became final."""
    if segment.final is None:
        return 0
    closed_ns, final = segment.final
    stamps = [*(at for at, _ in segment.partials), closed_ns]
    closing = _BASIC.tokens(final)
    known: dict[str, bool] = {}
    total = 0
    for (since, text), until in zip(segment.partials, stamps[1:], strict=True):
        if text not in known:
            words = _BASIC.tokens(text)
            known[text] = words != closing[: len(words)] and _unsafe(words, read(text), final, marked)
        total += (until - since) * known[text]
    return total


def _unsafe(words: Sequence[str], theirs: Reading, final: str, marked: _Marked) -> bool:
    """Whether a partial means something else than the final does as far as the partial got.

    Args:
        words: of the partial.
        theirs: reading of the partial.
        final: as it came.
        marked: terms and drugs.
    """
    ours = read(final)
    pairs = align(ours.words, theirs.words, open_end=True)
    # Behind the last pair the partial has simply not got there yet.
    ours = _upto(ours, pairs[-1][0] + 1 if pairs else 0)
    judged = judge(ours, theirs, *marked, pairs=pairs)
    return any(one.verdict != "kept" and not _growing(one, words, final, theirs) for one in judged)


def _upto(reading: Reading, stop: int) -> Reading:
    """A reading that ends after some words, and the value that they begin."""
    stop = max([stop, *(item.stop for item in reading.values if item.first < stop)])
    values, negations, sides = (
        tuple(item for item in items if item.stop <= stop)
        for items in (reading.values, reading.negations, reading.sides)
    )
    return type(reading)(reading.words[:stop], reading.spans[:stop], values, negations, sides)


def _growing(one: Judged, words: Sequence[str], final: str, theirs: Reading) -> bool:
    """Whether the partial ends in it, word by word the beginning of what became final there."""
    if one.ours is None or (one.theirs is not None and one.theirs.stop < len(theirs.words)):
        return False
    wanted = _BASIC.tokens(final[one.ours.start :])
    return any(words[-k:] == wanted[:k] for k in range(1, min(len(words), len(wanted)) + 1))
