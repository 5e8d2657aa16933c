"""One number of a quantity: its sign, its power of ten, and the plus of a grade."""

from __future__ import annotations

from decimal import Decimal

from workbench.scoring.reading.mixed import Number
from workbench.scoring.reading.number_words import ORDINALS, plain
from workbench.scoring.reading.numerals import is_number, number
from workbench.scoring.reading.tables import words
from workbench.scoring.reading.tokens import Row, Token

__all__ = ["SIGNS", "operand", "starts_number"]

SIGNS = {"-": "-", "+": "+", "minus": "-", "negative": "-", "plus": "+", "positive": "+"}


def operand(tokens: Row, at: int, *, listed: bool = False) -> Number | None:
    """A number with its sign, its power and the plus of a grade ("2+")."""
    key = 2 * at + listed
    if key not in tokens.operands:
        tokens.operands[key] = _operand(tokens, at, listed=listed)
    numeral: Number | None = tokens.operands[key]
    return numeral


def _operand(tokens: Row, at: int, *, listed: bool) -> Number | None:
    sign = ""
    if tokens[at].text in SIGNS and starts_number(tokens[at + 1]):
        if tokens[at].kind == "m" and not (tokens[at + 1].tight and _free(tokens, at)):
            return None
        sign, at = SIGNS[tokens[at].text], at + 1
    numeral = number(tokens, at, listed=listed)
    if numeral is None or numeral.ordinal:
        return None if sign else numeral
    numeral = _grade(tokens, _power(tokens, numeral))
    return Number(sign + _lens(tokens, at - 1, numeral), numeral.end) if sign else numeral


_LENSES = frozenset(words("od os ou sphere sph cylinder cyl add eye refraction lens manifest"))
_DIOPTERS = frozenset(words("diopter diopters dioptre dioptres d"))


def _lens(tokens: Row, at: int, numeral: Number) -> str:
    """``sphere minus one twenty five`` is -1.25: the power of a lens goes by quarters, and none has a hundred."""
    digits = numeral.digits
    if not (digits.isdigit() and 25 <= int(digits) <= 2000 and int(digits) % 25 == 0):
        return digits
    named = any(t.text in _LENSES for t in tokens[max(0, at - 3) : at])
    after = tokens[numeral.end]
    named |= after.text in _DIOPTERS or after.text in _LENSES - {"lens", "eye"} or after.raw in ("OD", "OS", "OU")
    return plain(Decimal(digits) / 100) if named else digits


def starts_number(token: Token) -> bool:
    """Whether a number may begin here."""
    return is_number(token) or token.text in ("point", "half", "a")


def _free(tokens: Row, at: int) -> bool:
    """Whether a mark here stands at the start of its word: "(-5", ">-5", "x -2.0"."""
    if at > 2 and (tokens[at - 3].text, tokens[at - 2].text) == ("20", "/"):  # "20/30-2": two letters missed
        return True
    return not tokens[at].tight or tokens[at - 1].text in "([/<>=~:>=<="


def _power(tokens: Row, numeral: Number) -> Number:
    """``10^5``, ``ten to the fifth``, ``1.5 x 10^3``."""
    end = numeral.end
    if tokens[end].text == "^" and (exponent := _exponent(tokens, end + 1)):
        numeral = _raised(numeral.digits, exponent)
    elif numeral.digits == "10" and tokens[end].text == "to" and tokens[end + 1].text == "the":
        start = end + 4 if tuple(t.text for t in tokens[end + 2 : end + 4]) == ("power", "of") else end + 2
        exponent = _exponent(tokens, start)
        if exponent:
            stop = exponent.end + (tokens[exponent.end].text == "power")
            numeral = _raised("10", Number(exponent.digits, stop))
    elif tokens[end].text in ("x", "times") and (tokens[end + 1].text in ("10", "ten")):
        ten = number(tokens, end + 1)
        power = _power(tokens, ten) if ten and ten.digits == "10" else None
        if (
            ten
            and power
            and power.end > ten.end
            and power.digits.replace(".", "").isdigit()
            and "/" not in numeral.digits
        ):
            return Number(plain(Decimal(numeral.digits) * Decimal(power.digits)), power.end)
    return numeral


def _exponent(tokens: Row, at: int) -> Number | None:
    sign = "-" if tokens[at].text in ("-", "minus", "negative") else ""
    at += bool(sign)
    exponent = number(tokens, at)
    if exponent is None:
        value = ORDINALS.get(tokens[at].text)
        exponent = Number(str(value), at + 1) if value else None
    if exponent and tokens[exponent.end].text in ("th", "rd", "nd", "st"):
        exponent = Number(exponent.digits, exponent.end + 1)
    return Number(sign + exponent.digits, exponent.end) if exponent and exponent.digits.isdigit() else None


def _raised(base: str, exponent: Number) -> Number:
    if base == "10" and abs(int(exponent.digits)) <= 15:
        return Number(plain(Decimal(10) ** int(exponent.digits)), exponent.end)
    return Number(f"{base}^{exponent.digits}", exponent.end)


def _grade(tokens: Row, numeral: Number) -> Number:
    """``2+``, ``two plus``: a grade, where no number follows."""
    token, after = tokens[numeral.end], tokens[numeral.end + 1]
    # "HER2+" is a result and no grade
    named = tokens[numeral.end - 1].tight and numeral.end > 1 and tokens[numeral.end - 2].kind == "w"
    if token.text == "+" and token.tight and not named and not (after.kind == "n" and after.tight):
        return Number(numeral.digits + "+", numeral.end + 1)
    if (
        token.text == "plus"
        and numeral.digits in "12345"
        and not starts_number(after)
        and after.text not in ("or", "minus")
    ):
        return Number(numeral.digits + "+", numeral.end + 1)
    return numeral
