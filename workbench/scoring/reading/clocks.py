"""Times of day, in figures and in words.

Two spoken numbers are a time where something says so: "at", "a.m.", "in the morning", "o'clock"; four
digits are one behind "at", before "hours", and where they begin with a zero.
"""

from __future__ import annotations

from workbench.scoring.reading.amounts import unit
from workbench.scoring.reading.dates import WEEKDAYS
from workbench.scoring.reading.mixed import Number
from workbench.scoring.reading.number_words import DIGITS, SCALES
from workbench.scoring.reading.numerals import number, under_hundred
from workbench.scoring.reading.scan import Scan
from workbench.scoring.reading.tables import words

__all__ = ["clock", "named_time", "past"]

_HALVES = {"morning": "am", "afternoon": "pm", "evening": "pm"}


_TWELVE = {"noon": "pm", "midnight": "am"}


# Behind these, "at" names a value and no time: "glucose was at two thirty".
_MEASURED = frozenset(
    words(
        """is was are were rate pressure glucose sugar weight weighs sat saturation sodium count level running
    steady stable"""
    )
)


def clock(scan: Scan, at: int) -> int:
    """``9:30``, ``9 a.m.``, ``21:30``, ``nine thirty in the morning``, ``at nine thirty``, ``three o'clock``."""
    tokens = scan.tokens
    token = tokens[at]
    if token.kind == "n" and tokens[at + 1].text == ":" and tokens[at + 1].tight:
        minute = tokens[at + 2]
        if not (minute.kind == "n" and minute.tight and len(minute.raw) == 2 and minute.raw.isdigit()):
            return at
        if not token.text.isdigit() or int(token.text) > 24 or int(minute.raw) > 59:
            return at
        end = at + 3
        if tokens[end].text == ":" and tokens[end].tight and tokens[end + 1].kind == "n":
            end += 2
        if (int(token.text), int(minute.raw)) == (12, 0) and tokens[end].text in _TWELVE:
            return _timed(scan, at, end + 1, 12, 0, _TWELVE[tokens[end].text])
        half, end = _half(scan, end, True)
        return _timed(scan, at, end, int(token.text), int(minute.raw), half)
    if military := _military(scan, at):
        return military
    hour = _hour(scan, at)
    if hour is None:
        return at
    after_at = _said_at(scan, at)
    value, end = int(hour.digits), hour.end
    if tokens[end].text in ("o'clock", "oclock"):
        half, stop = _half(scan, end + 1, True)
        return _timed(scan, at, stop, value, 0, half)
    minutes = _minutes(scan, end)
    if minutes is not None:
        half, stop = _half(scan, minutes.end, True)
        if (
            half
            or _part_follows(scan, minutes.end)
            or (
                after_at
                and not unit(tokens, minutes.end, "")
                and tokens[minutes.end].text not in ("over", "/", "percent")
            )
        ):
            return _timed(scan, at, stop, value, int(minutes.digits), half)
        return at
    if value == 12 and tokens[end].text in _TWELVE:
        return _timed(scan, at, end + 1, 12, 0, _TWELVE[tokens[end].text])
    half, stop = _half(scan, end, after_at)
    return _timed(scan, at, stop, value, 0, half) if half and value <= 12 else at


_LASTING = frozenset(words("for over within after every than of about around another nearly almost only"))


def _part_follows(scan: Scan, at: int) -> bool:
    """``seven forty five tomorrow morning``: the part of a day makes a time of two numbers."""
    day, part = scan.texts(at, 2)
    return part in ("morning", "afternoon", "evening", "night") and day in (*_NEAR, *WEEKDAYS)


_NEAR = ("this", "tomorrow", "yesterday", "every", "each", "the", "next", "last")


def _military(scan: Scan, at: int) -> int:
    """``at 1400``, ``0630``, ``fourteen hundred hours``, ``oh six thirty``; 0 if nothing says it is a time."""
    tokens = scan.tokens
    zero = tokens[at].text in ("oh", "o", "zero") or (tokens[at].kind == "n" and tokens[at].raw[0] == "0")
    numeral = _after_zero(scan, at) if zero else number(tokens, at)
    if numeral is None or not numeral.digits.isdigit() or len(numeral.digits) != 4 or "," in tokens[at].raw:
        return 0
    hour, minute = int(numeral.digits[:2]), int(numeral.digits[2:])
    if hour > 24 or minute > 59 or numeral.ordinal:
        return 0
    after = tokens[numeral.end]
    hours = after.text in ("hours", "hrs", "h") and tokens[numeral.end + 1].text != "of"
    if hours and scan.before(at).text not in _LASTING:  # on a clock of 24 hours
        return _timed(scan, at, numeral.end + 1, hour, minute, "am" if hour < 12 else "pm")
    if after.text in ("/", "-", ":", "x") and after.tight:
        return 0
    after_at = _said_at(scan, at) and not unit(tokens, numeral.end, numeral.digits)
    return _timed(scan, at, numeral.end, hour, minute, "") if (zero and hour) or after_at else 0


