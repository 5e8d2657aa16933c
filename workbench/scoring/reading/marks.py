"""Marks: which stand for a word, which belong to a number, and which only end what stands before them."""

from __future__ import annotations

from workbench.scoring.reading.operands import starts_number
from workbench.scoring.reading.scan import Scan
from workbench.scoring.reading.tables import words
from workbench.scoring.reading.tokens import Token

__all__ = ["equals", "mark"]

_SAYING = {
    ">": "greater than", "<": "less than", ">=": "greater than or equal to", "<=": "less than or equal to",
    "↑": "increased", "⬆": "increased", "↓": "decreased", "⬇": "decreased", "→": "to", "♂": "male", "♀": "female",
}  # fmt: skip
"""Marks that say a word between words."""


def mark(scan: Scan, at: int) -> int:
    """What becomes of a mark: content stays, punctuation ends what stands before it."""
    tokens = scan.tokens
    token = tokens[at]
    text, before, after = token.text, scan.before(at), tokens[at + 1]
    named = before.kind == "n" and before.tight and scan.before(at, 2).kind == "w"  # HER2+, p16-
    ion = (scan.before(at, 2) if named else before).text in _IONS
    if (
        text in "-+"
        and before.kind in "wn"
        and token.tight
        and (token.last or (after.text in "/,;.)" and after.tight))
        and not ion
        and (named or _tested(text, before))
    ):
        scan.write("negative" if text == "-" else "positive", at, at + 1)
    elif text == "&" or (text == "+" and before.kind == "w" and after.kind == "w" and not token.tight):
        scan.write("and", at, at + 1)
    elif text in _SAYING and before.kind != "m":
        for word in _SAYING[text].split():
            scan.write(word, at, at + 1)
    elif text == "@":
        scan.write("at", at, at + 1)
    elif text == "%":
        scan.write("%", at, at + 1)
    elif text in ("/", "^", "+", "*", "\\", "$", "€", "£", "°", "~") and (
        before.kind in "nf" or after.kind in "nf" or text in ("$", "€", "£")
    ):
        scan.write(text, at, at + 1)
    elif not (text in "-/'\"" and token.tight):
        scan.breaks.add(len(scan.words))
    return at + 1


_IONS = frozenset(words("k na ca h li cl mg fe hco po so zn cu"))
_TESTS = frozenset(
    words("""hiv rh hcv hbv hpv hsv cmv ebv rsv ppd crp er pr her2 strep covid flu influenza mono mrsa guaiac hemoccult
    nitrite nitrites ketone ketones glucose protein leuks hcg homans murphy babinski ana anca hbsag""")
)  # fmt: skip


def _tested(sign: str, before: Token) -> bool:
    """Whether a sign behind a word is a result: ``HIV-``, ``Rh+``, ``strep+``; "pre-" is half a word."""
    return before.kind == "w" and (sign == "+" or before.raw.isupper() or before.text in _TESTS)


def equals(scan: Scan, at: int) -> int:
    """Before a number, nothing: as the mark."""
    if not starts_number(scan.tokens[at + 1]):
        return at
    scan.breaks.add(len(scan.words))
    return at + 1
