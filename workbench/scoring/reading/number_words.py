"""Words of numbers, and the words around them that decide how they are read."""

from __future__ import annotations

from decimal import Decimal

from workbench.scoring.reading.tables import words

__all__ = [
    "AGAIN",
    "DECADES",
    "DENOMINATORS",
    "DIGITS",
    "FORMS",
    "FRACTION_WORDS",
    "NUMBER_WORDS",
    "OH",
    "ORDINALS",
    "ORDINAL_DIGITS",
    "ORDINAL_SCALES",
    "POINTED",
    "ROMAN",
    "SCALES",
    "SMALL",
    "STARTS",
    "TAKES_ROMAN",
    "TEENS",
    "TENS",
    "plain",
]

DIGITS = {w: i for i, w in enumerate(words("zero one two three four five six seven eight nine"))}
TEENS = {
    w: i
    for i, w in enumerate(
        words("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"), start=10
    )
}
TENS = {w: 10 * i for i, w in enumerate(words("twenty thirty forty fifty sixty seventy eighty ninety"), start=2)}
DECADES = {word[:-1] + "ies": value for word, value in TENS.items()}
"""Words of decades."""
TENS["fourty"] = 40
SCALES = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
ORDINAL_DIGITS = {
    w: i for i, w in enumerate(words("first second third fourth fifth sixth seventh eighth ninth"), start=1)
}
_ORDINAL_TEENS = {
    w: i
    for i, w in enumerate(
        words("""tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"""),
        start=10,
    )
}
_ORDINAL_TENS = {
    w: 10 * i
    for i, w in enumerate(
        words("twentieth thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth"), start=2
    )
}
ORDINAL_SCALES = {"hundredth": 100, "thousandth": 1_000, "millionth": 1_000_000}
ORDINALS = ORDINAL_DIGITS | _ORDINAL_TEENS | _ORDINAL_TENS
"""Ordinals of one word."""
SMALL = DIGITS | TEENS
OH = ("oh", "o")
AGAIN = {"double": 2, "triple": 3}
NUMBER_WORDS = frozenset({*SMALL, *TENS, *SCALES, "hundred"})
"""Words that are part of a number wherever they stand."""
STARTS = NUMBER_WORDS | {"a", "an", "double", "triple", "oh", "o", "point", "half", "quarter"}
FORMS = frozenset(
    words("""tablet tablets tab tabs capsule capsules cap caps pill pills patch patches vial vials dose doses""")
)
# Before these, "point" is a place or a moment: "at that point 5 mg".
POINTED = frozenset(
    words(
        """that this the a some any each every which trigger pressure starting end no my your his her one data
    focal"""
    )
)
FRACTION_WORDS = {
    "half": (1, 2), "halves": (1, 2), "third": (1, 3), "thirds": (1, 3), "quarter": (1, 4), "quarters": (1, 4),
    "fourth": (1, 4), "fourths": (1, 4), "eighth": (1, 8), "eighths": (1, 8), "fifths": (1, 5), "sixths": (1, 6),
    "sevenths": (1, 7),
}  # fmt: skip
DENOMINATORS = frozenset({"2", "3", "4", "7", "8", "16"})
"""Below the line of a mixed number; sevenths are days of a pregnancy."""
ROMAN = {r: str(i) for i, r in enumerate(words("i ii iii iv v vi vii viii ix x xi xii xiii xiv xv"), start=1)}
TAKES_ROMAN = frozenset(
    words(
        """type types stage stages grade grades class phase factor category level zone nerve nerves cn tanner
    gustilo group mallampati harris nyha axis bipolar angle asa lead leads fitzpatrick killip figo mobitz hess
    bethesda rads birads schatzker garden lawrence outerbridge wagner clark mayo hinchey balthazar forrest paris
    fort"""
    )
)
"""Behind these stands the number of a kind, often in Roman numerals."""


def plain(value: Decimal) -> str:
    """Plain digits of a decimal: ``1E+3`` is "1000", ``2.50`` is "2.5"."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
