"""What a number is, and those with a part: halves, quarters, ``2 1/2``, "two and three quarters"."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from workbench.scoring.reading.number_words import DENOMINATORS, FRACTION_WORDS, ORDINALS, SMALL, plain
from workbench.scoring.reading.tokens import Row, Token
from workbench.scoring.reading.units import COUNTED

__all__ = ["Number", "countable", "fraction", "part"]


class Number(NamedTuple):
    """A number: plain digits (or a fraction such as 1/3), the place behind it, and whether it is an ordinal."""

    digits: str
    end: int
    ordinal: bool = False


def fraction(tokens: Row, at: int) -> Number | None:
    """``one half``, ``three quarters``, ``half`` before a unit or an article."""
    word = tokens[at].text
    if word in ("half", "quarter"):
        end = at + 1
        if tokens[end].text == "of":
            end += 1
        if tokens[end].text in ("a", "an") and end + 1 < len(tokens):
            end += 1
        top, bottom = FRACTION_WORDS[word]
        taken = countable(tokens[end]) or (tokens[end].text, tokens[end + 1].text) in _PARTS_OF
        if word == "half" and end == at + 1 and tokens[end].text == "to":  # "half to one tablet"
            taken = tokens[end + 1].kind == "n" or SMALL.get(tokens[end + 1].text, 0) >= 1
        return Number(plain(Decimal(top) / bottom), end) if taken else None
    if word in ("a", "an"):
        after = tokens[at + 1].text
        if after in ("half", "quarter"):
            return fraction(tokens, at + 1)
        if after in FRACTION_WORDS and tokens[at + 2].text == "of" and tokens[at + 3].text in ("a", "an"):
            return Number(f"1/{FRACTION_WORDS[after][1]}", at + 4) if countable(tokens[at + 4]) else None
        return None
    top = SMALL[word]
    if not top:
        return None
    _, bottom = FRACTION_WORDS[tokens[at + 1].text]
    end = at + 2
    if tokens[end].text == "of" and tokens[end + 1].text in ("a", "an") and countable(tokens[end + 2]):
        end += 2
    elif tokens[end].text in ("a", "an") and countable(tokens[end + 1]):
        end += 1
    return Number(f"{top}/{bottom}" if bottom in (3, 5, 6, 7) else plain(Decimal(top) / bottom), end)


_PARTS_OF = frozenset({("normal", "saline"), ("strength", "normal")})
"""What half of is a strength."""


def countable(token: Token) -> bool:
    """Whether half of it can be taken."""
    return token.text in COUNTED


def part(tokens: Row, whole: Number, *, listed: bool) -> Number:
    """``2 1/2``, ``2½``, ``two and a half``, ``two and three quarters``."""
    if not whole.digits.isdigit():
        return whole
    end = whole.end
    one, two, three = tokens[end : end + 3]
    if one.kind == "f":
        return Number(_sum(whole.digits, one.text), end + 1)
    if one.kind == "n" and not one.tight and two.text == "/" and two.tight and three.text in DENOMINATORS:
        small = one.text.isdigit() and 0 < int(one.text) < int(three.text)
        if small and three.tight and tokens[end + 3].text != "/" and len(whole.digits) <= 2:
            return Number(_sum(whole.digits, f"{one.text}/{three.text}"), end + 3)
    if one.text == "-" and one.tight and two.kind == "n" and two.tight and three.text == "/" and three.tight:
        below = tokens[end + 3]  # "1-1/2 tablets"
        if below.tight and below.text in ("2", "4", "8") and two.text.isdigit() and int(two.text) < int(below.text):
            return Number(_sum(whole.digits, f"{two.text}/{below.text}"), end + 4)
    if one.text != "and" or listed:
        return whole
    if two.text == "half":
        return Number(_sum(whole.digits, "1/2"), end + 2)
    top = 1 if two.text in ("a", "1") else SMALL.get(two.text, 0)
    if top and three.text in FRACTION_WORDS and (top == 1 or three.text not in ORDINALS):
        return Number(_sum(whole.digits, f"{top}/{FRACTION_WORDS[three.text][1]}"), end + 3)
    if two.text == "1" and three.text == "/" and tokens[end + 3].text == "2":
        return Number(_sum(whole.digits, "1/2"), end + 4)
    return whole


def _sum(whole_part: str, part: str) -> str:
    """A whole number and a fraction; thirds stay a fraction, "1+1/3", since no decimal equals them."""
    top, _, bottom = part.partition("/")
    if not bottom:
        return plain(Decimal(whole_part) + Decimal(top))
    if bottom in ("3", "5", "6", "7"):
        return f"{int(whole_part) * int(bottom) + int(top)}/{bottom}"
    return plain(Decimal(whole_part) + Decimal(top) / Decimal(bottom))
