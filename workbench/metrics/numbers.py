"""Spoken numbers as digits, and only where the reading is certain.

House rules: what can be heard as two numbers stays two numbers. "two fifty" may be 250 or two tablets of 50 mg and
is left as "2 50"; "one twenty over eighty" can only be a pressure. Works on tokens; a bar between tokens (a comma, a
full stop) ends a number.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["BAR", "NUMBER_WORDS", "digits"]

BAR = "|"
"""Token that stands for a mark between words."""

_ONES = {
    w: i
    for i, w in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
         "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
    )
}  # fmt: skip
_TENS = {
    w: 10 * i
    for i, w in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2)
}
_SCALES = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_SMALL_OH = {"o", "oh"}
NUMBER_WORDS = frozenset({*_ONES, *_TENS, *_SCALES, "hundred"})
"""Words that are part of a number wherever they stand; "oh" and "point" are not."""


def digits(tokens: Sequence[str]) -> list[str]:
    """Tokens with spoken numbers as digits.

    >>> digits("thirty six".split()), digits("three thousand six".split()), digits("oh my".split())
    (['36'], ['3006'], ['oh', 'my'])
    >>> digits("two point five".split()), digits("one oh five".split()), digits("one twenty over eighty".split())
    (['2.5'], ['105'], ['120', 'over', '80'])
    >>> digits("two fifty milligram tablets".split()), digits(["one", BAR, "twenty"])
    (['2', '50', 'milligram', 'tablets'], ['1', '|', '20'])
    """
    found: list[str] = []
    at = 0
    while at < len(tokens):
        for reader in (_pressure, _spelled, _decimal, _cardinal):
            read = reader(tokens, at)
            if read is not None:
                text, at = read
                found.append(text)
                break
        else:
            found.append(tokens[at])
            at += 1
    return found


def _under_hundred(tokens: Sequence[str], at: int) -> tuple[int, int] | None:
    """0 to 99 as words, and where it ends."""
    word = tokens[at] if at < len(tokens) else ""
    if word in _TENS:
        following = tokens[at + 1] if at + 1 < len(tokens) else ""
        if 1 <= _ONES.get(following, 0) <= 9:
            return _TENS[word] + _ONES[following], at + 2
        return _TENS[word], at + 1
    return (_ONES[word], at + 1) if word in _ONES else None


def _under_thousand(tokens: Sequence[str], at: int) -> tuple[int, int] | None:
    """0 to 999 (and "fifty two hundred") as words, and where it ends."""
    if at < len(tokens) and tokens[at] == "hundred":
        value, end = 1, at
    elif at + 1 < len(tokens) and tokens[at] == "a" and tokens[at + 1] in ("hundred", "thousand"):
        value, end = 1, at + 1
    else:
        start = _under_hundred(tokens, at)
        if start is None:
            return None
        value, end = start
    if end >= len(tokens) or tokens[end] != "hundred" or value == 0:
        return value, end
    value, end = value * 100, end + 1
    # "a hundred and five", but not "a hundred and metoprolol".
    rest = _under_hundred(tokens, end + 1 if end < len(tokens) and tokens[end] == "and" else end)
    if rest is not None and rest[0]:
        return value + rest[0], rest[1]
    return value, end


def _cardinal(tokens: Sequence[str], at: int) -> tuple[str, int] | None:
    """A whole number in words."""
    part = _under_thousand(tokens, at)
    if part is None:
        return None
    total, scale_before = 0, 10**12
    value, end = part
    while end < len(tokens) and value and _SCALES.get(tokens[end], 10**12) < scale_before:
        scale_before = _SCALES[tokens[end]]
        total, end = total + value * scale_before, end + 1
        following = _under_thousand(tokens, end + 1 if end < len(tokens) and tokens[end] == "and" else end)
        if following is None or following[0] >= scale_before or not following[0]:
            return str(total), end
        value, end = following
    return str(total + value), end


def _decimal(tokens: Sequence[str], at: int) -> tuple[str, int] | None:
    """``two point five``, ``point five``, ``2 point 5``, ``two and a half``."""
    whole: str | None = None
    end = at
    if tokens[at] in _SMALL_OH and at + 1 < len(tokens) and tokens[at + 1] == "point":
        whole, end = "0", at + 1
    elif tokens[at].isdecimal():
        whole, end = tokens[at], at + 1
    elif (read := _cardinal(tokens, at)) is not None:
        whole, end = read
    if whole is not None and list(tokens[end : end + 3]) == ["and", "a", "half"]:
        return f"{whole}.5", end + 3
    if end >= len(tokens) or tokens[end] != "point":
        return None
    places, stop = _places(tokens, end + 1)
    return (f"{whole or '0'}.{places}", stop) if places else None


def _places(tokens: Sequence[str], at: int) -> tuple[str, int]:
    """Decimal places: digits one by one, or one number of two digits ("two point twenty five")."""
    if at < len(tokens) and tokens[at].isdecimal():
        return tokens[at], at + 1
    if (pair := _under_hundred(tokens, at)) is not None and pair[0] >= 10:
        return str(pair[0]), pair[1]
    places = ""
    while at < len(tokens) and (tokens[at] in _SMALL_OH or _ONES.get(tokens[at], 10) <= 9):
        places += "0" if tokens[at] in _SMALL_OH else str(_ONES[tokens[at]])
        at += 1
    return places, at


def _spelled(tokens: Sequence[str], at: int) -> tuple[str, int] | None:
    """``one oh five``: an "oh" between digits makes them one number; without it they stay apart."""
    if at + 2 < len(tokens) and tokens[at + 1] in _SMALL_OH:
        first, last = _ONES.get(tokens[at], 0), _ONES.get(tokens[at + 2], 0)
        if 1 <= first <= 9 and 1 <= last <= 9:
            return f"{first}0{last}", at + 3
    return None


def _pressure(tokens: Sequence[str], at: int) -> tuple[str, int] | None:
    """``one twenty over``, ``one oh five over``: the hundred is left out only before "over" and a number."""
    first = _ONES.get(tokens[at], 0)
    if not 1 <= first <= 2:
        return None
    rest = _under_hundred(tokens, at + 1)
    if rest is None or rest[0] < 10 or rest[1] + 1 >= len(tokens) or tokens[rest[1]] != "over":
        return None
    below = tokens[rest[1] + 1]
    if below in NUMBER_WORDS or below.isdecimal():
        return str(100 * first + rest[0]), rest[1]
    return None
