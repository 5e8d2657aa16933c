"""The clinical normaliser: one form for what means the same in dictation.

House rules: forgives number words, units, doses, frequencies, dates and abbreviations. It changes no word outside
its tables, so two drugs are never folded into one, and merges numbers only where a single reading exists, so two
values are never folded into one. Where the reading is uncertain the text stays as it is and the error counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from workbench.metrics import vocabulary
from workbench.metrics.numbers import BAR, digits
from workbench.metrics.vocabulary import MONTHS, ORDINALS, PHRASES, UNITS, UNITS_AFTER_NUMBER

__all__ = ["clinical", "is_number", "rules"]

_THOUSANDS = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_DECIMAL = re.compile(r"([-+]?)(\d*)\.(\d+)")
_NUMBER = re.compile(r"[-+<>≤≥±]*\d[\d.,]*(?:/\d+)?")
_GLUED = re.compile(r"([-+<>≤≥±]*\d[\d.,/]*)([a-zµμ°%][a-zµμ°/]*)")
_NUMERIC_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_ORDINAL_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th)")
_EVERY_HOURS = re.compile(r"q(\d+)(?:h|hours?|hrs?)")
_BREAK = re.compile(r"(?<!\d)[,;:](?=\s|$)|(?<=\d)[,;:](?!\d)|[.!?](?=\s|$)|[\n–—]")
_LONGEST = max(map(len, PHRASES))
_YEARS = ("19", "20")


def rules() -> str:
    """Every table and pattern, for the hash of the normaliser."""
    patterns = (_THOUSANDS, _DECIMAL, _NUMBER, _GLUED, _NUMERIC_DATE, _ORDINAL_DAY, _EVERY_HOURS, _BREAK)
    tables = [sorted(map(str, getattr(vocabulary, name))) for name in vocabulary.__all__]
    return "\n".join([*(p.pattern for p in patterns), *map(str, tables), str(PHRASES), str(UNITS_AFTER_NUMBER)])


def is_number(token: str) -> bool:
    """Whether a normalised token is a number, a pressure such as 120/80 included."""
    return bool(_NUMBER.fullmatch(token))


def clinical(text: str, basic: Callable[[str], str]) -> str:
    """One form for numbers, units, doses, frequencies, dates and abbreviations.

    Args:
        text: as it came.
        basic: the normaliser for case, punctuation and white space, applied first.
    """
    # Marks end a number: "one, twenty" is not 120. They are dropped again once numbers are read.
    tokens = basic(_BREAK.sub(f" {BAR} ", text.replace(BAR, " "))).split()
    tokens = [part for token in tokens for part in _unglue(token)]
    tokens = [_canonical_number(token) for token in digits(tokens) if token != BAR]
    for step in (_dates, _units, _phrases, _pressures, _every_hours):
        tokens = step(tokens)
    return " ".join(tokens)


def _unglue(token: str) -> list[str]:
    """``10mg`` as two tokens where the tail is a unit; ``5th`` and ``2b`` stay."""
    found = _GLUED.fullmatch(token)
    if found and found[2] in UNITS_AFTER_NUMBER:
        return [found[1], found[2]]
    return [token]


def _canonical_number(token: str) -> str:
    """No thousands separators, a zero before the point, none at the end: ``1,000``, ``.5``, ``2.50``."""
    if _THOUSANDS.fullmatch(token):
        token = token.replace(",", "")
    if found := _DECIMAL.fullmatch(token):
        places = found[3].rstrip("0")
        token = f"{found[1]}{found[2] or '0'}" + (f".{places}" if places else "")
    return token


def _dates(tokens: list[str]) -> list[str]:
    """Dates as month, day, year; numeric ones in the American order of the dictations."""
    found: list[str] = []
    at = 0
    names = list(dict.fromkeys(MONTHS.values()))
    while at < len(tokens):
        if (numeric := _NUMERIC_DATE.fullmatch(tokens[at])) and 1 <= int(numeric[1]) <= 12:
            found += [names[int(numeric[1]) - 1], str(int(numeric[2])), numeric[3]]
            at += 1
        elif tokens[at] in MONTHS and (day := _day(tokens, at + 1)):
            found += [MONTHS[tokens[at]], str(day[0])]
            at = day[1]
            if at + 1 < len(tokens) and tokens[at] in _YEARS and re.fullmatch(r"\d\d", tokens[at + 1]):
                found.append(tokens[at] + tokens[at + 1])
                at += 2
        else:
            found.append(tokens[at])
            at += 1
    return found


def _day(tokens: list[str], at: int) -> tuple[int, int] | None:
    """A day of the month in digits or as an ordinal, and where it ends."""
    word = tokens[at] if at < len(tokens) else ""
    following = tokens[at + 1] if at + 1 < len(tokens) else ""
    if word in ("20", "30") and 1 <= ORDINALS.get(following, 0) <= 9:
        day, end = int(word) + ORDINALS[following], at + 2
    elif found := _ORDINAL_DAY.fullmatch(word):
        day, end = int(found[1]), at + 1
    elif word.isdecimal() and len(word) <= 2 and following not in UNITS_AFTER_NUMBER:
        day, end = int(word), at + 1
    else:
        day, end = ORDINALS.get(word, 0), at + 1
    return (day, end) if 1 <= day <= 31 else None


def _units(tokens: list[str]) -> list[str]:
    """Units in one form each; short and ambiguous ones only behind a number."""
    found: list[str] = []
    for i, token in enumerate(tokens):
        behind_number = i > 0 and is_number(tokens[i - 1])
        if behind_number and token in UNITS_AFTER_NUMBER:
            found += UNITS_AFTER_NUMBER[token].split()
        elif token in UNITS:
            found.append(UNITS[token])
        else:
            found.append(token)
    return found


def _phrases(tokens: list[str]) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(tokens):
        for length in range(min(_LONGEST, len(tokens) - at), 0, -1):
            if (form := PHRASES.get(tuple(tokens[at : at + length]))) is not None:
                found += form.split()
                at += length
                break
        else:
            found.append(tokens[at])
            at += 1
    return found


def _pressures(tokens: list[str]) -> list[str]:
    """``120 over 80`` as ``120/80``, where both are pressures and the first is the higher."""
    found: list[str] = []
    at = 0
    while at < len(tokens):
        trio = tokens[at : at + 3]
        if len(trio) == 3 and trio[1] == "over" and trio[0].isdecimal() and trio[2].isdecimal():
            high, low = int(trio[0]), int(trio[2])
            if 40 <= high <= 300 and 20 <= low < high:
                found.append(f"{high}/{low}")
                at += 3
                continue
        found.append(tokens[at])
        at += 1
    return found


def _every_hours(tokens: list[str]) -> list[str]:
    """``every 6 hours``, ``q 6 h`` and ``q6h`` as ``q6h``."""
    found: list[str] = []
    at = 0
    while at < len(tokens):
        trio = tokens[at : at + 3]
        if len(trio) == 3 and trio[0] in ("every", "q") and trio[1].isdecimal() and trio[2] in ("hours", "h"):
            found.append(f"q{trio[1]}h")
            at += 3
        elif match := _EVERY_HOURS.fullmatch(tokens[at]):
            found.append(f"q{match[1]}h")
            at += 1
        else:
            found.append(tokens[at])
            at += 1
    return found