def _after_zero(scan: Scan, at: int) -> Number | None:
    """``0630``, ``oh six thirty``, ``zero six hundred``: four digits that begin with a zero."""
    tokens = scan.tokens
    if tokens[at].kind == "n":
        return Number(tokens[at].raw, at + 1) if tokens[at].raw.isdigit() else None
    hour = DIGITS.get(tokens[at + 1].text, 0)
    if not hour:
        return None
    if tokens[at + 2].text == "hundred":
        return Number(f"0{hour}00", at + 3)
    minutes = _minutes(scan, at + 2)
    return Number(f"0{hour}{int(minutes.digits):02}", minutes.end) if minutes else None


def _hour(scan: Scan, at: int) -> Number | None:
    token = scan.tokens[at]
    if token.kind == "n":
        return (
            Number(token.text, at + 1)
            if token.text.isdigit() and len(token.text) <= 2 and 1 <= int(token.text) <= 24
            else None
        )
    hour = under_hundred(scan.tokens, at)
    if hour is None or hour.ordinal or not 1 <= int(hour.digits) <= 23:
        return None
    return hour


def _minutes(scan: Scan, at: int) -> Number | None:
    tokens = scan.tokens
    if tokens[at].kind == "n" or tokens[at].joined:
        return None
    if tokens[at].text in ("oh", "o") and DIGITS.get(tokens[at + 1].text, 0) >= 1:
        return Number(str(DIGITS[tokens[at + 1].text]), at + 2)
    minutes = under_hundred(tokens, at)
    if minutes is None or minutes.ordinal or not 10 <= int(minutes.digits) <= 59:
        return None
    return None if tokens[minutes.end].text in ("hundred", *SCALES, "point") else minutes


def _said_at(scan: Scan, at: int) -> bool:
    """Whether "at" before it makes a time of it."""
    back = 2 if scan.before(at).text in ("about", "around", "approximately") else 1
    if scan.before(at, back).text != "at":
        return False
    return scan.before(at, back + 1).text not in _MEASURED


def _half(scan: Scan, at: int, loose: bool) -> tuple[str, int]:
    """``a.m.``, ``p.m.``, and (where ``loose``) "in the morning"; "" where neither follows."""
    tokens = scan.tokens
    token = tokens[at]
    if token.text in ("am", "pm"):
        return token.text, at + 1
    if token.text in ("a", "p") and tokens[at + 1].text == "m":
        return token.text + "m", at + 2
    if loose and token.text == "in" and tokens[at + 1].text == "the" and tokens[at + 2].text in _HALVES:
        return _HALVES[tokens[at + 2].text], at + 3
    return "", at


def _timed(scan: Scan, at: int, end: int, hour: int, minute: int, half: str) -> int:
    if hour >= 13 and hour != 24:
        hour, half = hour - 12, "pm"
    elif hour in (0, 24):
        hour, half = 12, "am"
    scan.write(f"{hour}:{minute:02}{half}", at, end)
    scan.note("time", scan.words[-1], len(scan.words) - 1)
    return end


def past(scan: Scan, at: int) -> int:
    """``half past nine``, ``quarter to ten``."""
    tokens = scan.tokens
    start = at + (tokens[at].text == "a")
    word, turn = tokens[start].text, tokens[start + 1].text
    minutes = {"half": 30, "quarter": 15}.get(word)
    if minutes is None or turn not in ("past", "to", "after", "before") or (word == "half" and turn != "past"):
        return at
    hour = _hour(scan, start + 2)
    if hour is None or int(hour.digits) > 12:
        return at
    value = int(hour.digits)
    if turn in ("to", "before"):
        value, minutes = (value - 1 or 12), 60 - minutes
    half, end = _half(scan, hour.end, True)
    return _timed(scan, at, end, value, minutes, half)


def named_time(scan: Scan, at: int) -> int:
    """``noon`` and ``midnight``, with or without a twelve."""
    return _timed(scan, at, at + 1, 12, 0, _TWELVE[scan.tokens[at].text])
