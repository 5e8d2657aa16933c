"""How often and by which way: frequencies and routes.

Every frequency has one form, times a period ("2x/day") or every so many ("q6h"); BID is not q12h, and
"a day" behind a drug's amount is daily.

Longer than most: half of it are the two tables, and every reader of a frequency ends in the same few forms.
"""

from __future__ import annotations

from workbench.scoring.reading.abbreviations import PHRASES
from workbench.scoring.reading.amounts import unit
from workbench.scoring.reading.mixed import Number
from workbench.scoring.reading.number_words import ORDINALS
from workbench.scoring.reading.numerals import is_number, number
from workbench.scoring.reading.operands import operand
from workbench.scoring.reading.scan import Phrases, Scan
from workbench.scoring.reading.tables import rows, words
from workbench.scoring.reading.units import PERIODS, UNITS

__all__ = [
    "DAY_PARTS",
    "FREQUENCIES",
    "OFTEN",
    "ROUTES",
    "a_while",
    "counted_times",
    "every",
    "often",
    "part_of_day",
    "per_period",
    "q_form",
    "times_number",
]  # fmt: skip

FREQUENCIES = rows(
    {
        "1x/day": "daily|qd|qday|q day|q d|every day|each day|once daily|once a day|once per day|per day|"
                  "once every day|day by day|"
                  "one time daily|one time a day|one time per day|1 time daily|1 time a day|1x daily|"
                  "once each day|1 time per day|every 1 day|every one day|q 1 day",
        "2x/day": "bid|twice daily|b i d|twice a day|twice per day|two times daily|twice each day|twice every day|"
                  "2 times daily",
        "3x/day": "tid|t i d|thrice daily|thrice a day|tds",
        "4x/day": "qid|q i d|qds",
        "qhs": "qhs|at bedtime|at bed time|q h s|every night at bedtime|nightly at bedtime|"
               "nightly|every night|each night|"
               "at hs|every bedtime|"
               "once nightly|q hs|q bedtime|q night|qnight|before bedtime|daily at bedtime|once a night|"
               "every evening at bedtime|before bed|every day at bedtime|each day at bedtime|once at bedtime|hs|h s",
        "qam": "qam|every morning|each morning|q am|q a m|once every morning|every day in the morning|"
               "daily in the morning|once each morning|every am|every a m|each am|each a m",
        "qpm": "qpm|every pm|every p m|each pm|each p m|every evening|each evening|q pm|q p m|daily in the evening",
        "prn": "prn|as needed|p r n|as necessary|when needed|as required|on an as needed basis|if needed|"
               "when necessary",
        "1x/week": "weekly|once weekly|once a week|once per week|every week|each week|qweek|q week|qwk|q wk|"
                   "1x weekly|"
                   "one time a week|one time weekly|one time per week|once every week|once each week|q weekly|"
                   "qweekly",
        "2x/week": "twice weekly|twice a week|twice per week|biw|two times weekly",
        "3x/week": "tiw|thrice weekly",
        "1x/month": "monthly|once monthly|once a month|once per month|every month|each month|qmonth|q month|"
                    "once every month",
        "2x/month": "twice monthly|twice a month|twice per month",
        "1x/year": "yearly|annually|once yearly|once a year|once per year|every year|each year|once every year|"
                   "once annually",
        "2x/year": "twice yearly|twice a year|twice per year",
        "q1h": "hourly|every hour|q hour|qh|q h|each hour|every one hour|once an hour|once every hour|"
               "once per hour|qhour",
        "q2d": "qod|q o d|every other day|q other day|on alternate days|alternate days|every second day|"
               "once every other day|every alternate day|eod|q od|every 2nd day",
        "q2week": "every other week|every second week|qow|once every other week|q other week|every 2nd week|"
                  "every fortnight|fortnightly",
        "q3month": "quarterly|every quarter|once every quarter|each quarter",
        "q2month": "every other month|every second month",
        "ac": "before meals|ac|a c|prior to meals|qac|q a c|q ac|before each meal|before every meal",
        "pc": "after meals|pc|p c|qpc|q p c|q pc|after each meal|after every meal",
        "stat": "stat",
    }
)  # fmt: skip
"""Frequencies in words and letters; counts and intervals have a grammar."""

