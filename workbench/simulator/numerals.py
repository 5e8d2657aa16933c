"""Numbers as they are spoken or written in a transcript: ``one twenty``, ``ninety eight point six``, ``120``."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["read_number"]

_ONES = dict(
    zip(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"], range(10), strict=True)
)
_TEENS = dict(
    zip(
        ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"],
        range(10, 20),
        strict=True,
    )
)
_TENS = dict(
    zip(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], range(20, 100, 10), strict=True)
)
_DIGITS = re.compile(r"\d{1,6}(\.\d{1,3})?")


def read_number(words: Sequence[str], start: int) -> tuple[float, int] | None:
    """The number that begins at ``words[start]`` and the index after it; None where none begins.

    >>> read_number("one twenty over eighty".split(), 0)
    (120.0, 2)
    >>> read_number("ninety eight point six degrees".split(), 0)
    (98.6, 4)
    >>> read_number("two hundred and five".split(), 0), read_number(["metformin"], 0)
    ((205.0, 4), None)
    """
    if start < len(words) and _DIGITS.fullmatch(words[start]):
        return float(words[start]), start + 1
    found = _whole(words, start)
    if found is None:
        return None
    value, after = found
    fraction: list[str] = []
    if after < len(words) and words[after] == "point":
        while after + 1 + len(fraction) < len(words) and words[after + 1 + len(fraction)] in _ONES:
            fraction.append(str(_ONES[words[after + 1 + len(fraction)]]))
    if not fraction:
        return float(value), after
    return float(f"{value}.{''.join(fraction)}"), after + 1 + len(fraction)


def _whole(words: Sequence[str], start: int) -> tuple[int, int] | None:
    below = _below_hundred(words, start)
    if below is None:
        return None
    value, after = below
    if after < len(words) and words[after] in ("hundred", "thousand"):
        value *= 100 if words[after] == "hundred" else 1000
        after += 1
        skipped = after + 1 if after < len(words) and words[after] == "and" else after
        rest = _below_hundred(words, skipped)
        return (value + rest[0], rest[1]) if rest else (value, after)
    if value in range(1, 10):  # "one twenty", "one oh five"
        skipped = after + 1 if after < len(words) and words[after] == "oh" else after
        rest = _below_hundred(words, skipped)
        if rest and (rest[0] >= 10 or skipped > after):
            return value * 100 + rest[0], rest[1]
    return value, after


def _below_hundred(words: Sequence[str], start: int) -> tuple[int, int] | None:
    if start >= len(words):
        return None
    word = words[start]
    if word in _TENS:
        ones = _ONES.get(words[start + 1], 0) if start + 1 < len(words) else 0
        return _TENS[word] + ones, start + (2 if ones else 1)
    value = _ONES.get(word, _TEENS.get(word))
    return None if value is None else (value, start + 1)
