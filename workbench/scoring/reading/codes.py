"""Codes of letters and numbers: vertebrae, pregnancies and births, sutures, telephones.

Each level of the spine stands apart, each number of a pregnancy has its letter.
"""

from __future__ import annotations

from itertools import groupby, pairwise

from workbench.scoring.reading.amounts import unit
from workbench.scoring.reading.number_words import DIGITS, TEENS
from workbench.scoring.reading.numerals import is_number, number
from workbench.scoring.reading.scan import Scan
from workbench.scoring.reading.tables import words

__all__ = ["OBSTETRIC", "births", "code", "gestation", "identifier", "suture", "vertebrae"]

_LEVELS = {"c": 8, "t": 12, "l": 6, "s": 5}


def vertebrae(scan: Scan, at: int) -> int:
    """``L4-5``, ``L4-L5``, ``c five six``, ``L5/S1``: each level apart."""
    tokens = scan.tokens
    letter = tokens[at].text
    first = number(tokens, at + 1)
    if first is None and not is_number(tokens[at + 1]):
        return at
    one = _level(scan, at + 1, letter)
    if one is None:
        return at
    end = at + 2
    mark = tokens[end].text in ("-", "/") or tokens[end].text == "to"
    here = end + 1 if mark else end
    if tokens[here].text in _LEVELS and _level(scan, here + 1, tokens[here].text) is not None:
        scan.write(letter, at, at + 1)
        scan.write(one, at + 1, at + 2)
        scan.note("quantity", one, len(scan.words) - 1)
        return here
    two = _level(scan, here, letter)
    if two is None or not (mark or tokens[here].kind == "w") or int(two) != int(one) + 1:
        return at
    for level, place in ((one, at + 1), (two, here)):
        scan.write(letter, at, at + 1)
        scan.write(level, place, place + 1)
        scan.note("quantity", level, len(scan.words) - 1)
    return here + 1


def _level(scan: Scan, at: int, letter: str) -> str | None:
    token = scan.tokens[at]
    text = token.text if token.kind == "n" else str((DIGITS | TEENS).get(token.text, 0))
    return text if text.isdigit() and 1 <= int(text) <= _LEVELS.get(letter, 0) else None


OBSTETRIC = {"g": "g", "gravida": "g", "p": "p", "para": "p"}
"""Words of pregnancies and births to their letter."""


def births(scan: Scan, at: int) -> int:
    """``gravida 2, para 1``, ``G2 P1``, ``G2P1001``, ``P 1-0-0-1``: letters only where both are said."""
    tokens = scan.tokens
    token = tokens[at]
    letter = OBSTETRIC[token.text]
    if token.text == "p" and not (scan.words[-2:-1] == ["g"] and scan.words[-1].isdigit()):
        return at
    count = number(tokens, at + 1)
    if count is None or not count.digits.isdigit() or count.ordinal:
        return at
    if token.text == "g":
        here = count.end + (tokens[count.end].text in (",", "-", "/"))
        if OBSTETRIC.get(tokens[here].text) != "p" or not is_number(tokens[here + 1]):
            return at
    digits, end = count.digits, count.end
    while letter == "p" and len(digits) < 4 and tokens[end].text == "-" and _one(tokens[end + 1].text):
        digits, end = digits + tokens[end + 1].text, end + 2
    scan.write(letter, at, at + 1)
    scan.write(digits, at + 1, end)
    scan.note("quantity", digits, len(scan.words) - 1)
    return end


def _one(text: str) -> bool:
    return len(text) == 1 and text.isdigit()


def gestation(scan: Scan, at: int) -> int:
    """``39+2 weeks``: weeks and days of a pregnancy."""
    tokens = scan.tokens
    weeks, sign, days, name = tokens[at : at + 4]
    close = sign.text == "+" and sign.tight and days.kind == "n" and days.tight and len(days.text) == 1
    if not close or days.text not in "0123456" or name.text not in ("weeks", "wks", "wk", "week"):
        return at
    if not weeks.text.isdigit() or not 4 <= int(weeks.text) <= 45:
        return at
    for text, unit_name, place in ((weeks.text, "weeks", at), (days.text, "days", at + 2)):
        scan.write(text, place, place + 1)
        scan.write(unit_name, at + 3, at + 4)
        scan.note("quantity", f"{text} {unit_name}", len(scan.words) - 2)
    return at + 4


_THREADS = frozenset(
    words("""nylon silk vicryl prolene monocryl chromic gut ethilon pds suture sutures stitch stitches polypropylene
    absorbable nonabsorbable polysorb monosof ethibond mersilene dexon""")
)  # fmt: skip


def suture(scan: Scan, at: int) -> int:
    """``4-0 nylon``, ``four oh Vicryl``, ``3.0 silk suture``: the size of a thread."""
    tokens = scan.tokens
    size = number(tokens, at)
    if size is None or not size.digits.isdigit() or not 1 <= int(size.digits) <= 11:
        return at
    end = size.end
    if not tokens[end - 1].raw.endswith(".0"):
        end += tokens[end].text == "-"
        if tokens[end].text not in ("0", "o", "oh", "zero"):
            return at
        end += 1
    if not any(t.text in _THREADS for t in tokens[end : end + 2]):
        return at
    scan.write(f"{size.digits}-0", at, end)
    scan.note("code", scan.words[-1], len(scan.words) - 1)
    return end


