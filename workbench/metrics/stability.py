"""How steady the text on screen was before it became final.

House rules: tokens after the ``basic`` normaliser, so that a capital letter or a comma is no instability. Counts and
nanoseconds; rates are derived. Messages after the terminal frame do not count. A segment whose final never came has
no erasure, because there is nothing to divide by.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.metrics.alignment import align
from workbench.metrics.clinical import is_number
from workbench.metrics.normalize import NORMALISERS
from workbench.metrics.numbers import NUMBER_WORDS
from workbench.metrics.timeline import Segment, segments
from workbench.metrics.vocabulary import NEGATIONS, SIDES, UNITS_AFTER_NUMBER
from workbench.recording import SessionRecord

__all__ = ["Stability", "erased_tokens", "is_critical", "stability"]

Pairs = list[tuple[int, int]]

_BASIC = NORMALISERS["basic"]


@dataclass(frozen=True, slots=True)
class Stability:
    """Stability of the partials of one session.

    Attributes:
        erased_tokens: tokens that a later message of the same segment took back, counted from the first difference.
        final_tokens: tokens of the finals.
        shown_words: words that ever stood on screen, each appearance once.
        unstable_words: of these, the ones later changed or removed.
        time_to_stable_ns: for each final word, start of its last uninterrupted run on screen minus its first
            appearance; 0 for a word that never went away.
        unsafe_flicker_ns: time during which a number, unit, negation, side or marked term on screen differed from
            what became final.
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
        """Unstable words / words shown; None where nothing was shown."""
        return self.unstable_words / self.shown_words if self.shown_words else None


def stability(record: SessionRecord) -> Stability:
    """Erasure, unstable words, time to stable and unsafe flicker of a session.

    Empty input: no finals or no partials give zero counts, no flicker and a reason.
    """
    found = [s for s in segments(record.messages()) if s.final is not None]
    if not any(s.partials for s in found):
        return Stability(reason="no partials before a final" if found else "no final")
    marked = {t for term in record.reference.terms for t in _BASIC.tokens(term.text)}
    erased = shown = unstable = finals = flicker = 0
    settled: list[int] = []
    for segment in found:
        texts, stamps = _texts(segment)
        erased += erased_tokens(texts)
        finals += len(texts[-1])
        new, lost = _words_shown(texts)
        shown, unstable = shown + new, unstable + lost
        aligned = _against_final(texts)
        settled += _time_to_stable(texts, stamps, aligned)
        flicker += _flicker(texts, stamps, aligned, marked)
    return Stability(erased, finals, shown, unstable, tuple(settled), flicker)


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
        kept = sum(before[i] == after[j] for i, j in align(before, after))
        appeared += len(after) - kept
        gone += len(before) - kept
    return appeared, gone


def _against_final(texts: list[list[str]]) -> list[Pairs]:
    """Pairs (final word, shown word) of each text; a text that stood before is not aligned again."""
    final, known = texts[-1], {}
    for words in texts:
        if (key := tuple(words)) not in known:
            known[key] = align(final, words, open_end=words != final)
    return [known[tuple(words)] for words in texts]


def _time_to_stable(texts: list[list[str]], stamps: list[int], aligned: list[Pairs]) -> list[int]:
    """For each word of the last text, how long after its first appearance it was there for good."""
    final = texts[-1]
    first: list[int | None] = [None] * len(final)
    run: list[int | None] = [None] * len(final)
    for words, at, pairs in zip(texts, stamps, aligned, strict=True):
        present = {i for i, j in pairs if final[i] == words[j]}
        for i in range(len(final)):
            if i not in present:
                run[i] = None
            elif run[i] is None:
                run[i] = at
                if first[i] is None:
                    first[i] = at
    return [start - seen for start, seen in zip(run, first, strict=True) if start is not None and seen is not None]


def is_critical(token: str, marked: set[str]) -> bool:
    """Whether a wrong token could harm: a number, a unit, a negation, a side, or part of a marked term."""
    return (
        token in marked
        or token in NEGATIONS
        or token in SIDES
        or token in NUMBER_WORDS
        or token in UNITS_AFTER_NUMBER
        or is_number(token)
        or token.endswith("n't")
    )


def _flicker(texts: list[list[str]], stamps: list[int], aligned: list[Pairs], marked: set[str]) -> int:
    """Time in ns during which something critical on screen was not what became final."""
    final = texts[-1]
    return sum(
        until - since
        for words, pairs, since, until in zip(texts, aligned, stamps, stamps[1:], strict=False)
        if _unsafe(words, final, pairs, marked)
    )


def _unsafe(words: list[str], final: list[str], pairs: Pairs, marked: set[str]) -> bool:
    """Whether a partial shows a critical word that did not stay, or lacks one before its own end."""
    kept = {(i, j) for i, j in pairs if final[i] == words[j]}
    kept_ours, kept_final = {j for _, j in kept}, {i for i, _ in kept}
    # Behind the last pair the partial has simply not got there yet.
    reached = pairs[-1][0] + 1 if pairs else 0
    return any(is_critical(w, marked) for j, w in enumerate(words) if j not in kept_ours) or any(
        is_critical(w, marked) for i, w in enumerate(final[:reached]) if i not in kept_final
    )
