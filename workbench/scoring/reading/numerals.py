"""Numbers as they are written and as they are said.

A spoken number has one reading or stays several. "two fifty" is 250 unless a tablet of fifty milligrams
may be meant; "two five" is two numbers, "one two three" digits of one; "point" is a decimal mark between numbers only.
Every function takes tokens (ended by a dozen of :data:`END`) and a place, and answers with the number and where it
ends, or None.

Longer than most: the ways to say a whole number call each other, and each must know what the others take.
"""

from __future__ import annotations

from decimal import Decimal

from workbench.scoring.reading.mixed import Number, countable, fraction, part
from workbench.scoring.reading.number_words import (
    AGAIN,
    DECADES,
    DIGITS,
    FORMS,
    FRACTION_WORDS,
    NUMBER_WORDS,
    OH,
    ORDINAL_DIGITS,
    ORDINAL_SCALES,
    ORDINALS,
    POINTED,
    SCALES,
    SMALL,
    STARTS,
    TENS,
    plain,
)
from workbench.scoring.reading.tokens import Row, Token, digits
from workbench.scoring.reading.units import UNITS

__all__ = ["decade", "is_number", "number", "under_hundred", "whole"]


def is_number(token: Token) -> bool:
    """Whether a number certainly begins here."""
    return token.kind in "nf" or token.text in NUMBER_WORDS


def number(tokens: Row, at: int, *, listed: bool = False) -> Number | None:
    """The longest number that begins here; each place is looked at once.

    Args:
        tokens: tokens of a text, ended by :data:`END`.
        at: place where the number begins.
        listed: "and" separates numbers here ("between one hundred and one fifty").
    """
    token = tokens[at]
    if token.kind not in "nf" and token.text not in STARTS:
        return None
    key = 2 * at + listed
    if key not in tokens.numbers:
        tokens.numbers[key] = _number(tokens, at, listed=listed)
    numeral: Number | None = tokens.numbers[key]
    return numeral


def _number(tokens: Row, at: int, *, listed: bool) -> Number | None:
    token = tokens[at]
    if token.kind == "n":
        if tokens[at + 1].text in ("st", "nd", "rd", "th") and token.text.isdigit():
            return Number(token.text, at + 2, ordinal=True)
        numeral = _row(tokens, at) or Number(token.text, at + 1)
    elif token.kind == "f":
        return _scaled(tokens, Number(token.text, at + 1))
    else:
        spoken = _spoken(tokens, at, listed=listed)
        if spoken is None:
            return None
        numeral = spoken
    if numeral.ordinal:
        return numeral
    coded = token.kind == "n" and token.tight and at > 0 and tokens[at - 1].kind == "w"  # "D5 1/2 saline"
    numeral = _places(tokens, numeral)
    numeral = _scaled(tokens, numeral if coded else part(tokens, numeral, listed=listed))
    return numeral if numeral.end > at else None


def _row(tokens: Row, at: int) -> Number | None:
    """``9 1 1``: three and more single digits in a row are one number, as if spoken one at a time."""
    end, text = at, ""
    while tokens[end].kind == "n" and len(tokens[end].text) == 1 and (end == at or not _stuck(tokens[end])):
        text += tokens[end].text
        end += 1
    follows = tokens[end]
    if follows.tight or follows.joined or follows.text in ("-", "/", "x"):
        return None
    return Number(text, end) if end - at >= 3 else None


def _stuck(token: Token) -> bool:
    return token.tight or token.joined


def _spoken(tokens: Row, at: int, *, listed: bool) -> Number | None:
    """A number in words, without what may follow its whole part."""
    word = tokens[at].text
    after = tokens[at + 1].text
    parts = word in SMALL and after in FRACTION_WORDS and (word == "one" or after not in ORDINALS)
    if word in ("half", "quarter", "a", "an") or parts:
        numeral = fraction(tokens, at)
        if numeral is not None or word in ("half", "quarter", "an"):
            return numeral
    if word == "point" or (word in OH and tokens[at + 1].text == "point"):
        return _bare_point(tokens, at)
    run = _run(tokens, at)
    if run is not None:
        return run
    if word in OH or word in AGAIN:
        return None
    return _elided(tokens, at) or whole(tokens, at, listed=listed)


def _bare_point(tokens: Row, at: int) -> Number | None:
    """``point five``, ``oh point five``: a decimal mark where a digit follows and no word makes it a place."""
    here = at if tokens[at].text == "point" else at + 1
    after = tokens[here + 1]
    if not (after.kind == "n" or after.text in SMALL or after.text in TENS or after.text in OH):
        return None
    if here == at and at and tokens[at - 1].kind == "w" and tokens[at - 1].text in POINTED:
        return None
    return Number("0", here)


