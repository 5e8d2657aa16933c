"""Unit expressions behind a number: names, denominators, and labels that only look like units.

A unit is never read across a mark; "HR", "H", "L", "Mg" and "CC" in capitals behind a number may be the
name of the next value or a flag, and then are no unit.
"""

from __future__ import annotations

from typing import NamedTuple

from workbench.scoring.reading.number_words import NUMBER_WORDS
from workbench.scoring.reading.numerals import is_number, number
from workbench.scoring.reading.scan import Phrases
from workbench.scoring.reading.tables import words
from workbench.scoring.reading.tokens import Row
from workbench.scoring.reading.units import DENOMINATORS, PERIODS, UNITS

__all__ = ["ANALYTES", "UNIT_NAMES", "Unit", "unit", "unit_alone"]


class Unit(NamedTuple):
    """A unit and the place behind it."""

    name: str
    end: int


UNIT_NAMES: dict[tuple[str, ...], str] = {
    ("mm", "hg"): "mmhg", ("mm", "of", "mercury"): "mmhg", ("millimeters", "of", "mercury"): "mmhg",
    ("millimeter", "of", "mercury"): "mmhg", ("millimeters", "mercury"): "mmhg", ("mm", "mercury"): "mmhg",
    ("cm", "h", "2", "o"): "cmh2o", ("cmh", "2", "o"): "cmh2o", ("centimeters", "of", "water"): "cmh2o",
    ("cm", "of", "water"): "cmh2o", ("international", "units"): "iu", ("international", "unit"): "iu",
    ("per", "cent"): "%", ("degrees", "f"): "°f", ("degrees", "c"): "°c",
    ("degree", "f"): "°f", ("degree", "c"): "°c", ("°", "f"): "°f", ("°", "c"): "°c", ("degrees", "fahrenheit"): "°f",
    ("degrees", "celsius"): "°c", ("degrees", "centigrade"): "°c", ("degree", "fahrenheit"): "°f", ("deg", "f"): "°f",
    ("deg", "c"): "°c", ("degree", "celsius"): "°c", ("°", "fahrenheit"): "°f", ("°", "celsius"): "°c",
    ("beats", "per", "minute"): "bpm", ("beats", "a", "minute"): "bpm", ("beats", "/", "min"): "bpm",
    ("beats", "/", "minute"): "bpm", ("beats", "per", "min"): "bpm", ("fluid", "ounces"): "oz", ("fl", "oz"): "oz",
    ("cubic", "centimeters"): "ml", ("cubic", "centimeter"): "ml", ("cubic", "millimeter"): "mm3",
    ("cubic", "millimeters"): "mm3", ("mm", "3"): "mm3", ("mm", "^", "3"): "mm3", ("square", "meter"): "m2",
    ("square", "meters"): "m2", ("meter", "squared"): "m2", ("meters", "squared"): "m2", ("m", "2"): "m2",
    ("m", "^", "2"): "m2", ("sq", "m"): "m2", ("cm", "2"): "cm2", ("cm", "^", "2"): "cm2", ("sq", "cm"): "cm2",
    ("square", "centimeter"): "cm2", ("square", "centimeters"): "cm2", ("centimeters", "squared"): "cm2",
    ("cm", "squared"): "cm2", ("mm", "2"): "mm2", ("mm", "^", "2"): "mm2", ("sq", "mm"): "mm2",
    ("mm", "squared"): "mm2",
    ("square", "millimeter"): "mm2", ("square", "millimeters"): "mm2", ("millimeters", "squared"): "mm2",
    ("cm", "3"): "ml", ("cm", "^", "3"): "ml", ("cubic", "cm"): "ml", ("centimeters", "cubed"): "ml",
    ("cubic", "mm"): "mm3", ("m", "squared"): "m2", ("liters", "per", "minute"): "l/min",
    ("revolutions", "per", "minute"): "rpm", ("parts", "per", "million"): "ppm", ("prism", "diopters"): "pd",
    ("prism", "diopter"): "pd", ("high", "power", "field"): "hpf", ("low", "power", "field"): "lpf",
    ("colony", "forming", "units"): "cfu", ("y", "/", "o"): "years old", ("y", "o"): "years old", ("year",
    "old"): "years old", ("years", "old"): "years old",
    ("yr", "old"): "years old", ("yrs", "old"): "years old", ("years", "of", "age"): "years old",
    ("yo",): "years old", ("milli", "international", "units"): "miu",
}  # fmt: skip
_LONG_NAMES = Phrases(UNIT_NAMES)
_FIRST = _LONG_NAMES.firsts()
_SQUARED = {("m", "2"), ("cm", "2"), ("mm", "2"), ("cm", "3"), ("mm", "3"), ("cmh", "2", "o"), ("cm", "h", "2", "o")}
ANALYTES = frozenset(
    words(
        """potassium sodium glucose calcium magnesium chloride phosphorus phosphate hemoglobin hematocrit hgb hct
    wbc rbc plt platelets creatinine cr bun k na ca mg cl albumin bilirubin alt ast inr ptt troponin lactate
    tsh ldl hdl cholesterol triglycerides ferritin bicarbonate bicarb co2 iron a1c ph sugar"""
    )
)
"""Names of measurements whose value may be flagged H or L."""
_NEEDLES = frozenset(words("needle needles iv catheter cannula angiocath butterfly"))
_AFTER_CC = frozenset(words("of per in bolus syringe a an every and or q to"))


