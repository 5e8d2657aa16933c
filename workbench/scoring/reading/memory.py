"""What was read at a place before, kept under every token that was looked at.

What a number is read as depends on the tokens that its readers look at, and on nothing else. So it is read once
through a row that notes each look, and the answer is kept under the tokens seen, in the order of the looks. Where the
same tokens stand again at the same distances, the readers would look at the same ones and answer the same. Dictation
says the same values over and over, partials say them again, and every text is read twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from workbench.scoring.reading.scan import Found, Scan
from workbench.scoring.reading.tokens import Row, Token

__all__ = ["forget", "recall"]


class _Answer(NamedTuple):
    """What a place was read as; all places count from it."""

    stop: int
    words: tuple[str, ...]
    sources: tuple[tuple[int, int], ...]
    found: tuple[tuple[str, str, int, int], ...]
    breaks: tuple[int, ...]


_Branch = dict[Token, Any]
"""What follows for a token: another look, the answer, or True where it came once."""


@dataclass(slots=True)
class _Look:
    """The next look, how far from the place, and what follows for each token that stood there."""

    offset: int
    then: _Branch = field(default_factory=dict)


_KEPT: _Branch = {}
_MANY = 1 << 15
_COUNT = [0]


class _Watched(Row):
    """Tokens that note which of them are looked at."""

    __slots__ = ("bounded", "seen")

    def __init__(self, items: Iterable[Token]) -> None:
        super().__init__(items)
        self.seen: dict[int, None] = {}
        self.bounded = True

    def __getitem__(self, index: Any) -> Any:  # noqa: ANN401  a place or a slice, as of a list
        if isinstance(index, slice):
            first, stop, _ = index.indices(len(self))
            self.seen.update(dict.fromkeys(range(first, stop)))
            self.bounded &= first == index.start and stop == index.stop
        else:
            self.seen[index] = None
        return super().__getitem__(index)


def recall(scan: Scan, at: int, token: Token, read: Callable[[Scan, int, Token], int]) -> int:
    """Reads what begins at a place, or writes what was read where the same tokens stood; answers the place behind.

    Args:
        scan: what was read so far.
        at: the place.
        token: the token there.
        read: reads a place; looks at tokens only, never at what was written before.
    """
    branch, key = _KEPT, token
    while (node := branch.get(key)).__class__ is _Look:
        branch, key = node.then, scan.tokens[at + node.offset]
    if node is None:  # most of what comes once never comes again
        if _COUNT[0] >= _MANY:
            forget()
        else:
            branch[key] = True
            _COUNT[0] += 1
        return read(scan, at, token)
    answer = node if node.__class__ is _Answer else _learned(scan, at, token, read)
    if answer is None:
        return read(scan, at, token)
    stop, words, sources, found, breaks = answer
    first = len(scan.words)
    scan.words += words
    scan.sources += [(at + a, at + b) for a, b in sources]
    scan.found += [Found(kind, value, first + a, first + b) for kind, value, a, b in found]
    scan.breaks.update(first + k for k in breaks)
    return at + int(stop)


def forget() -> None:
    """Forget every answer."""
    _KEPT.clear()
    _COUNT[0] = 0


def _learned(scan: Scan, at: int, token: Token, read: Callable[[Scan, int, Token], int]) -> _Answer | None:
    """The answer, now kept; None where it depends on everything before."""
    watched = _Watched(scan.tokens)
    alone = Scan(Row())
    alone.tokens = watched
    stop = read(alone, at, token) - at
    if not watched.bounded:
        return None
    sources = tuple((a - at, b - at) for a, b in alone.sources)
    found = tuple((f.kind, f.value, f.first, f.stop) for f in alone.found)
    answer = _Answer(stop, tuple(alone.words), sources, found, tuple(alone.breaks))
    branch, key = _KEPT, token
    for place in watched.seen:
        if place == at:
            continue
        node = branch.get(key)
        if not isinstance(node, _Look):
            node = branch[key] = _Look(place - at)
            _COUNT[0] += 1
        branch, key = node.then, scan.tokens[place]
    branch[key] = answer
    return answer