ROUTES = rows(
    {
        "po": "po|by mouth|orally|p o|per os|per oral|through the mouth",
        "iv": "iv|i v|intravenously|intravenous|into the vein|into a vein|by vein|through the vein",
        "ivpb": "ivpb|iv piggyback|i v piggyback|intravenous piggyback|i v p b",
        "ivp": "ivp|iv push|i v push|intravenous push|i v p",
        "im": "im|i m|intramuscularly|intramuscular|into the muscle",
        "subq": "subq|subcutaneously|subcutaneous|sc|sq|subcut|sub q|s c|s q|sub cutaneously|subcu|under the skin|"
                "sub cutaneous|sub cut",
        "sl": "sl|sublingually|sublingual|under the tongue|s l",
        "rectally": "pr|per rectum|rectally|p r|by rectum|into the rectum",
        "vaginally": "pv|per vagina|vaginally|intravaginally",
        "inhaled": "inh|by inhalation|via inhalation|inhaled|by inhaler",
        "topical": "topically|topical|to the skin|top",
        "intranasal": "intranasally|intranasal|per nose|nasally",
        "id": "intradermally|intradermal",
        "transdermal": "transdermally|transdermal|through the skin",
        "buccal": "buccally|buccal",
        "it": "intrathecally|intrathecal",
        "nebulized": "nebulized|via nebulizer|by nebulizer|neb|nebs|nebulised",
        "npo": "npo|nothing by mouth|nil by mouth|n p o|nil per os|nothing per os",
        "tpn": "tpn",
    }
)  # fmt: skip
"""Ways of giving in words and letters."""
_UNCOUNTED = frozenset({"npo", "id", "it", "tpn"})
OFTEN = Phrases(
    {form: ("" if name in _UNCOUNTED else "frequency", name) for form, name in FREQUENCIES.items()}
    | {form: ("" if name in _UNCOUNTED else "route", name) for form, name in ROUTES.items()}
)
_PERIOD_WORDS = {
    "daily": "day", "day": "day", "days": "day", "weekly": "week", "monthly": "month", "yearly": "year",
    "annually": "year", "hourly": "h", "nightly": "night", "night": "night", "morning": "morning",
    **{form: name for form, name in PERIODS.items() if name in ("day", "week", "month", "year", "h", "min", "s")},
}  # fmt: skip
_EVERY_UNITS = {"day": "d", "week": "week", "month": "month", "year": "year", "h": "h", "min": "min", "s": "s"}


def often(scan: Scan, at: int) -> int:
    """A frequency or a route from the tables, the longest first."""
    for (kind, name), texts in OFTEN.at(scan.tokens, at):
        if not _misread(scan, at, texts):
            name, end = _between(scan, at + len(texts), name)
            scan.write(name, at, end)
            if kind:
                scan.note(kind, name, len(scan.words) - 1)
            return end
    return at


def _between(scan: Scan, end: int, name: str) -> tuple[str, int]:
    """``BID-TID``, ``BID to TID``: the one form of both, and where it ends; no "for" behind "as needed".

    A frequency alone stays as it is.
    """
    tokens = scan.tokens
    if name == "prn" and tokens[end].text == "for":
        after = tokens[end + 1]
        return name, end + (after.kind == "w" and not is_number(after) and after.text not in _NO_REASON)
    low, _, period = name.partition("x/")
    here = end + (tokens[end].text in ("-", "to", "or"))
    if low.isdigit() and (here > end or tokens[end].joined):
        for (_, other), texts in OFTEN.at(tokens, here):
            high, _, same = other.partition("x/")
            if same == period and high.isdigit() and int(high) == int(low) + 1:
                return f"{low}-{high}x/{period}", here + len(texts)
    return name, end


_NO_REASON = frozenset(words("a an the up at each another half no her his my your their"))


DAY_PARTS = Phrases(
    rows(
        {
            "": "in the morning|in the evening|in the afternoon|at night|at nighttime|with meals|with food|"
            "on an empty stomach"
        }
    )
)


def part_of_day(scan: Scan, at: int) -> int:
    """``in the morning``, ``at night``: the words stay, and are when something is taken."""
    for _, texts in DAY_PARTS.at(scan.tokens, at):
        first = len(scan.words)
        for index, word in enumerate(texts):
            scan.write("night" if word == "nighttime" else word, at + index, at + index + 1)
        scan.note("frequency", " ".join(scan.words[first:]), first)
        return at + len(texts)
    return at


_OFTEN_WORDS = frozenset(words("daily bid tid qid prn q qd qhs once twice every"))


