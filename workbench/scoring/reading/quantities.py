"""Quantities: number, sign, comparison, range, ratio, power, dimensions, and the unit behind them.

Every part is in the value. What is written as one thing is one: 120/80 is no range, 1/2 a tablet is
neither, 1:1000 is no time. "from 10 to 20" is a change and stays two values.

Longer than most: what two numbers are together is decided in one place, each form looking at what the others left.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from workbench.scoring.reading.amounts import Unit, unit
from workbench.scoring.reading.drugs import COMBINED
from workbench.scoring.reading.mixed import Number, countable
from workbench.scoring.reading.number_words import TAKES_ROMAN, plain
from workbench.scoring.reading.numerals import decade, is_number, number
from workbench.scoring.reading.operands import operand
from workbench.scoring.reading.scan import Scan
from workbench.scoring.reading.tables import words
from workbench.scoring.reading.tokens import Row, Token
from workbench.scoring.reading.units import PERIODS, convert

__all__ = ["DURATIONS", "Value", "ordinal", "quantity", "rises", "written"]

DURATIONS = frozenset({"s", "min", "h", "days", "weeks", "months", "years"})
_CHANGE = frozenset(["from"])
_RATIO_TO = frozenset(
    words("""20 25 40 50 80 100 160 200 320 400 500 640 1000 1280 2000 2560 5000 10000 100000 200000""")
)
_FRACTIONS = frozenset({("1", "2"), ("1", "4"), ("3", "4"), ("1", "8"), ("3", "8"), ("5", "8"), ("7", "8")})
_DAILY = {"day": "1x/day", "week": "1x/week", "month": "1x/month"}


class Value(NamedTuple):
    """Numbers, the text between them, and the place behind."""

    numbers: tuple[str, ...]
    between: str
    end: int
    kind: str
    unit: Unit | None = None


def quantity(scan: Scan, at: int, *, begin: int | None = None, comparison: str = "") -> int:
    """Reads what begins with a number; ``begin`` is where its comparison or sign does."""
    tokens = scan.tokens
    begin = at if begin is None else begin
    first = operand(tokens, at)
    if first is None:
        return at
    if first.ordinal:
        return ordinal(scan, at, first)
    value = _of_one(tokens, _value(scan, first, begin))
    if value.unit is None:
        value = value._replace(unit=unit(tokens, value.end, first.digits))
    return written(scan, begin, value, comparison)


def _of_one(tokens: Row, value: Value) -> Value:
    """``1/3 of a tablet``: as "a third of a tablet"."""
    top, bottom = value.numbers if value.between == "/" else (value.numbers[0], "")
    third = bottom in ("3", "5", "6", "7") and top < bottom
    part = third or (not value.between and (top.startswith("0.") or "/" in top))
    of = tokens[value.end].text == "of"
    end = value.end + of + 1
    if not part or value.unit or tokens[end - 1].text not in ("a", "an") or not countable(tokens[end]):
        return value
    if not of and tokens[end].text in PERIODS:
        return value
    one = f"{top}/{bottom}" if third else top
    return Value((one,), "", end, "quantity", unit(tokens, end, one))


def _value(scan: Scan, first: Number, begin: int) -> Value:
    """The first number and what it is joined with."""
    tokens = scan.tokens
    for read in (_ratio, _range, _dimensions):
        value = read(scan, first, begin)
        if value is not None:
            return value
    end = first.end
    return Value((first.digits,), "", end, "quantity", unit(tokens, end, first.digits))


def _ratio(scan: Scan, first: Number, begin: int) -> Value | None:
    """``120/80``, ``120 over 80``, ``7 out of 10``, ``1:1000``."""
    tokens, end = scan.tokens, first.end
    word = tokens[end].text
    if word == ":" and tokens[end].tight and tokens[end + 1].tight and tokens[end + 1].kind == "n":
        return Value((first.digits, tokens[end + 1].text), ":", end + 2, "ratio")
    if word == "/" or word == "over":
        start = end + 1
    elif word == "out" and tokens[end + 1].text == "of":
        start = end + 2
    elif combined := _strengths(scan, first, begin):
        return combined
    else:
        return None
    if below := decade(tokens, start):
        return Value((first.digits, below.digits), "/", below.end, "pressure")
    second = operand(tokens, start)
    if tokens[start].kind == "n" and tokens[start].tight:
        second = Number(tokens[start].text, start + 1)  # what follows a ratio is no part of its second number
    if second is None or second.ordinal or tokens[start].text in ("a", "half", "-", "minus"):
        return None
    if word != "/" and tokens[second.end].text in PERIODS and tokens[second.end].text not in ("mg", "d", "w", "y"):
        return None  # "250 over 30 minutes" is a rate, "2 out of 7 days" no ratio of ours
    if word == "/" and unit(tokens, start, ""):
        return None
    pair = (first.digits, second.digits)
    if pair in _FRACTIONS and scan.before(begin).text not in TAKES_ROMAN:
        return Value((plain(Decimal(pair[0]) / Decimal(pair[1])),), "", second.end, "quantity")
    pressure = (
        not _insulin(scan, begin, second.end)
        and all(n.isdigit() for n in pair)
        and 40 <= int(pair[0]) <= 300
        and 20 <= int(pair[1]) < int(pair[0])
    )
    return Value(pair, "/", second.end, "pressure" if pressure else "ratio")


def _strengths(scan: Scan, first: Number, begin: int) -> Value | None:
    """``Percocet five three twenty five``, ``seventy thirty insulin``: the parts of a combination, nothing between."""
    tokens = scan.tokens
    second = operand(tokens, first.end) if is_number(tokens[first.end]) and not tokens[first.end].joined else None
    if second is None or not all(n.replace(".", "").isdigit() for n in (first.digits, second.digits)):
        return None
    mixed = Decimal(first.digits) + Decimal(second.digits) == 100 and _insulin(scan, begin, second.end)
    halves = first.digits == second.digits == "50"
    named = any(scan.before(begin, back).text in COMBINED for back in (1, 2))
    last = unit(tokens, second.end, second.digits)
    if not (mixed or halves or (named and (not last or last.name == "mg"))) or tokens[second.end].text in (
        "times",
        "x",
        "/",
        "a",
    ):
        return None
    return Value((first.digits, second.digits), "/", second.end, "ratio")


_MIXED = frozenset(words("insulin humulin humalog novolin novolog mix mixed"))


def _insulin(scan: Scan, begin: int, end: int) -> bool:
    return any(t.text in _MIXED for t in (scan.before(begin), scan.before(begin, 2), scan.tokens[end]))


def _range(scan: Scan, first: Number, begin: int) -> Value | None:
    """``5-10 mg``, ``5 to 10 mg``, ``5 mg to 10 mg``, ``1 or 2``."""
    tokens = scan.tokens
    own = unit(tokens, first.end, first.digits)
    for end, named in ((first.end, None), (own.end if own else 0, own)):
        if not end:
            continue
        start = _separated(scan, end, first, begin)
        second = operand(tokens, start) if start else None
        separator = "-" if start == end else tokens[end].text
        if second is None or second.ordinal:
            continue
        as_ratio = separator == "to" and _told_ratio(scan, begin, second.end)
        if not as_ratio and not rises(first.digits, second.digits, separator):
            continue
        last = unit(tokens, second.end, second.digits)
        if named and (not last or last.name != named.name):
            continue
        ratio = separator == "to" and first.digits == "1" and second.digits in _RATIO_TO and not (last or named)
        if as_ratio or (ratio and scan.before(begin).text not in ("of", "from", "scale")):
            return Value((first.digits, second.digits), ":", second.end, "ratio")
        scale = None if last or named else _scale(tokens, second)
        second = scale or second
        return Value((first.digits, second.digits), "-", second.end, "range", last)
    return None


def _scale(tokens: Row, second: Number) -> Number | None:
    """``4-5/10``, ``four to five out of ten``: both numbers on one scale."""
    end = second.end
    start = end + 2 if (tokens[end].text, tokens[end + 1].text) == ("out", "of") else end + 1
    if start == end + 1 and not (tokens[end].text == "/" and tokens[end].tight):
        return None
    top = number(tokens, start)
    return Number(f"{second.digits}/{top.digits}", top.end) if top and top.digits in ("5", "6", "10") else None


_RATIOS = frozenset(words("ratio ratios titer titers dilution diluted odds"))


def _told_ratio(scan: Scan, begin: int, end: int) -> bool:
    """Whether a word near says that two numbers are a ratio: "a ratio of one to two", "a one to forty dilution"."""
    back = 1
    while scan.before(begin, back).text in ("of", "is", "was", "at", "about", "a"):
        back += 1
    return scan.before(begin, back).text in _RATIOS or scan.tokens[end].text in _RATIOS


def _separated(scan: Scan, end: int, first: Number, begin: int) -> int:
    """Where the second number of a range begins; 0 if there is none."""
    tokens = scan.tokens
    here, after = tokens[end], tokens[end + 1]
    if here.text == "-" and is_number(after) and (here.tight == after.tight):
        return end + 1
    if here.joined and is_number(here):
        return end
    if here.text in ("to", "through", "thru", "→"):
        if scan.before(begin).text in _CHANGE:
            return 0
        return end + 1
    if here.text == "or":
        follows = number(tokens, end + 1)
        if (
            follows
            and follows.digits.isdigit()
            and first.digits.isdigit()
            and int(follows.digits) == int(first.digits) + 1
        ):
            return end + 1
    return 0


def rises(low: str, high: str, separator: str) -> bool:
    """Whether two numbers can be a range: behind a hyphen always, behind a word where the second is higher."""
    try:
        return separator == "-" or Decimal(low) < Decimal(high)
    except ArithmeticError:
        return separator == "-"


def _begins(token: Token) -> bool:
    return is_number(token) or token.text == "point"


def _dimensions(scan: Scan, first: Number, begin: int) -> Value | None:
    """``3 x 4 cm``, ``3 cm by 4 cm``, ``2x3x4 mm``."""
    tokens = scan.tokens
    numbers, end, name, by = [first.digits], first.end, "", False
    lens = first.digits[0] in "+-"
    while True:
        own = unit(tokens, end, "")
        here = own.end if own and tokens[own.end].text in ("x", "by") and _begins(tokens[own.end + 1]) else end
        word = tokens[here].text
        if lens and word == "times":  # "minus point five zero times ninety"
            word = "x"
        if word not in ("x", "by", "axis") or not _begins(tokens[here + 1]) or (word == "axis" and not lens):
            break
        following = operand(tokens, here + 1)
        if following is None or following.ordinal:
            break
        if tokens[following.end].text in (*PERIODS, "times") and tokens[following.end].text != "m":
            break
        if own and here == own.end:
            if name and name != own.name:
                break
            name = own.name
        by = by or word == "by"
        numbers.append(following.digits)
        end = following.end
    if len(numbers) == 1:
        return None
    last = unit(tokens, end, numbers[-1])
    if (by and not last and not lens and len(set(numbers)) > 1) or (name and (not last or last.name != name)):
        return None
    return Value(tuple(numbers), "x", end, "dimensions", last)


def written(scan: Scan, begin: int, value: Value, comparison: str) -> int:
    """Writes number and unit; ``5 mg/day`` is five milligrams daily."""
    first_word = len(scan.words)
    numbers, name, end = value.numbers, value.unit.name if value.unit else "", value.end
    stop = value.unit.end if value.unit else end
    if name == "feet" and len(numbers) == 1 and (inches := _inches(scan.tokens, stop)):
        scan.write(comparison + numbers[0], begin, end)
        scan.write("feet", end, stop)
        scan.write(inches.digits, stop, inches.end)
        scan.write("inches", stop, inches.end)
        scan.note("quantity", f"{comparison}{numbers[0]} feet {inches.digits} inches", first_word)
        return inches.end
    if name == "weeks" and len(numbers) == 1 and numbers[0].endswith("/7") and not comparison:
        return _weeks_and_days(scan, begin, stop, int(numbers[0][:-2]))
    if value.kind == "pressure" and name == "mmhg":  # no pressure has another
        name = ""
    daily = ""
    if name.count("/") == 1 and name.split("/")[0] not in ("", *DURATIONS) and name.split("/")[1] in _DAILY:
        name, _, period = name.partition("/")
        daily = _DAILY[period]
    if name and all(n.lstrip("+-").replace(".", "").isdigit() for n in numbers):
        numbers, name = convert(numbers, name)
    text = comparison + value.between.join(numbers)
    if name == "%":
        scan.write(text + "%", begin, stop)
    else:
        scan.write(text, begin, end)
        for word in name.split():
            scan.write(word, end, stop)
    scan.note(value.kind, " ".join(scan.words[first_word:]), first_word)
    if daily:
        scan.write(daily, end, stop)
        scan.note("frequency", daily, len(scan.words) - 1)
    return _and_more(scan.tokens, stop, name) if not daily and value.kind == "quantity" else stop


def _weeks_and_days(scan: Scan, begin: int, stop: int, days: int) -> int:
    """``24 6/7 weeks`` is 24 weeks and 6 days."""
    for count, name in ((days // 7, "weeks"), (days % 7, "days")):
        scan.write(str(count), begin, stop)
        scan.write(name, begin, stop)
        scan.note("quantity", f"{count} {name}", len(scan.words) - 2)
    return stop


_SMALLER = {"weeks": "days", "lb": "oz", "feet": "inches", "h": "min", "min": "s", "years": "months"}


def _and_more(tokens: Row, at: int, name: str) -> int:
    """The place behind the "and" of ``38 weeks and 2 days``; the same place where it joins nothing."""
    numeral = number(tokens, at + 1) if name in _SMALLER and tokens[at].text == "and" else None
    last = unit(tokens, numeral.end, numeral.digits) if numeral and not numeral.ordinal else None
    return at + 1 if last and last.name == _SMALLER[name] else at


def _inches(tokens: Row, at: int) -> Number | None:
    """The inches behind feet: ``5 feet 4``, ``5'4"``, ``five foot four inches``."""
    if tokens[at].text == "and":
        at += 1
    inches = number(tokens, at)
    if inches is None or inches.ordinal or not inches.digits.replace(".", "").isdigit() or Decimal(inches.digits) >= 12:
        return None
    after = tokens[inches.end]
    if after.text in ("inch", "inches", "in") or (after.text == '"' and after.tight):
        return Number(inches.digits, inches.end + 1)
    if unit(tokens, inches.end, "") or after.text in ("times", "x", "/", "to", "-", ":"):
        return None
    return inches


def ordinal(scan: Scan, at: int, numeral: Number) -> int:
    """Writes ``22nd``."""
    text = numeral.digits
    tail = "th" if text[-2:] in ("11", "12", "13") else {"1": "st", "2": "nd", "3": "rd"}.get(text[-1], "th")
    scan.write(text + tail, at, numeral.end)
    scan.note("ordinal", text + tail, len(scan.words) - 1)
    return numeral.end
