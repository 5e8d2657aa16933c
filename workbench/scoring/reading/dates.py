"""Dates and days of the week.

A date is month, day, year in words and digits; numeric dates are in the American order unless the first
number cannot be a month. "may" and "march" are months only where a day or year makes them one.
"""

from __future__ import annotations

from typing import NamedTuple

from workbench.scoring.reading.amounts import unit
from workbench.scoring.reading.mixed import Number
from workbench.scoring.reading.number_words import SCALES
from workbench.scoring.reading.numerals import number, under_hundred
from workbench.scoring.reading.scan import Phrases, Scan
from workbench.scoring.reading.tables import words
from workbench.scoring.reading.tokens import Row

__all__ = ["MONTHS", "SHORT_DAYS", "WEEKDAYS", "day_first", "month", "numeric_date", "weekday", "weekdays"]

MONTHS: dict[str, str] = {
    form: name
    for name, forms in {
        "january": "jan", "february": "feb", "march": "mar", "april": "apr", "may": "", "june": "jun", "july": "jul",
        "august": "aug", "september": "sep sept", "october": "oct", "november": "nov", "december": "dec",
    }.items()
    for form in (name, *forms.split())
}  # fmt: skip
_NAMES = tuple(dict.fromkeys(MONTHS.values()))
_BEFORE_DATE = frozenset(
    words("""on in since by until till of before after from through last next this dated late early mid and during""")
)


_WEEKDAYS = {
    form: name
    for name, forms in {
        "monday": "", "tuesday": "tue tues", "wednesday": "weds", "thursday": "thu thur thurs", "friday": "fri",
        "saturday": "", "sunday": "",
    }.items()
    for form in (name, *forms.split())
}  # fmt: skip
WEEKDAYS = {form + tail: name + tail for form, name in _WEEKDAYS.items() for tail in ("", "s") if form + tail != "thus"}
"""Days of the week and their short forms that are no other word."""


_CAPITALS = {"Mon": "monday", "Wed": "wednesday", "Sat": "saturday", "Sun": "sunday"}
SHORT_DAYS = frozenset(name.lower() for name in _CAPITALS)
"""Short forms that are other words too: days in capitals, beside another day."""


def weekday(scan: Scan, at: int) -> int:
    """``Tuesday``, ``Thurs``, ``Mon, Wed``."""
    token = scan.tokens[at]
    name = WEEKDAYS.get(token.text) or _CAPITALS.get(token.raw)
    near = [t for t in (*scan.tokens[at - 2 : at], *scan.tokens[at + 1 : at + 3]) if t.kind == "w"]
    if name is None or (token.text in SHORT_DAYS and not any(t.text in WEEKDAYS or t.raw in _CAPITALS for t in near)):
        return at
    scan.write(name, at, at + 1)
    scan.note("date", scan.words[-1], len(scan.words) - 1)
    return at + 1


_DAYS = Phrases(
    {
        **dict.fromkeys((("m", "/", "w", "/", "f"), ("m", "w", "f"), ("mwf",), ("m", ",", "w", ",", "f")),
                        ("monday", "wednesday", "friday")),
        **dict.fromkeys((("t", "/", "th", "/", "s"), ("t", "th", "s"), ("tths",), ("tts",), ("t", "t", "s")),
                        ("tuesday", "thursday", "saturday")),
    }
)  # fmt: skip


def weekdays(scan: Scan, at: int) -> int:
    """``M/W/F``, ``MWF``, ``TTS``: three days of a week."""
    for names, texts in _DAYS.at(scan.tokens, at):
        for name in names:
            scan.write(name, at, at + len(texts))
            scan.note("date", name, len(scan.words) - 1)
        return at + len(texts)
    return at


class _Date(NamedTuple):
    month: str
    day: Number | None
    year: Number | None
    end: int


def month(scan: Scan, at: int) -> int:
    """``March 3rd, 2024``, ``march third twenty twenty four``, ``March 2024``."""
    tokens = scan.tokens
    start = at + 1 + (tokens[at + 1].text == "." and tokens[at + 1].tight)
    if tokens[start].text == "the":
        start += 1
    if tokens[start].text == "of" and _year(scan, start + 1):
        start += 1
    only = _year(scan, start)
    if only and tokens[start - 1].text != "the" and not _spoken_day_and_year(tokens, start, only):
        return _dated(scan, at, _Date(MONTHS[tokens[at].text], None, only, only.end))
    day = _day(scan, start)
    if day is None:
        return at
    year = _year(scan, day.end + (tokens[day.end].text == ","))
    if tokens[at].text == "may" and not year and not _is_may(scan, at, day):
        return at
    if not year and not day.ordinal and unit(tokens, day.end, day.digits):
        return at
    return _dated(scan, at, _Date(MONTHS[tokens[at].text], day, year, (year or day).end))


def _spoken_day_and_year(tokens: Row, at: int, year: Number) -> bool:
    """Whether "twenty twenty four" may begin with a day: it is a year where the month stands alone before it."""
    return tokens[at].kind != "n" and tokens[year.end].text in ("twenty", "nineteen") and tokens[at].text != "two"


def _is_may(scan: Scan, at: int, day: Number) -> bool:
    before = scan.before(at).text
    return (
        before in _BEFORE_DATE
        or (scan.tokens[at].raw[:1] == "M" and day.ordinal)
        or (scan.tokens[at].raw[:1] == "M" and before not in ("", ".", "!", "?"))
        or (day.ordinal and day.digits not in "12")
    )