def a_while(scan: Scan, at: int) -> int:
    """``a week ago`` is one week ago; elsewhere "a week" stays as it is and is a value."""
    tokens = scan.tokens
    period = tokens[at + 1].text
    if period not in ("hour", "day", "week", "month", "year", "night"):
        return at
    first = len(scan.words)
    one = tokens[at + 2].text in _AWAY or scan.before(at).text in _DURING
    scan.write("1" if one else tokens[at].text, at, at + 1)
    scan.write(UNITS.get(period, period) if one else period, at + 1, at + 2)
    scan.note("quantity", " ".join(scan.words[first:]), first)
    return at + 2


def per_period(scan: Scan, at: int) -> int:
    """``six beers per day``, ``beers/day``: the same as "a day"."""
    tokens = scan.tokens
    field = unit(tokens, at)
    if scan.before(at).kind == "w" and field and field.name in ("/hpf", "/lpf"):
        scan.write("per", at, at + 1)
        scan.write(field.name[1:], at + 1, field.end)
        return field.end
    period = _PERIOD_WORDS.get(tokens[at + 1].text, "")
    if scan.before(at).kind != "w" or period not in ("day", "week", "month", "year", "night"):
        return at
    if len(tokens[at + 1].text) == 1 or tokens[at + 2].text in ("/", "old"):
        return at
    scan.write("a", at, at + 1)
    scan.write(period, at + 1, at + 2)
    scan.note("quantity", f"a {period}", len(scan.words) - 2)
    return at + 2


_LONGER = Phrases(PHRASES)
_AWAY = frozenset(words("ago later before earlier prior"))
_DURING = frozenset(words("in for within after over last past than every"))


def _misread(scan: Scan, at: int, texts: tuple[str, ...]) -> bool:
    """Whether the words mean something else here."""
    after = scan.tokens[at + len(texts)]
    if len(texts[-1]) == 1 and any(len(row) > len(texts) for _, row in _LONGER.at(scan.tokens, at)):
        return True  # "p c o 2" is no "p c"
    if texts == ("per", "day"):
        return True
    if texts in (("pr",), ("p", "r")):
        if scan.before(at).kind in "bm" and after.text not in _OFTEN_WORDS:
            return True
        if after.text in ("positive", "negative") or (after.text in "+-" and after.tight):  # a receptor
            return True
        return after.text in ("interval", "segment", "prolongation", "depression")
    if texts == ("top",):
        return True
    if texts == ("hs",):
        return scan.tokens[at].raw.isalpha() and scan.tokens[at].raw.isupper()
    if texts in (("ac",), ("a", "c")):
        return after.text in ("joint", "separation")
    if texts in (("sc",), ("sq",), ("s", "c"), ("s", "q")):
        return after.text in ("joint", "cell", "cells", "junction")
    if texts == ("im",):
        return scan.tokens[at].raw == "Im"
    return after.text == "old" if texts[-1] in ("day", "year") else False


def counted_times(scan: Scan, at: int) -> int:
    """``3x daily``, ``2-3 times a day``, ``once or twice a week``, ``twice``, ``3 times``, ``2 a day``."""
    tokens = scan.tokens
    count, end = _count(scan, at)
    if not count:
        return at
    worded = tokens[end - 1].text in ("once", "twice", "thrice")
    if tokens[end].text in ("times", "time") or (tokens[end].text == "x" and not _factor(scan, end)):
        end += 1
        worded = True
    elif not worded:
        return at
    period, stop = _period(scan, end)
    if not period:
        if tokens[end - 1].text == "once" and (tokens[end].text in _WHEN or scan.before(at).text == "at"):
            return at
        return _counted(scan, at, end, count)
    scan.write(
        {"1x/night": "qhs", "1x/h": "q1h", "1x/morning": "qam"}.get(f"{count}x/{period}", f"{count}x/{period}"),
        at,
        stop,
    )
    scan.note("frequency", scan.words[-1], len(scan.words) - 1)
    return stop


_WHEN = frozenset(words("he she it they we i you the a an again more in that this there patient his her all"))
"""Behind these words "once" is when something happens, and no count."""


def _counted(scan: Scan, at: int, end: int, count: str) -> int:
    """A count without a period; a single time is "once"."""
    scan.write("once" if count == "1" else f"{count}x", at, end)
    scan.note("count", f"{count}x", len(scan.words) - 1)
    return end


def _factor(scan: Scan, at: int) -> bool:
    after = scan.tokens[at + 1]
    return (
        after.kind == "n"
        or after.text in ("ray", "rays")
        or (number(scan.tokens, at + 1) is not None and after.text not in ("a", "an"))
    )


