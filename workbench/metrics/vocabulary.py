"""Words of clinical dictation: units, frequencies, abbreviations, negations and sides.

House rules: tables only. Two entries share a right-hand side only where they mean the same amount, time or thing;
names of drugs do not occur here at all. Left-hand sides are tokens after the ``basic`` normaliser.
"""

from __future__ import annotations

__all__ = ["FREQUENCIES", "MONTHS", "NEGATIONS", "ORDINALS", "PHRASES", "SIDES", "UNITS", "UNITS_AFTER_NUMBER"]

_AMOUNTS = {
    "mg": "milligram milligrams mgs",
    "mcg": "microgram micrograms ug µg μg",
    "ng": "nanogram nanograms",
    "g": "gram grams gm gms",
    "kg": "kilogram kilograms kgs",
    "ml": "milliliter milliliters millilitre millilitres mls cc ccs",
    "l": "liter liters litre litres",
    "dl": "deciliter deciliters decilitre decilitres",
    "mm": "millimeter millimeters millimetre millimetres",
    "cm": "centimeter centimeters centimetre centimetres",
    "meq": "milliequivalent milliequivalents",
    "mmol": "millimole millimoles",
    "%": "percent",
    "iu": "",
    "bpm": "",
    "mmhg": "",
    "mg/dl": "",
    "g/dl": "",
    "mmol/l": "",
    "meq/l": "",
}
_COUNTED = {
    "units": "unit u",
    "hours": "hour hrs hr h",
    "minutes": "minute mins min",
    "seconds": "second secs sec",
    "days": "day",
    "weeks": "week wk wks",
    "months": "month",
    "years": "year yr yrs",
    "lb": "pound pounds lbs",
    "oz": "ounce ounces",
    "inches": "inch",
    "feet": "foot ft",
    "degrees": "degree °",
    "tablets": "tablet tabs tab",
    "capsules": "capsule caps cap",
    "drops": "drop gtt gtts",
    "puffs": "puff",
    "degrees f": "°f",
    "degrees c": "°c",
}

UNITS: dict[str, str] = {form: unit for unit, forms in _AMOUNTS.items() for form in (unit, *forms.split())}
"""Written and spoken units of amounts to one form each, wherever they stand."""

UNITS_AFTER_NUMBER: dict[str, str] = {
    **UNITS,
    **{form: unit for unit, forms in _COUNTED.items() for form in (unit, *forms.split())},
}
"""The same with forms that are units only behind a number: "left foot" and "on second thought" are left alone."""

FREQUENCIES = frozenset({"daily", "bid", "tid", "qid", "qhs", "prn", "weekly", "nightly"})
"""Frequencies after the clinical normaliser; "q6h" and the like are found by their shape."""

PHRASES: dict[tuple[str, ...], str] = {
    ("per", "cent"): "%",
    ("international", "units"): "iu",
    ("mm", "hg"): "mmhg",
    ("mm", "of", "mercury"): "mmhg",
    ("mg", "dl"): "mg/dl",
    ("mg", "per", "dl"): "mg/dl",
    ("g", "dl"): "g/dl",
    ("g", "per", "dl"): "g/dl",
    ("mmol", "l"): "mmol/l",
    ("mmol", "per", "l"): "mmol/l",
    ("meq", "l"): "meq/l",
    ("meq", "per", "l"): "meq/l",
    ("beats", "per", "minutes"): "bpm",
    ("beats", "per", "minute"): "bpm",
    ("degrees", "fahrenheit"): "degrees f",
    ("degrees", "celsius"): "degrees c",
    ("degrees", "centigrade"): "degrees c",
    ("once", "daily"): "daily",
    ("once", "a", "day"): "daily",
    ("every", "day"): "daily",
    ("qd",): "daily",
    ("twice", "daily"): "bid",
    ("twice", "a", "day"): "bid",
    ("2", "times", "daily"): "bid",
    ("2", "times", "a", "day"): "bid",
    ("b", "i", "d"): "bid",
    ("3", "times", "daily"): "tid",
    ("3", "times", "a", "day"): "tid",
    ("t", "i", "d"): "tid",
    ("4", "times", "daily"): "qid",
    ("4", "times", "a", "day"): "qid",
    ("q", "i", "d"): "qid",
    ("at", "bedtime"): "qhs",
    ("q", "h", "s"): "qhs",
    ("as", "needed"): "prn",
    ("p", "r", "n"): "prn",
    ("by", "mouth"): "po",
    ("p", "o"): "po",
    ("orally",): "po",
    ("intravenously",): "iv",
    ("intravenous",): "iv",
    ("i", "v"): "iv",
    ("blood", "pressure"): "bp",
    ("b", "p"): "bp",
    ("shortness", "of", "breath"): "sob",
    ("s", "o", "b"): "sob",
    ("electrocardiogram",): "ekg",
    ("ecg",): "ekg",
    ("e", "c", "g"): "ekg",
    ("e", "k", "g"): "ekg",
    ("m", "r", "i"): "mri",
    ("c", "t"): "ct",
    ("c", "b", "c"): "cbc",
    ("c", "o", "p", "d"): "copd",
    ("c", "h", "f"): "chf",
    ("g", "i"): "gi",
    ("u", "t", "i"): "uti",
    ("i", "c", "u"): "icu",
    ("b", "m", "i"): "bmi",
    ("t", "s", "h"): "tsh",
    ("l", "d", "l"): "ldl",
    ("h", "d", "l"): "hdl",
    ("a", "1", "c"): "a1c",
    ("c", "o", "2"): "co2",
    ("o", "2"): "o2",
    ("s", "p", "o", "2"): "spo2",
    ("x", "ray"): "xray",
    ("x", "rays"): "xrays",
    ("follow", "up"): "followup",
    ("dr",): "doctor",
    ("versus",): "vs",
    ("okay",): "ok",
}
"""Phrases with one form each; the longest match wins."""

MONTHS: dict[str, str] = {
    form: short
    for short, forms in {
        "jan": "january", "feb": "february", "mar": "march", "apr": "april", "may": "", "jun": "june", "jul": "july",
        "aug": "august", "sep": "september sept", "oct": "october", "nov": "november", "dec": "december",
    }.items()
    for form in (short, *forms.split())
}  # fmt: skip

ORDINALS: dict[str, int] = {
    w: i
    for i, w in enumerate(
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
         "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
         "twentieth"],
        start=1,
    )
} | {"thirtieth": 30}  # fmt: skip

NEGATIONS = frozenset(
    {"no", "not", "never", "none", "nor", "neither", "without", "denies", "denied", "deny", "denying", "negative",
     "absent", "cannot", "unremarkable"}
)  # fmt: skip
"""Words that negate a finding; contractions in n't count as well."""

SIDES = frozenset({"left", "right", "bilateral", "bilaterally"})
"""Words that say on which side."""