def _run(tokens: Row, at: int) -> Number | None:
    """Digits said one at a time: three or more make one number."""
    text, end = "", at
    while True:
        word = tokens[end].text
        if word in AGAIN and (digit := _digit(tokens, end + 1, inside=True)) is not None:
            text, end = text + digit * AGAIN[word], end + 2
        elif (digit := _digit(tokens, end, inside=bool(text))) is not None:
            text, end = text + digit, end + 1
        else:
            break
    if tokens[end].text in ("hundred", *SCALES):  # the last digit belongs to what follows
        return None
    return Number(text, end) if len(text) >= 3 else None


def _digit(tokens: Row, at: int, *, inside: bool) -> str | None:
    word = tokens[at].text
    if word in DIGITS:
        return str(DIGITS[word])
    if word in OH and inside and (word == "oh" or _after_oh(tokens[at + 1]) or _after_oh(tokens[at - 1])):
        return "0"
    return None


def _after_oh(token: Token) -> bool:
    return token.text in SMALL or token.text in OH or token.text in AGAIN


def under_hundred(tokens: Row, at: int, *, day: bool = False) -> Number | None:
    """0 to 99 in words; the last word may be an ordinal."""
    word = tokens[at].text
    if word in TENS:
        after = tokens[at + 1].text
        if DIGITS.get(after, 0) >= 1 and not _one_of_them(tokens, at + 1):
            return Number(str(TENS[word] + DIGITS[after]), at + 2)
        if after in ORDINAL_DIGITS and (after != "second" or day or _ordinal_second(tokens, at)):
            return Number(str(TENS[word] + ORDINAL_DIGITS[after]), at + 2, ordinal=True)
        return Number(str(TENS[word]), at + 1)
    if word in SMALL:
        return Number(str(SMALL[word]), at + 1)
    if word in ORDINALS:
        return Number(str(ORDINALS[word]), at + 1, ordinal=True)
    return None


def decade(tokens: Row, at: int) -> Number | None:
    """``90s``, ``nineties``; the digits with their "s"."""
    if tokens[at].text in DECADES:
        return Number(f"{DECADES[tokens[at].text]}s", at + 1)
    if tokens[at].text.isdigit() and tokens[at + 1].text == "s" and (tokens[at + 1].tight or tokens[at + 1].joined):
        return Number(f"{tokens[at].text}s", at + 2)
    return None


def _one_of_them(tokens: Row, at: int) -> bool:
    """``between one forty and one seventy one was over two hundred``: the last "one" begins another sentence."""
    return (
        tokens[at].text == "one"
        and tokens[at + 1].text in ("was", "is", "of", "has")
        and any(t.text == "between" for t in tokens[max(0, at - 9) : at])
    )


def _ordinal_second(tokens: Row, at: int) -> bool:
    """Whether "twenty second" is the 22nd and not twenty seconds."""
    return (at > 0 and tokens[at - 1].text in ("the", "on", "her", "his")) or tokens[at + 2].text == "of"


def _hundreds(tokens: Row, at: int, *, listed: bool) -> Number | None:
    """0 to 9,999 in words: "fourteen hundred", "a hundred and five"."""
    word = tokens[at].text
    if word == "hundred":
        value, end = 1, at
    elif word == "a" and tokens[at + 1].text in ("hundred", *SCALES):
        value, end = 1, at + 1
    else:
        first = under_hundred(tokens, at)
        if first is None or first.ordinal:
            return first
        value, end = int(first.digits), first.end
    if tokens[end].text == "hundredth":
        return Number(str(value * 100), end + 1, ordinal=True)
    if tokens[end].text != "hundred" or not value:
        return Number(str(value), end)
    value, end = value * 100, end + 1
    rest = _rest(tokens, end, listed=listed)
    if rest is not None and rest.digits != "0":
        return Number(str(value + int(rest.digits)), rest.end, rest.ordinal)
    return Number(str(value), end)


def _rest(tokens: Row, end: int, *, listed: bool) -> Number | None:
    """What follows "hundred": "and" is part of the number where no other number follows it."""
    start = end + 1 if tokens[end].text == "and" and not listed else end
    rest = under_hundred(tokens, start)
    if rest is None or (start != end and rest.ordinal and rest.digits == "2"):
        return None
    return None if tokens[rest.end].text == "hundred" else rest


def whole(tokens: Row, at: int, *, listed: bool = False) -> Number | None:
    """A whole number in words with its scales."""
    part = _hundreds(tokens, at, listed=listed)
    if part is None or (part.ordinal and tokens[at].text in ORDINALS):
        return None
    total, before = 0, 10**12
    while not part.ordinal and int(part.digits) and tokens[part.end].kind == "w":
        word = tokens[part.end].text
        if word in ORDINAL_SCALES and word != "hundredth":
            return Number(str(total + int(part.digits) * ORDINAL_SCALES[word]), part.end + 1, ordinal=True)
        scale = SCALES.get(word, 0)
        if not scale or scale >= before:
            break
        before, end = scale, part.end + 1
        total += int(part.digits) * scale
        start = end + 1 if tokens[end].text == "and" and not listed else end
        following = _hundreds(tokens, start, listed=listed)
        if following is None or following.digits == "0" or int(following.digits) >= scale:
            return Number(str(total), end)
        part = following
    return Number(str(total + int(part.digits)), part.end, part.ordinal)


