"""Eyes and ears: "OD", "AU", drops in one of them, and vision in Snellen's fractions.

"OD" is the right eye where drops or a vision stand before it, daily behind an amount by mouth, and otherwise itself.
"AS" is the left ear behind drops or an ear only. "twenty forty" is 20/40 where a vision is spoken of, and else a number
or a year.
"""

from __future__ import annotations

from workbench.scoring.reading.numerals import is_number, number
from workbench.scoring.reading.scan import Scan
from workbench.scoring.reading.tables import words

__all__ = ["behind_eye", "ear", "eye", "snellen"]

_EYES = {"od": "right", "os": "left", "ou": "both", "right": "right", "left": "left", "both": "both",
         "bilateral": "both"}  # fmt: skip
_SEEN = frozenset(
    words(
        """drop drops gtt gtts vision va acuity eye eyes ophthalmic iop sphere pressure instill ointment
    latanoprost timolol sphere cylinder manifest refraction diopters"""
    )
)


def eye(scan: Scan, at: int) -> int:
    """``OD``, ``OS``, ``OU``, and "in the right eye" behind drops."""
    tokens = scan.tokens
    token = tokens[at]
    if token.text in _LETTERS:
        short = (len(token.text) == 2 or token.raw.isupper()) and not token.tight
        name = tokens[at + 1].text
        return _eyed(scan, at, at + 2, _LETTERS[token.text], _ORGANS[name]) if short and name in _ORGANS else at
    if token.text in ("right", "left", "both", "bilateral"):
        return (
            _eyed(scan, at, at + 2, _EYES[token.text], _ORGANS[name])
            if (name := tokens[at + 1].text) in _ORGANS
            else at
        )
    if token.text in ("in", "to", "into"):
        here = at + 1 + (tokens[at + 1].text == "the")
        side, name = tokens[here].text, tokens[here + 1].text
        side = _LETTERS.get(side, side)
        if side in ("right", "left", "both") and name in _ORGANS and (_seen(scan, at) or _heard(scan, at)):
            return _eyed(scan, at, here + 2, _EYES[side], _ORGANS[name])
        return at
    after, behind = tokens[at + 1], tokens[at + 2]
    sight = after.kind == "n" and after.text == "20" and behind.text == "/"
    sight |= after.text in ("-", "+", "minus", "plus") and is_number(behind)  # the power of a lens
    if (
        sight
        or _seen(scan, at)
        or (token.raw in ("OS", "OU") and scan.before(at).text not in ("cervical", "internal", "external"))
    ):
        return _eyed(scan, at, at + 1, _EYES[token.text])
    if (
        token.text == "od"
        and scan.found
        and scan.found[-1].kind in ("quantity", "route", "range")
        and scan.found[-1].stop == len(scan.words)
    ):
        scan.write("1x/day", at, at + 1)
        scan.note("frequency", "1x/day", len(scan.words) - 1)
        return at + 1
    return at


def behind_eye(first: str) -> frozenset[str] | None:
    """What may stand behind a word where :func:`eye` reads something; None for anything."""
    if first in ("right", "left", "both", "bilateral"):
        return frozenset(_ORGANS)
    return frozenset({"the", "right", "left", "both", *_LETTERS}) if first in ("in", "to", "into") else None


def _seen(scan: Scan, at: int) -> bool:
    """Whether drops, a vision or an eye stand near."""
    tokens = scan.tokens
    return any(t.text in _SEEN for t in (*tokens[max(0, at - 5) : at], tokens[at + 1])) or any(
        tokens[k].text == "20" and tokens[k + 1].text == "/" for k in range(max(0, at - 6), at)
    )


_LETTERS = {"r": "right", "l": "left", "rt": "right", "lt": "left"}


def ear(scan: Scan, at: int) -> int:
    """``AD``, ``AS``, ``AU`` in capitals or with stops, behind drops or an ear."""
    token, after = scan.tokens[at], scan.tokens[at + 1].text
    if not (token.raw.isupper() or "." in token.raw) or after in _AS_IS or not _heard(scan, at):
        return at
    return _eyed(scan, at, at + 1, _EARS[token.text], "ear")


_EARS = {"ad": "right", "as": "left", "au": "both"}
_HEARING = frozenset(words("drop drops gtt gtts ear ears otic otitis tympanic cerumen hearing instill"))
_AS_IS = frozenset(words("needed directed ordered prescribed tolerated before above well a the"))


def _heard(scan: Scan, at: int) -> bool:
    return any(t.text in _HEARING for t in scan.tokens[max(0, at - 5) : at])


_ORGANS = {"eye": "eye", "eyes": "eye", "ear": "ear", "ears": "ear"}


def _eyed(scan: Scan, at: int, end: int, side: str, organ: str = "eye") -> int:
    first = len(scan.words)
    scan.write(side, at, end)
    scan.write(f"{organ}s" if side == "both" else organ, at, end)
    scan.note(organ, " ".join(scan.words[first:]), first)
    return end


_SIGHT = frozenset(words("vision va acuity acuities snellen sees seeing corrected uncorrected"))
_AT_ALL = frozenset(words("in since by until from before after during year"))
_LINES = frozenset(
    words("10 12 13 15 16 20 25 30 32 35 40 50 60 63 70 80 100 125 150 160 200 250 300 320 400 500 600 640 800 1000")
)


def snellen(scan: Scan, at: int) -> int:
    """``vision twenty forty``, ``twenty over two hundred in the left eye``, ``acuity 20 40``."""
    tokens = scan.tokens
    if tokens[at].text not in ("twenty", "20") or scan.before(at).text in _AT_ALL:
        return at
    over = tokens[at + 1].text == "over"
    second = number(tokens, at + 1 + over)
    if second is None or second.ordinal or second.digits not in _LINES or tokens[at + 1].tight:
        return at
    near = any(t.text in _SIGHT for t in tokens[max(0, at - 14) : at]) or _of_an_eye(scan, second.end)
    if not near or tokens[second.end].text in ("%", "percent", "degrees"):
        return at
    scan.write(f"20/{second.digits}", at, second.end)
    scan.note("ratio", scan.words[-1], len(scan.words) - 1)
    return second.end


def _of_an_eye(scan: Scan, at: int) -> bool:
    """Whether the eye or the vision follows."""
    here = scan.texts(at, 4)
    return here[0] in ("vision", "acuity", "od", "os", "ou") or (
        here[0] in ("in", "on", "right", "left", "both")
        and any(word in ("eye", "eyes", "od", "os", "ou") for word in here)
    )