def _count(scan: Scan, at: int) -> tuple[str, int]:
    """The count before "times", a range included."""
    tokens = scan.tokens
    word = tokens[at].text
    words = {"once": "1", "twice": "2", "thrice": "3"}
    if word in words:
        if tokens[at + 1].text in ("or", "to", "-") and tokens[at + 2].text in words:
            return f"{words[word]}-{words[tokens[at + 2].text]}", at + 3
        return words[word], at + 1
    first = operand(tokens, at)
    if first is None or first.ordinal or not first.digits.replace(".", "").isdigit():
        return "", at
    after = tokens[first.end]
    if after.text in ("-", "to", "or") or after.joined:
        second = operand(tokens, first.end + (0 if after.joined else 1))
        if (
            second
            and second.digits.isdigit()
            and not second.ordinal
            and first.digits.isdigit()
            and int(second.digits) > int(first.digits)
        ):
            return f"{first.digits}-{second.digits}", second.end
    return first.digits, first.end


def _period(scan: Scan, at: int) -> tuple[str, int]:
    """``daily``, ``a day``, ``per week``, ``/day``, ``each day``."""
    tokens = scan.tokens
    word = tokens[at].text
    if word in ("daily", "weekly", "monthly", "yearly", "annually", "nightly", "hourly"):
        return _PERIOD_WORDS[word], at + 1
    if word in ("a", "an", "per", "/", "each", "every") and tokens[at + 1].text in _PERIOD_WORDS:
        # A slash counts ("1x/week later"); "a week ago" is a point in time.
        if word != "/" and tokens[at + 2].text in ("ago", "later", "old"):
            return "", at
        return _PERIOD_WORDS[tokens[at + 1].text], at + 2
    if word in ("in", "every", "per") and scan.texts(at + 1, 2) in (("24", "hours"), ("24", "h")):
        return "day", at + 3
    return "", at


def times_number(scan: Scan, at: int) -> int:
    """``x3``, ``times three``, ``x 3 days`` (for 3 days)."""
    tokens = scan.tokens
    if scan.before(at).kind == "n" and tokens[at].text == "x":
        return at
    count = operand(tokens, at + 1)
    if count is None or count.ordinal or not count.digits.isdigit():
        return at
    after = tokens[count.end]
    if after.text in PERIODS and after.text != "m":
        scan.write("for", at, at + 1)
        if after.text in ("d", "w", "y"):
            scan.write(count.digits, at + 1, count.end)
            scan.write({"d": "days", "w": "weeks", "y": "years"}[after.text], count.end, count.end + 1)
            scan.note("quantity", " ".join(scan.words[-2:]), len(scan.words) - 2)
            return count.end + 1
        return at + 1
    if tokens[at].text == "times" and scan.before(at).kind == "n":
        return at
    if after.text in ("doses", "dose", "treatments", "cycles", "sessions"):
        scan.write("for", at, at + 1)
        return at + 1
    return _counted(scan, at, count.end, count.digits)


def every(scan: Scan, at: int) -> int:
    """``every 6 hours``, ``every four to six hours``, ``once every 3 days``, ``every third day``."""
    tokens = scan.tokens
    start = at + 1 + (tokens[at].text == "once")
    word = tokens[start].text
    if word in ORDINALS and tokens[start + 1].text in PERIODS:
        return _interval(scan, at, Number(str(ORDINALS[word]), start + 1))
    count, end = _count(scan, start)
    return _interval(scan, at, Number(count, end)) if count else at


def q_form(scan: Scan, at: int) -> int:
    """``q6h``, ``q 4-6 hrs``, ``q2wk``, ``q 12 hours``, ``q6``."""
    count, end = _count(scan, at + 1)
    if not count:
        return at
    read = _interval(scan, at, Number(count, end))
    if read == at and scan.tokens[at + 1].tight and count in ("2", "3", "4", "6", "8", "12", "24"):
        scan.write(f"q{count}h", at, end)
        scan.note("frequency", scan.words[-1], len(scan.words) - 1)
        return end
    return read


def _interval(scan: Scan, at: int, count: Number) -> int:
    period = scan.tokens[count.end]
    name = PERIODS.get(period.text, "")
    if name not in _EVERY_UNITS or (period.text == "s" and period.tight and scan.tokens[at].text != "q"):
        return at  # "each 60s" is of a decade
    form = f"q{count.digits}{_EVERY_UNITS[name]}"
    form = {"q1d": "1x/day", "q1week": "1x/week", "q1month": "1x/month", "q1year": "1x/year"}.get(form, form)
    scan.write(form, at, count.end + 1)
    scan.note("frequency", form, len(scan.words) - 1)
    return count.end + 1
