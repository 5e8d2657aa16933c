"""Units of clinical amounts: one form each, and what converts into what.

Only exact powers of ten convert (1 g is 1000 mg); an amount is shown in the largest unit of its ladder
that leaves at least one whole. Denominators are kept as said: mg/hr is not mg/day. Short forms are units behind a
number only. A table of our own, because pint reads mEq, IU, gtt and diopters not at all, G as gauss, H as henry,
C as coulomb, M as molar and "units" as micronits, and takes 0.4 s to start.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from workbench.scoring.reading.number_words import plain
from workbench.scoring.reading.tables import words

__all__ = ["ALONE", "COUNTED", "PERIODS", "UNITS", "convert"]

_LADDERS: tuple[tuple[tuple[str, int], ...], ...] = (
    (("kg", 3), ("g", 0), ("mg", -3), ("mcg", -6), ("ng", -9), ("pg", -12)),
    (("l", 0), ("ml", -3), ("mcl", -6)),
    (("km", 3), ("m", 0), ("cm", -2), ("mm", -3), ("mcm", -6), ("nm", -9)),
    (("mol", 0), ("mmol", -3), ("mcmol", -6), ("nmol", -9), ("pmol", -12)),
    (("gy", 0), ("cgy", -2)),
    (("eq", 0), ("meq", -3)),
    (("osm", 0), ("mosm", -3)),
    (("s", 0), ("ms", -3)),
)
_RANK = {unit: (ladder, power) for ladder in _LADDERS for unit, power in ladder}

_AMOUNTS = {
    "kg": "kilogram kilograms kgs kilo kilos kilogramme kilogrammes",
    "g": "gram grams gm gms gramme grammes",
    "mg": "milligram milligrams mgs mgm milligramme milligrammes",
    "mcg": "microgram micrograms ug µg mcgs mic mics mike mikes microgramme microgrammes",
    "ng": "nanogram nanograms",
    "pg": "picogram picograms",
    "l": "liter liters",
    "dl": "deciliter deciliters",
    "ml": "milliliter milliliters mls mil mils cc ccs cc's",
    "mcl": "microliter microliters ul µl",
    "km": "kilometer kilometers kms",
    "m": "meter meters",
    "cm": "centimeter centimeters cms",
    "mm": "millimeter millimeters mms",
    "mcm": "micrometer micrometers micron microns um µm",
    "nm": "nanometer nanometers",
    "mol": "",
    "mmol": "millimole millimoles",
    "mcmol": "micromole micromoles umol µmol",
    "nmol": "nanomole nanomoles",
    "pmol": "picomole picomoles",
    "eq": "",
    "osm": "",
    "meq": "milliequivalent milliequivalents meqs",
    "mosm": "milliosmole milliosmoles",
    "gy": "gray grays",
    "cgy": "centigray centigrays",
    "iu": "ius",
    "units": "unit u",
    "mu": "milliunit milliunits",
    "miu": "milli-international",
    "lb": "pound pounds lbs",
    "oz": "ounce ounces",
    "inches": "inch",
    "feet": "foot ft",
    "miles": "mile",
    "yards": "yard",
    "tsp": "teaspoon teaspoons teaspoonful teaspoonfuls tsps",
    "tbsp": "tablespoon tablespoons tablespoonful tablespoonfuls tbsps",
    "bpm": "",
    "mmhg": "torr",
    "cmh2o": "",
    "hz": "hertz",
    "khz": "kilohertz",
    "db": "decibel decibels",
    "kcal": "kilocalorie kilocalories kcals",
    "cal": "calorie calories cals",
    "j": "joule joules",
    "mhz": "megahertz",
    "ms": "millisecond milliseconds msec msecs",
    "kj": "kilojoule kilojoules",
    "watts": "watt",
    "kpa": "kilopascal kilopascals",
    "kv": "kilovolt kilovolts",
    "mci": "millicurie millicuries",
    "mbq": "megabecquerel megabecquerels",
    "fl": "femtoliter femtoliters",
    "pd": "",
    "rpm": "",
    "ppm": "",
    "l/min": "lpm",
    "ml/h": "mlh",
    "ma": "milliamp milliamps",
    "mv": "millivolt millivolts",
    "cfu": "",
    "hpf": "",
    "lpf": "",
    "fr": "french",
    "gauge": "",
    "d": "diopter diopters dioptre dioptres dpt",
    "mm3": "",
    "m2": "",
    "%": "percent percents",
    "°": "degree degrees deg",
    "°f": "fahrenheit",
    "°c": "celsius centigrade",
}
_COUNTS = {
    "tablets": "tablet tabs tab tablet(s)",
    "capsules": "capsule caps cap",
    "caplets": "caplet",
    "pills": "pill",
    "drops": "drop gtt gtts",
    "puffs": "puff",
    "sprays": "spray",
    "patches": "patch",
    "doses": "dose",
    "vials": "vial",
    "ampules": "ampule ampoule ampoules amp amps",
    "suppositories": "suppository",
    "lozenges": "lozenge",
    "sachets": "sachet",
    "packets": "packet",
    "packs": "pack",
    "packs/day": "ppd",
    "refills": "refill",
    "cigarettes": "cigarette",
    "drinks": "drink",
    "inhalations": "inhalation",
    "breaths": "breath",
    "beats": "beat",
    "copies": "copy",
    "cells": "cell",
    "stitches": "stitch",
    "sutures": "suture",
    "fingerbreadths": "fingerbreadth",
}
_TIMES = {
    "s": "second seconds sec secs",
    "min": "minute minutes mins",
    "h": "hour hours hr hrs",
    "days": "day",
    "weeks": "week wk wks",
    "months": "month mo mos",
    "years": "year yr yrs",
}


def _forms(*tables: dict[str, str]) -> dict[str, str]:
    return {form: unit for table in tables for unit, forms in table.items() for form in (unit, *forms.split())}


UNITS: dict[str, str] = _forms(_AMOUNTS, _COUNTS, _TIMES)
"""Forms behind a number to the unit."""

PERIODS: dict[str, str] = {
    form: {"days": "day", "weeks": "week", "months": "month", "years": "year"}.get(unit, unit)
    for form, unit in (_forms(_TIMES) | {"d": "days", "y": "years", "w": "weeks"}).items()
} | {"24h": "day"}
"""Times to the form they have in a denominator or a frequency."""

DENOMINATORS: dict[str, str] = UNITS | PERIODS | {"dose": "dose", "tablet": "tablet", "hpf": "hpf", "puff": "puff",
                                                  "breath": "breath", "unit": "unit", "drop": "drop", "spray": "spray",
                                                  "capsule": "capsule", "cap": "capsule", "tab": "tablet",
                                                  "actuation": "actuation", "inhalation": "inhalation", "meal": "meal",
                                                  "fraction": "fraction", "session": "session"}  # fmt: skip
"""What may stand below a line, in the singular."""

COUNTED = frozenset({*UNITS, "pint", "cup", "grain"}) - frozenset(words("d m j s h % ° °f °c fr cal"))
"""Words that half of one can be taken of."""

ALONE: dict[str, str] = {
    form: unit
    for unit in ("mg", "mcg", "kg", "ml", "dl", "cm", "mm", "meq", "mmol", "mcmol", "ng", "mosm", "%")
    for form in (unit, *_AMOUNTS[unit].split())
    if form not in ("kilo", "kilos", "mic", "mics", "mike", "mikes", "mil", "mils", "cc", "ccs")
}
"""Forms that are a unit wherever they stand: "gram stain" and "left foot" are none."""


def _hours(numbers: tuple[str, ...], unit: str) -> tuple[tuple[str, ...], str]:
    """Parts of an hour in minutes ("half an hour" is 30 minutes), minutes that make hours in hours."""
    if any("/" in n for n in numbers):
        return numbers, unit
    values = [Decimal(n) for n in numbers]
    minutes = [60 * v if unit == "h" else v for v in values]
    if not all(minutes) or any(m % 1 for m in minutes):
        return numbers, unit
    if all(m % 60 == 0 for m in minutes):
        return tuple(plain(m / 60) for m in minutes), "h"
    return tuple(map(plain, minutes)), "min"


@lru_cache(maxsize=1 << 14)
def convert(numbers: tuple[str, ...], unit: str) -> tuple[tuple[str, ...], str]:
    """Numbers in the largest unit of the ladder that leaves at least one whole of the smallest.

    >>> convert(("1000",), "mg"), convert(("0.5", "1"), "g/kg")
    ((('1',), 'g'), (('500', '1000'), 'mg/kg'))
    """
    if unit in ("h", "min"):
        return _hours(numbers, unit)
    top, line, below = unit.partition("/")
    if top not in _RANK or any("/" in n for n in numbers):
        return numbers, unit
    ladder, power = _RANK[top]
    values = [Decimal(n) for n in numbers]
    least = min(abs(v) for v in values)
    if not least:
        # Nothing of a unit says no size; the unit is kept.
        return numbers, unit
    for form, other in ladder:
        if least.scaleb(power - other) >= 1 or form == ladder[-1][0]:
            return tuple(plain(v.scaleb(power - other)) for v in values), form + line + below
    return numbers, unit
