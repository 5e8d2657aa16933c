"""Every single change of a digit, unit, sign, frequency, drug, side or negation in a written reference."""

import re

_UNITS = {
    "mg": "mcg", "mcg": "mg", "g": "mg", "kg": "lb", "cm": "mm", "mm": "cm", "mmHg": "mg", "weeks": "days",
    "days": "weeks",
    "months": "weeks", "years": "months", "minutes": "hours", "hours": "minutes", "units": "mg", "tablets": "capsules",
    "tablet": "capsule", "puffs": "tablets", "degrees": "percent",
}  # fmt: skip
_FREQUENCIES = {
    "twice daily": "daily", "once a day": "once a week", "daily": "weekly", "every twelve hours": "every two hours",
    "every four hours": "every forty hours", "every six hours": "every eight hours", "at bedtime": "in the morning",
    "as needed": "as ordered", "twice a week": "once a week", "each morning": "each evening",
    "every night": "every hour",
    "three times a day": "two times a day", "twice a day": "twice a week", "once a year": "once a month",
    "every day": "every other day",
    "every 3 days": "every 13 days", "every month": "every week", "every morning": "every evening",
}  # fmt: skip
_NEGATIONS = {
    "not": "",
    "no": "",
    "denies": "reports",
    "without": "with",
    "never": "",
    "none": "some",
    "No": "",
    "Never": "Always",
    "None": "Some",
}
_SIDES = {"left": "right", "right": "left", "both": "the", "Left": "right", "Right": "left"}


def mutations(text, drugs):
    """(measure, mutated text) of every single change."""
    for found in re.finditer(r"\d", text):
        yield "values", _put(text, found.span(), str((int(found[0]) + 3) % 10))
    for found in re.finditer(r"(?<![\w.])(\d+(?:\.\d+)?)(?!\S*[/\w-]\w)(?!\w)", text):
        for sign in "->":
            yield "values", _put(text, (found.start(), found.start()), sign)
    for found in re.finditer(r"(?<=\d)%", text):
        yield "values", _put(text, found.span(), " mg")
    for old, new in _UNITS.items():
        for found in re.finditer(rf"(?<=\d )\b{old}\b", text):
            yield "values", _put(text, found.span(), new)
    yield from _frequencies(text)
    for measure, table in (("negations", _NEGATIONS), ("sides", _SIDES)):
        for old, new in table.items():
            for found in re.finditer(rf"\b{old}\b", text):
                yield measure, _put(text, found.span(), new)
    yield from _drugs(text, drugs)


def _drugs(text, drugs):
    for drug in drugs:
        for found in re.finditer(rf"\b{re.escape(drug)}\b", text):
            for other in ("hydroxyzine", "the medicine"):
                yield "drugs", _put(text, found.span(), other)


def _frequencies(text):
    taken = []
    for old, new in sorted(_FREQUENCIES.items(), key=lambda pair: -len(pair[0])):
        for found in re.finditer(rf"\b{old}\b", text):
            if not any(a < found.end() and found.start() < b for a, b in taken):
                taken.append(found.span())
                yield "values", _put(text, found.span(), new)


def _put(text, span, new):
    return text[: span[0]] + new + text[span[1] :]