def _day(scan: Scan, at: int) -> Number | None:
    """1 to 31 in digits or words, with or without the ending of an ordinal."""
    tokens = scan.tokens
    token = tokens[at]
    if token.kind == "n":
        day = Number(token.text, at + 1)
        after = tokens[at + 1]
        if after.text in ("st", "nd", "rd", "th") and (after.tight or after.joined):
            day = Number(token.text, at + 2, ordinal=True)
        elif after.text in ("/", ":", "x", "%", "-") and after.tight:
            return None
    else:
        words = under_hundred(tokens, at, day=True)
        if words is None or tokens[words.end].text in ("hundred", *SCALES, "point"):
            return None
        day = words
    return day if day.digits.isdigit() and 1 <= int(day.digits) <= 31 else None


def _year(scan: Scan, at: int) -> Number | None:
    token = scan.tokens[at]
    if token.kind not in "nw":
        return None
    year = number(scan.tokens, at)
    if year and year.digits.isdigit() and 1900 <= int(year.digits) <= 2099 and not year.ordinal:
        return year if not unit(scan.tokens, year.end, year.digits) else None
    return None


def _dated(scan: Scan, at: int, date: _Date) -> int:
    first = len(scan.words)
    ends = [n.end for n in (date.day, date.year) if n]
    stop = (date.day.end if date.day else date.year.end if date.year else at) if ends else at
    scan.write(date.month, at, at + 1)
    if date.day:
        scan.write(date.day.digits, at, date.day.end)
    if date.year:
        scan.write(date.year.digits, stop if date.day else at, date.year.end)
    scan.note("date", " ".join(scan.words[first:]), first)
    return date.end


def day_first(scan: Scan, at: int) -> int:
    """``the third of March``, ``3 March 2024``."""
    tokens = scan.tokens
    day = _day(scan, at)
    if day is None:
        return at
    of = tokens[day.end].text == "of"
    name = tokens[day.end + of]
    if name.text not in MONTHS or (name.text in ("may", "march", "mar") and not of and name.raw[:1].islower()):
        return at
    here = day.end + of + 1
    year = _year(scan, here + (tokens[here].text == ","))
    if not (of or year or day.ordinal or name.raw[:1].isupper()):
        return at
    begin = at
    if scan.before(at).text == "the" and scan.words and scan.words[-1] == "the":
        scan.words.pop()
        scan.sources.pop()
        begin = at - 1
    return _written(scan, begin, _Date(MONTHS[name.text], day, year, year.end if year else here))


def _written(scan: Scan, at: int, date: _Date) -> int:
    first = len(scan.words)
    scan.write(date.month, at, date.end)
    if date.day:
        scan.write(date.day.digits, at, date.day.end)
    if date.year:
        scan.write(date.year.digits, at, date.end)
    scan.note("date", " ".join(scan.words[first:]), first)
    return date.end


def numeric_date(scan: Scan, at: int) -> int:
    """``3/3/24``, ``3-3-2024``, ``2024-03-03``, ``3/2024``, ``on 3/14``."""
    tokens = scan.tokens
    numbers, mark = [tokens[at]], tokens[at + 1].text
    if mark not in ("/", "-", "."):
        return at
    end = at + 1
    while tokens[end].text == mark and tokens[end].tight and tokens[end + 1].kind == "n" and tokens[end + 1].tight:
        numbers.append(tokens[end + 1])
        end += 2
    if any(not t.raw.isdigit() for t in numbers):
        return at
    parts = [t.raw for t in numbers]
    if len(parts) == 3:
        order = _ordered(parts, mark)
        if order is None:
            return at
        return _figures(scan, at, end, *order)
    if len(parts) == 2 and mark == "/":
        if len(parts[1]) == 4 and parts[1][:2] in ("19", "20") and 1 <= int(parts[0]) <= 12:
            return _figures(scan, at, end, int(parts[0]), None, int(parts[1]))
        on = scan.before(at).text in ("on", "since", "dated", "until")
        if on and 1 <= int(parts[0]) <= 12 and 1 <= int(parts[1]) <= 31 and not unit(tokens, end, ""):
            return _figures(scan, at, end, int(parts[0]), int(parts[1]), None)
    return at


def _ordered(parts: list[str], mark: str) -> tuple[int, int | None, int | None] | None:
    if len(parts[0]) == 4 and max(map(len, parts[1:])) <= 2:
        year, first, second = int(parts[0]), int(parts[1]), int(parts[2])
    elif max(map(len, parts[:2])) <= 2 and len(parts[2]) in (2, 4):
        first, second, year = int(parts[0]), int(parts[1]), int(parts[2])
        if mark == "-" and len(parts[2]) == 2:
            return None
        if len(parts[2]) == 2:
            year += 2000 if year <= 40 else 1900
    else:
        return None
    if first > 12 >= second:
        first, second = second, first
    return (first, second, year) if 1 <= first <= 12 and 1 <= second <= 31 else None


def _figures(scan: Scan, at: int, end: int, number_of: int, day: int | None, year: int | None) -> int:
    first = len(scan.words)
    scan.write(_NAMES[number_of - 1], at, end)
    for part in (day, year):
        if part is not None:
            scan.write(str(part), at, end)
    scan.note("date", " ".join(scan.words[first:]), first)
    return end
