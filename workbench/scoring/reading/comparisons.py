"""What stands before a number and changes it: comparisons, signs, "between".

House rules: "over" and "under" compare where no duration follows; "negative" is a sign where no result is meant
("negative five", but "HIV negative five years ago").
"""

from __future__ import annotations

from workbench.scoring.reading import dosing
from workbench.scoring.reading.amounts import unit
from workbench.scoring.reading.numerals import is_number
from workbench.scoring.reading.operands import SIGNS, operand, starts_number
from workbench.scoring.reading.quantities import DURATIONS, Value, quantity, rises, written
from workbench.scoring.reading.scan import Phrases, Scan
from workbench.scoring.reading.units import UNITS

__all__ = ["COMPARISONS", "between", "compared", "signed"]

COMPARISONS: dict[tuple[str, ...], str] = {
    (">",): ">", ("<",): "<", (">=",): ">=", ("<=",): "<=", ("+/-",): "+/-", ("~",): "~",
    ("greater", "than"): ">", ("more", "than"): ">", ("higher", "than"): ">", ("above",): ">", ("exceeding",): ">",
    ("over",): ">", ("less", "than"): "<", ("fewer", "than"): "<", ("lower", "than"): "<", ("below",): "<",
    ("under",): "<", ("at", "least"): ">=", ("no", "less", "than"): ">=", ("not", "less", "than"): ">=",
    ("no", "fewer", "than"): ">=", ("greater", "than", "or", "equal", "to"): ">=", ("at", "most"): "<=",
    ("more", "than", "or", "equal", "to"): ">=", ("less", "than", "or", "equal", "to"): "<=",
    ("no", "more", "than"): "<=", ("not", "more", "than"): "<=", ("up", "to"): "<=", ("plus", "or", "minus"): "+/-",
    ("plus", "minus"): "+/-", ("not", "to", "exceed"): "<=", ("a", "minimum", "of"): ">=", ("a", "maximum", "of"): "<=",
    ("max",): "<=", ("maximum",): "<=", ("max", "of"): "<=", ("maximum", "of"): "<=", ("minimum",): ">=",
    ("minimum", "of"): ">=", ("approximately",): "~", ("approx",): "~",
    ("approx", "."): "~", ("about",): "~", ("around",): "~", ("roughly",): "~",
    ("greater", "than", "or", "equals"): ">=",
    (">", "or", "="): ">=", ("<", "or", "="): "<=", (">", "/", "="): ">=", ("<", "/", "="): "<=",
}  # fmt: skip
"""Comparisons, signs and words, before a number."""
_LOOSE = frozenset({(w,) for w in ("over", "under", "above", "below")})
_ROUGH = frozenset({(w,) for w in ("about", "around", "roughly")})
"""Of amounts with a unit; "about two" stays as it is."""
COMPARED = Phrases(COMPARISONS)


def compared(scan: Scan, at: int) -> int:
    """Reads a comparison and the number behind it."""
    tokens = scan.tokens
    for sign, texts in COMPARED.at(tokens, at):
        start = at + len(texts)
        often = _frequency(scan, at, start, sign) if sign in ("<=", ">=") else at
        if often != at:
            return often
        if not (starts_number(tokens[start]) or tokens[start].text in SIGNS):
            continue
        if tokens[start].text == "a" and not operand(tokens, start):
            continue
        before = scan.before(at)
        if texts[0] == "max" and before.kind == "w" and len(before.text) == 1:  # "T max 39" is what was measured
            continue
        if texts in _LOOSE:
            bound = operand(tokens, start)
            loose = bound and unit(tokens, bound.end, bound.digits)
            if not bound or bound.ordinal or is_number(scan.before(at)) or (loose and loose.name in DURATIONS):
                continue
            if tokens[bound.end].text in ("and", "to") and texts == ("over",):
                continue
        read = operand(tokens, start)
        if read is None or read.ordinal or (texts in _ROUGH and not unit(tokens, read.end, read.digits)):
            continue
        end = quantity(scan, start, begin=at, comparison=sign)
        return end if end != start else at
    return at


def _frequency(scan: Scan, at: int, start: int, sign: str) -> int:
    """``up to three times a day``, ``no more than TID``; the same place where no frequency follows."""
    first = len(scan.words)
    for reader in (dosing.counted_times, dosing.often):
        end = reader(scan, start)
        if end == start:
            continue
        if scan.found and scan.found[-1].kind == "frequency" and scan.words[-1][0].isdigit():
            scan.words[-1] = scan.found[-1].value = sign + scan.words[-1]
            scan.sources[-1] = (at, end)
            return end
        while len(scan.words) > first:
            scan.words.pop()
            scan.sources.pop()
        while scan.found and scan.found[-1].first >= first:
            scan.found.pop()
    return at


def signed(scan: Scan, at: int) -> int:
    """Reads a sign, mark or word, and the number behind it."""
    tokens = scan.tokens
    token = tokens[at]
    numeral = operand(tokens, at)
    if numeral is None or numeral.ordinal:
        return at
    if token.text == "plus" and is_number(scan.before(at)):
        signed = scan.found and scan.found[-1].stop == len(scan.words) and scan.words[-1][0] in "+-"
        if signed:  # a lens: "minus one point two five plus zero point five"
            return quantity(scan, at)
        scan.write("+", at, at + 1)
        return at + 1
    if token.text == "positive" and scan.before(at).kind not in "bm":
        return at
    if token.text in ("negative", "positive"):
        behind = unit(tokens, numeral.end, "")
        if (behind and behind.name in DURATIONS) or (
            tokens[numeral.end].text in UNITS and UNITS[tokens[numeral.end].text] in DURATIONS
        ):
            return at
        if len(numeral.digits) == 5 and numeral.digits[1:3] in ("19", "20"):
            return at
    return quantity(scan, at)


def between(scan: Scan, at: int) -> int:
    """``between 5 and 10 mg`` is 5-10 mg."""
    tokens = scan.tokens
    low = operand(tokens, at + 1, listed=True)
    if low is None or low.ordinal:
        return at
    own = unit(tokens, low.end, low.digits)
    middle = own.end if own else low.end
    high = operand(tokens, middle + 1) if tokens[middle].text in ("and", "to", "-") else None
    if high is None or high.ordinal or not rises(low.digits, high.digits, "to"):
        return at
    last = unit(tokens, high.end, high.digits)
    if own and (not last or last.name != own.name):
        return at
    return written(scan, at, Value((low.digits, high.digits), "-", high.end, "range", last), "")