def _elided(tokens: Row, at: int) -> Number | None:
    """``one eighty``, ``nineteen eighty five``, ``twenty oh one``: a hundred that is left out."""
    first = tokens[at].text
    high = SMALL.get(first, 20 if first == "twenty" else 0)
    if not (1 <= high <= 9 or 11 <= high <= 20) or _letter_before(tokens, at):
        return None
    if tokens[at + 1].joined and (high > 10 or tokens[at + 1].text not in TENS):
        return None
    if high > 10 and tokens[at + 1].text in OH and DIGITS.get(tokens[at + 2].text, 0) >= 1:
        return Number(f"{high}0{DIGITS[tokens[at + 2].text]}", at + 3)
    rest = under_hundred(tokens, at + 1)
    if rest is None or int(rest.digits) < 10 or tokens[rest.end].text in ("hundred", *SCALES):
        return None
    if _tablets(tokens, rest.end, many=high > 1):
        return None
    return Number(str(high * 100 + int(rest.digits)), rest.end, rest.ordinal)


def _letter_before(tokens: Row, at: int) -> bool:
    """Whether the first digit may belong to a name: "b six fifty"."""
    before = tokens[at - 1] if at else None
    return before is not None and before.kind == "w" and len(before.text) == 1 and before.text not in "ai"


def _tablets(tokens: Row, at: int, *, many: bool) -> bool:
    """``two fifty milligram tablets`` may be two tablets; "one fifty milligram tablets" cannot be one."""
    if tokens[at].kind != "w" or tokens[at + 1].text not in FORMS:
        return False
    return many or not tokens[at + 1].text.endswith("s")


def _places(tokens: Row, numeral: Number) -> Number:
    """The decimal places behind "point"."""
    point = numeral.end
    if tokens[point].text == "and" and numeral.digits.endswith("00"):  # "one hundred and point four"
        point += 1
    if tokens[point].text != "point" or "." in numeral.digits or "/" in numeral.digits:
        return numeral
    first = tokens[point + 1]
    if _at_one_point(tokens, point):
        return numeral
    if first.kind == "n" and first.raw.isdigit():
        return Number(_decimal(numeral.digits, first.raw), point + 2)
    text, end, said = "", point + 1, point > 0 and is_number(tokens[point - 1])
    while (word := tokens[end].text) in DIGITS or (word in OH and (text or said or tokens[end + 1].text in DIGITS)):
        text += str(DIGITS.get(word, 0))
        end += 1
    tail = under_hundred(tokens, end) if not text or set(text) == {"0"} else None
    if tail is not None and not tail.ordinal:
        text, end = text + tail.digits, tail.end
    return Number(_decimal(numeral.digits, text), end) if text else numeral


def _at_one_point(tokens: Row, point: int) -> bool:
    """``at one point 2 nurses came``: a moment, where a plural that is no unit follows the number."""
    if point < 2 or tokens[point - 2].text != "at" or tokens[point - 1].text not in ("one", "1"):
        return False
    things = tokens[point + 2]
    return things.kind == "w" and things.text[-1:] == "s" and len(things.text) > 4 and not countable(things)


def _decimal(whole_part: str, places: str) -> str:
    return digits(f"{whole_part}.{places}")


def _per_volume(tokens: Row, at: int) -> bool:
    """Whether a count of cells follows: ``K/uL``, ``M/mm3``."""
    below = tokens[at + 1].text
    return tokens[at].text in ("/", "per") and (
        UNITS.get(below) == "mcl" or (below, tokens[at + 2].text) == ("mm", "3")
    )


def _scaled(tokens: Row, numeral: Number) -> Number:
    """``2.4 million``, ``5 hundred``, ``250K``."""
    token = tokens[numeral.end]
    scale = SCALES.get(token.text, 100 if token.text == "hundred" else 0)
    if token.text in ("millions", "billions") or (token.text == "thousands" and numeral.digits not in ("1", "2")):
        scale = SCALES[token.text[:-1]]
    if token.raw == "K" and token.tight and tokens[numeral.end - 1].kind == "n":
        scale = 1_000
    elif token.text in ("k", "m") and _per_volume(tokens, numeral.end + 1):
        scale = 1_000 if token.text == "k" else 1_000_000
    if not scale or not numeral.digits.replace(".", "").isdigit():
        return numeral
    end = numeral.end + 1
    value = plain(Decimal(numeral.digits) * scale)
    if "." not in numeral.digits and tokens[numeral.end - 1].kind == "n" and scale >= 100:
        rest = _hundreds(tokens, end, listed=True) if tokens[end].kind == "w" else None
        if rest is not None and not rest.ordinal and 0 < int(rest.digits) < scale:
            return Number(plain(Decimal(value) + int(rest.digits)), rest.end)
    return _scaled(tokens, Number(value, end))
