"""One reading of a clinical text: its canonical words, and the values, negations and sides in it.

Everything that judges meaning (word errors after ``clinical``, values, terms, negations, sides, flicker)
stands on this reading, so that no two of them can disagree. Reading the canonical form again gives the same form.
Texts are read once and remembered by their content, in memory alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from workbench.scoring.reading.grammar import scan
from workbench.scoring.reading.polarity import NEGATING, SIDES, is_negation, scope, side
from workbench.scoring.reading.scan import FRONT, Scan
from workbench.scoring.reading.tables import words
from workbench.scoring.reading.tokens import retold, tokens

__all__ = ["VALUE_KINDS", "Item", "Reading", "read", "rules"]

VALUE_KINDS = frozenset(
    words("""quantity range ratio pressure dimensions ordinal date time code frequency count route eye ear unit""")
)
"""Kinds of items that are values."""
_PASSES = 6


@dataclass(frozen=True, slots=True)
class Item:
    """Something in a text that has a meaning of its own.

    Attributes:
        kind: one of :data:`VALUE_KINDS`, ``negation`` or ``side``.
        value: canonical form, equal where the meaning is.
        start, end: characters of the text as it came.
        first, stop: canonical words, first and one past the last.
        scope: canonical words that a negation reaches; empty for other items.
    """

    kind: str
    value: str = field(repr=False)
    start: int
    end: int
    first: int
    stop: int
    scope: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says.

    Attributes:
        words: canonical words.
        spans: for each, the characters (start, end) of the text it stands for; several words may share a span.
        values, negations, sides: items in order.
    """

    words: tuple[str, ...] = field(repr=False)
    spans: tuple[tuple[int, int], ...] = field(repr=False)
    values: tuple[Item, ...] = ()
    negations: tuple[Item, ...] = ()
    sides: tuple[Item, ...] = ()

    @property
    def canonical(self) -> str:
        """The canonical words, one space apart: what the ``clinical`` normaliser gives."""
        return " ".join(self.words)

    @property
    def items(self) -> tuple[Item, ...]:
        """Values, negations and sides in the order of the text."""
        return tuple(sorted((*self.values, *self.negations, *self.sides), key=lambda item: (item.first, item.stop)))


@lru_cache(maxsize=1 << 13)
def read(text: str) -> Reading:
    """The reading of a text; empty for an empty text.

    >>> reading = read("Metformin five hundred milligrams b.i.d., BP one forty two over eighty eight")
    >>> reading.canonical
    'metformin 500 mg 2x/day blood pressure 142/88'
    >>> [(i.kind, i.value, i.start, i.end) for i in reading.values]
    [('quantity', '500 mg', 10, 33), ('frequency', '2x/day', 34, 40), ('pressure', '142/88', 45, 76)]
    """
    cut, places = tokens(text)
    scanned = scan(cut)
    spans = _spans(scanned, places)
    words = tuple(scanned.words)
    values = [(v.kind, v.value, v.first, v.stop) for v in scanned.found if v.kind in VALUE_KINDS]
    settled = None if text == " ".join(words) else _settled(words)
    if settled is not None:
        return _moved(scanned, words, spans, values, settled)
    items = tuple(
        Item(kind, value, spans[first][0], max(s[1] for s in spans[first:stop]), first, stop)
        for kind, value, first, stop in values
    )
    return Reading(words, tuple(spans), items, *_polar(words, spans, scanned.breaks))


def rules() -> str:
    """Source of every grammar and table of the reading: what the hash of the ``clinical`` normaliser covers."""
    from importlib.resources import files

    judging = {"__init__.py", "measures.py", "tallies.py"}
    sources = sorted(files(__package__).iterdir(), key=lambda item: item.name)
    return "\n".join(f.read_text("utf-8") for f in sources if f.name.endswith(".py") and f.name not in judging)


def _spans(scanned: Scan, places: list[int]) -> list[tuple[int, int]]:
    """Characters of the text that each word stands for."""
    cut, places = scanned.tokens, [*(0,) * FRONT, *places]
    return [(places[first] + cut[first].start, places[stop - 1] + cut[stop - 1].end) for first, stop in scanned.sources]


class _Settled(NamedTuple):
    """The form that reading again does not change.

    Attributes:
        words: its words.
        place: for each of them the words it came from, first and one past the last.
        values: kind, value, first and one past the last word of the values in it.
    """

    words: tuple[str, ...]
    place: tuple[tuple[int, int], ...]
    values: tuple[tuple[str, str, int, int], ...]


@lru_cache(maxsize=1 << 13)
def _settled(words: tuple[str, ...]) -> _Settled | None:
    """What canonical words become where reading them again changes them; None where it does not.

    What a mark kept apart can stand side by side in the canonical form: "1000, mg" is read as "1000 mg" then.
    """
    now, place = words, None
    for left in reversed(range(_PASSES)):
        cut, places = retold(now)
        scanned = scan(cut)
        again = tuple(scanned.words)
        if again == now or not left:
            break
        moved = tuple((places[first - FRONT], places[stop - 1 - FRONT] + 1) for first, stop in scanned.sources)
        place = moved if place is None else tuple((place[a][0], place[b - 1][1]) for a, b in moved)
        now = again
    if place is None:
        return None
    return _Settled(
        now, place, tuple((v.kind, v.value, v.first, v.stop) for v in scanned.found if v.kind in VALUE_KINDS)
    )


def _moved(
    scanned: Scan,
    words: tuple[str, ...],
    spans: list[tuple[int, int]],
    values: list[tuple[str, str, int, int]],
    settled: _Settled,
) -> Reading:
    """The reading where the canonical form needed another pass.

    Values of words that reading again changed are those of the form that stays; all others those of the text.
    """
    final, place, again = settled
    outer = tuple((min(s[0] for s in spans[a:b]), max(s[1] for s in spans[a:b])) for a, b in place)
    where: list[int] = [0] * (len(words) + 1)
    for index in range(len(place) - 1, -1, -1):
        for word in range(*place[index]):
            where[word] = index
    new = {k for k, (a, b) in enumerate(place) if b - a > 1 or words[a] != final[k]}
    items = [
        Item(kind, value, spans[first][0], max(s[1] for s in spans[first:stop]), where[first], where[stop - 1] + 1)
        for kind, value, first, stop in values
        if new.isdisjoint(range(where[first], where[stop - 1] + 1))
    ]
    items += [
        Item(kind, value, outer[first][0], max(s[1] for s in outer[first:stop]), first, stop)
        for kind, value, first, stop in again
        if not new.isdisjoint(range(first, stop))
    ]
    items.sort(key=lambda item: item.first)
    breaks = {where[b] if b < len(words) else len(final) for b in scanned.breaks}
    return Reading(final, outer, tuple(items), *_polar(final, outer, breaks))


def _polar(
    words: tuple[str, ...], spans: Sequence[tuple[int, int]], breaks: set[int]
) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
    """Negations and sides of canonical words."""
    negations, sides = [], []
    for at in [i for i, word in enumerate(words) if word in _POLAR or word[:3] == "non"]:
        if is_negation(words, at):
            negations.append(Item("negation", words[at], *spans[at], at, at + 1, scope(words, at, breaks)))
        elif name := side(words, at):
            sides.append(Item("side", name, *spans[at], at, at + 1))
    return tuple(negations), tuple(sides)


_POLAR = NEGATING | SIDES.keys()