def unit(tokens: Row, at: int, value: str = "") -> Unit | None:
    """The unit expression that begins here, behind a number.

    Args:
        tokens: tokens of a text.
        at: place behind the number.
        value: digits of the number, where it decides ("101 F", "45 M").
    """
    key = (at, value)
    if key not in tokens.units:
        tokens.units[key] = _unit(tokens, at, value)
    expression: Unit | None = tokens.units[key]
    return expression


def _unit(tokens: Row, at: int, value: str) -> Unit | None:
    token = tokens[at]
    if token.text == "per" and tokens[at + 1].text == "cent":
        return Unit("%", at + 2)
    if token.text in ("/", "per"):
        below = _below(tokens, at + 1)
        return _denominators(tokens, Unit("/" + below.name, below.end)) if below else None
    hourly = token.text == "an" and tokens[at + 1].text == "hour"
    if hourly and any(t.text == "at" for t in tokens[max(0, at - 5) : at]):
        rate = tokens[at + 2].text not in ("ago", "later", "before", "after", "earlier", "and")
        return Unit("/h", at + 2) if rate and is_number(tokens[at - 1]) else None
    if token.text in ("a", "an") and tokens[at + 1].text in ("day", "week", "month", "year", "night"):
        return None
    name = _name(tokens, at, value)
    return _denominators(tokens, name) if name else None


def _name(tokens: Row, at: int, value: str) -> Unit | None:
    token = tokens[at]
    if token.text in _FIRST:
        for name, texts in _LONG_NAMES.at(tokens, at):
            if texts not in _SQUARED or tokens[at + len(texts) - 1].tight:
                return Unit(name, at + len(texts))
    if token.kind == "m":
        return _mark(tokens, at)
    if len(token.text) <= 2 and (read := _gestation(tokens, at) or _short(tokens, at, value)) is not None:
        return Unit(read, at + 1) if read else None
    if token.text in UNITS:
        return Unit(UNITS[token.text], at + 1)
    return None


def _mark(tokens: Row, at: int) -> Unit | None:
    """``%``, ``°``, and the marks of feet and inches close behind a number."""
    token = tokens[at]
    if token.text in ("%", "°", "‰"):
        return Unit(token.text, at + 1)
    if not token.tight or tokens[at + 1].text == "s":
        return None
    if token.text == "'":
        return Unit("feet", at + 1)
    if token.text == '"' and sum(t.text == '"' for t in tokens[:at]) % 2 == 0:
        return Unit("inches", at + 1)
    return None


def _gestation(tokens: Row, at: int) -> str:
    """Weeks and days close behind their numbers: ``36w5d``."""
    if not tokens[at].tight or tokens[at].text not in ("w", "d"):
        return ""
    if tokens[at].text == "w":
        return "weeks"
    return "days" if at > 2 and tokens[at - 2].text == "w" else ""


