"""One pass over the tokens of a text: what was read so far, and where from.

A reader looks at a place, and either writes what it reads and answers the place behind it, or writes
nothing and answers the same place. Readers look back and ahead at tokens, never at what other readers wrote, save for
the last item.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from workbench.scoring.reading.tokens import END, Row, Token

__all__ = ["FRONT", "Found", "Phrases", "Reader", "Scan"]

FRONT = 15
"""Places before the first token: readers look back as far as they like and find the end of a text there."""
_HEAD = (END,) * FRONT
_TAIL = (END,) * 14
_Form = TypeVar("_Form")
_HERE = ""


class Phrases(Generic[_Form]):
    """Rows of words, each with a form; the longest row that stands at a place is found word by word."""

    def __init__(self, rows: Mapping[tuple[str, ...], _Form]) -> None:
        self._first: dict[str, Any] = {}
        for words, form in rows.items():
            node = self._first
            for word in words:
                node = node.setdefault(word, {})
            node[_HERE] = (form, words)

    def firsts(self) -> frozenset[str]:
        """Every first word."""
        return frozenset(self._first)

    def behind(self, first: str) -> frozenset[str] | None:
        """Second words of the rows that begin with a word; None where the word alone is a row."""
        node = self._first.get(first, {})
        return None if _HERE in node else frozenset(node)

    def at(self, tokens: Sequence[Token], at: int) -> list[tuple[_Form, tuple[str, ...]]]:
        """Forms of the rows that stand at a place with the row, the longest first."""
        matches = []
        node = self._first.get(tokens[at].text)
        while node is not None:
            here = node.get(_HERE)
            if here is not None:
                matches.append(here)
            at += 1
            text = tokens[at].text
            node = node.get(text) if text else None
        matches.reverse()
        return matches


@dataclass(slots=True)
class Found:
    """An item: its kind, its canonical value, and which canonical tokens it is made of (first, one past the last)."""

    kind: str
    value: str
    first: int
    stop: int


@dataclass(slots=True)
class Scan:
    """Tokens, and the canonical tokens read from them with the tokens each came from (first, one past the last)."""

    tokens: Row
    size: int = 0
    words: list[str] = field(default_factory=list)
    sources: list[tuple[int, int]] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    breaks: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.tokens[:0] = _HEAD
        self.size = len(self.tokens)
        self.tokens.extend(_TAIL)

    def write(self, text: str, first: int, stop: int) -> None:
        """One canonical token and where it came from."""
        self.words.append(text)
        self.sources.append((first, stop))

    def note(self, kind: str, value: str, first_word: int) -> None:
        """An item made of everything written since ``first_word``."""
        self.found.append(Found(kind, value, first_word, len(self.words)))

    def before(self, at: int, back: int = 1) -> Token:
        """The token ``back`` places before ``at``; END before the first."""
        return self.tokens[at - back]

    def texts(self, at: int, count: int) -> tuple[str, ...]:
        """Texts of the next tokens."""
        return tuple(t.text for t in self.tokens[at : at + count])


Reader = Callable[[Scan, int], int]