def code(scan: Scan, at: int) -> int:
    """``555-1234``, ``555-123-4567``, ``2-9-3-4-0``, ``293-4-0``: digits in groups, as if spoken one at a time."""
    tokens = scan.tokens
    parts, end = [tokens[at].raw], at + 1
    while tokens[end].text == "-" and tokens[end].tight and tokens[end + 1].kind == "n" and tokens[end + 1].tight:
        parts.append(tokens[end + 1].raw)
        end += 2
    sizes = [len(p) for p in parts]
    spelled = _spelled(parts) and not (max(sizes) > 1 and unit(tokens, end))
    grouped = len(sizes) >= 3 and max(sizes) >= 3 and sum(sizes) >= 7 and not unit(tokens, end)
    phone = grouped or (sizes == [3, 4] and parts[1][-1] != "0" and not unit(tokens, end))
    if not (phone or spelled) or not all(p.isdigit() for p in parts):
        return _steps(scan, at, end) if len(parts) >= 3 else at
    scan.write("".join(parts), at, end)
    scan.note("code", scan.words[-1], len(scan.words) - 1)
    return end


def _spelled(parts: list[str]) -> bool:
    """Whether hyphens stand between digits of one number, which nobody writes of amounts.

    Five single digits; a number of three and more with single digits beside it ("293-4-0"); five digits, three of them
    single, that rise somewhere ("29-3-4-0"), as steps of a dose do not. Three and four single digits are not enough:
    "1-0-1" is morning, noon and evening, "2-1-0-1" are births.
    """
    single = max((len(list(run)) for one, run in groupby(parts, lambda p: len(p) == 1) if one), default=0)
    if single == len(parts):
        return single >= 5
    if sum(map(len, parts)) < 5 or not all(p.isdigit() for p in parts):
        return False
    rising = any(int(a) < int(b) for a, b in pairwise(parts))
    return (single >= 2 and max(map(len, parts)) >= 3) or (single >= 3 and rising)


_NAMING = frozenset(words("mrn ssn phone telephone pager fax extension ext zip cell mobile"))
_NUMBERED = frozenset(words("record account phone telephone chart policy member serial lot pager fax cell id code zip"))
_ROOMS = frozenset(words("room bed suite"))


def identifier(scan: Scan, at: int) -> int:
    """``MRN 44-82-1``, ``phone 555 867 5309``, ``room 4-0-2``: behind what names it, groups are one number."""
    tokens = scan.tokens
    first = number(tokens, at)
    # Most numbers stand alone: what stands before them is not looked at, so that they are remembered wherever they are.
    if first is None or not (tokens[first.end].text == "-" or is_number(tokens[first.end])):
        return at
    back = 1
    while scan.before(at, back).text in ("is", "at", ":", "#", "of", "number", "no"):
        back += 1
    numbered = back > 1 and any(scan.before(at, k).text in ("number", "#", "no") for k in range(1, back))
    name = scan.before(at, back).text
    room = name in _ROOMS
    called = name in ("call", "callback")
    if not (room or called or name in _NAMING or name == "code" or (numbered and name in _NUMBERED)):
        return at
    groups, hyphens, end = 0, 0, at
    text = ""
    while (group := number(tokens, end)) and group.digits.isdigit() and not group.ordinal and group.end > end:
        text += tokens[end].raw if group.end == end + 1 and tokens[end].raw.isdigit() else group.digits
        groups, end = groups + 1, group.end
        if tokens[end].text == "-" and tokens[end].tight and is_number(tokens[end + 1]) and tokens[end + 1].tight:
            hyphens, end = hyphens + 1, end + 1
    apart = groups - 1 - hyphens
    if called and len(text) not in (7, 10, 11):
        return at
    if groups < 2 or unit(tokens, end, text) or (apart and (room or len(text) < 5)) or (not apart and groups < 3):
        return at
    scan.write(text, at, end)
    scan.note("code", text, len(scan.words) - 1)
    return end


def _steps(scan: Scan, at: int, end: int) -> int:
    """``40-30-20-10 mg``, ``1-0-1``: numbers one after the other; the last is read with its unit."""
    texts = [scan.tokens[place].text for place in range(at, end, 2)]
    singles = ["" if len(text) > 1 else text for text in texts]
    if any(all(singles[k : k + 3]) for k in range(len(texts) - 2)):  # apart they would be the digits of one number
        scan.write("-".join(texts), at, end)
        scan.note("code", scan.words[-1], len(scan.words) - 1)
        return end
    for place in range(at, end - 1, 2):
        scan.write(scan.tokens[place].text, place, place + 1)
        scan.note("quantity", scan.words[-1], len(scan.words) - 1)
    return end - 1