def _short(tokens: Row, at: int, value: str) -> str | None:
    """Short forms that may be something else: the unit, "" for none, None if the table decides."""
    token, after = tokens[at], tokens[at + 1]
    glued = token.tight or token.joined
    text, raw = token.text, token.raw
    below = after.text in ("/", "per")
    if text == "f":
        return "°f" if (raw == "F" or glued) and _between(value, 80, 115) else ""
    if text == "c":
        return "°c" if (raw == "C" or glued) and _between(value, 30, 45) else ""
    if text == "k" or (raw == "M" and not below) or (raw == "MS" and not glued):
        return ""
    if text == "g" and after.text in _NEEDLES and (after.text != "iv" or (raw == "G" and _between(value, 14, 26))):
        return "gauge"
    if text == "in":
        ends = (after.kind in "bm" and after.text not in ("/", "-")) or after.text in ("tall", "long", "wide", "high")
        return "inches" if glued or ends else ""
    if glued or below:
        return None
    if raw == "H":
        return ""
    if raw == "L":
        return "" if any(t.text in ANALYTES for t in tokens[max(0, at - 4) : at]) else None
    if raw == "CC":
        return None if after.kind == "b" or after.text in _AFTER_CC or after.text in (",", ".", ";") else ""
    if text == "hr":
        named = after.text in ("is", "was", "of", "in", ":") or (
            is_number(after) and tokens[at + 2].text not in PERIODS
        )
        pressure = at >= 2 and tokens[at - 2].text in ("/", "over")
        return "" if named and (raw == "HR" or pressure) else None
    if raw == "Mg":
        return "" if is_number(after) or after.text in ("is", "was", "of", ":") else None
    return None


def _between(value: str, low: int, high: int) -> bool:
    try:
        return low <= float(value) <= high
    except ValueError:
        return False


def _below(tokens: Row, at: int) -> Unit | None:
    """What stands below a line."""
    token = tokens[at]
    many = number(tokens, at)
    if many is not None and not many.ordinal and "/" not in many.digits:
        read = _name(tokens, many.end, "")
        if read is None or read.name not in ("ml", "h", "g", "kcal", "l", "dl"):
            return None
        if (many.digits, read.name) == ("24", "h"):
            return Unit("day", read.end)
        return Unit(read.name if many.digits == "1" else many.digits + read.name, read.end)
    if token.text in _FIRST and (named := _name(tokens, at, "")) is not None and named.end > at + 1:
        return named
    if token.text in ("each", "every"):
        return None
    if token.text in DENOMINATORS:
        return Unit(DENOMINATORS[token.text], at + 1)
    return None


def _denominators(tokens: Row, top: Unit) -> Unit:
    """``mg/kg/day``, ``milligrams per kilogram per day``, ``mg an hour``."""
    while True:
        token = tokens[top.end]
        article = token.text in ("a", "an") and tokens[top.end + 1].text in PERIODS
        longer = top.name in _PARTS and PERIODS.get(tokens[top.end + 1].text) in _PARTS[top.name]
        if token.text not in ("/", "per") and not (article and (longer or top.name.split("/")[-1] not in _TIME_NAMES)):
            break
        if article and tokens[top.end + 2].text in ("ago", "later", "before", "after", "earlier"):
            break
        below = _below(tokens, top.end + 1)
        if below is None or below.name in top.name.split("/"):
            break
        top = Unit(f"{top.name}/{below.name}", below.end)
    return Unit({"beats/min": "bpm"}.get(top.name, top.name), top.end)


_PARTS = {"days": ("week", "month", "year"), "h": ("day", "week"), "min": ("day", "week"), "weeks": ("month", "year")}
_TIME_NAMES = frozenset({*PERIODS.values(), "days", "weeks", "months", "years"})


def unit_alone(tokens: Row, at: int) -> Unit | None:
    """A unit expression without a number: ``mg/kg``, ``milligrams per deciliter``."""
    name = _name(tokens, at, "")
    if tokens[at].raw == "NG" or tokens[at + 1].text in ("tube", "tubes"):  # through the nose
        return None
    if name is None or (tokens[at].text in NUMBER_WORDS):
        return None
    return _denominators(tokens, name)
