"""Normalisers: what two texts may differ in and still be equal.

A normaliser is a pure function of text with a name, a version and a hash over its rules, and all three
stand in every result. It may forgive form, never content: two drugs or two values are never folded into one. The
same normaliser is applied to both sides. Text is not patient-safe: nothing here logs or keeps it.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, lru_cache

from workbench.errors import InputError
from workbench.scoring.metrics.whisper import english
from workbench.scoring.reading import read, rules

__all__ = ["DEFAULT", "NORMALISERS", "Normaliser", "basic", "normaliser"]


@dataclass(frozen=True, slots=True)
class Normaliser:
    """A named function from text to text, ready to be split at white space.

    Attributes:
        name: name in results.
        spoken: whether it is compared with the spoken form of the reference; otherwise with the written form.

    >>> normaliser("basic")("BP: 120/80.")
    'bp 120/80'
    """

    name: str
    spoken: bool
    _apply: Callable[[str], str] = field(repr=False)
    _version: Callable[[], str] = field(repr=False)
    _rules: Callable[[], str] = field(repr=False)

    @property
    def version(self) -> str:
        """Raised whenever its behaviour changes."""
        return self._version()

    @property
    def hash(self) -> str:
        """sha256 over name, version and rules."""
        return _digest(self)

    def __call__(self, text: str) -> str:
        """The normalised text, words separated by one space."""
        return self._apply(text)

    def tokens(self, text: str) -> list[str]:
        """Words of the normalised text; an empty text has none."""
        return self._apply(text).split()


# A full stop, comma, colon or slash between digits belongs to the number: "2.5" must not become "2 5".
_INSIDE_NUMBERS = ".,:/"
_APOSTROPHES = "'’‘ʼ＇"
_MINUS = "-−"
# Punctuation by Unicode category that carries content in a clinical text ("98%", "A&E", "#2").
_KEPT = "%&#@*\\"
_MARK = re.compile(r"[^\w\s]|_")
_ABBREVIATION = re.compile(r"(?<!\w)(?:[^\W\d_]\.)+[^\W\d_]?(?!\w)")
_BASIC_RULES = "\n".join((_INSIDE_NUMBERS, _APOSTROPHES, _MINUS, _KEPT, _MARK.pattern, _ABBREVIATION.pattern))


def _white_space(text: str) -> str:
    return " ".join(text.split())


def _mark(match: re.Match[str]) -> str:
    """What becomes of one mark, given its neighbours."""
    sign, text, at = match[0], match.string, match.start()
    before = text[at - 1] if at else " "
    after = text[at + 1] if at + 1 < len(text) else " "
    if sign in _APOSTROPHES:
        return "'" if before.isalnum() and after.isalnum() else " "
    if sign in _INSIDE_NUMBERS and before.isdigit() and after.isdigit():
        return sign
    if sign == "." and after.isdigit() and not before.isalnum():
        return "."  # ".5 mg" is not "5 mg"
    if sign in _MINUS and (after.isdigit() or after == ".") and not before.isalnum():
        return "-"  # "-5" is not "5"; in "5-10" and "x-ray" it only joins
    if sign in _KEPT or not (unicodedata.category(sign).startswith("P") or sign in _MINUS):
        return sign
    return " "


@lru_cache(maxsize=1 << 12)
def basic(text: str) -> str:
    """Fold case, punctuation and white space, and nothing else.

    Not NFKC: that would turn "10½" into "101⁄2" and "10⁵" into "105".

    >>> basic("Temp. 38.5, B.P. 120/80 — patient's O.K.; no x-ray!")
    "temp 38.5 bp 120/80 patient's ok no x ray"
    >>> basic(".5 mg"), basic("-5"), basic("98%"), basic("  ")
    ('.5 mg', '-5', '98%', '')
    """
    return " ".join(filter(None, map(_basic_chunk, text.split())))


@lru_cache(maxsize=1 << 14)
def _basic_chunk(chunk: str) -> str:
    """What stands between white space; no rule looks beyond it, and dictation says the same words over and over."""
    chunk = unicodedata.normalize("NFC", chunk).casefold()
    if "." in chunk:
        chunk = _ABBREVIATION.sub(lambda match: match[0].replace(".", ""), chunk)
    return " ".join(_MARK.sub(_mark, chunk).split())


@cache
def _digest(which: Normaliser) -> str:
    # Asked for where something is scored: to show a stored score, no source of the rules has to be read.
    return hashlib.sha256(f"{which.name}\n{which.version}\n{which._rules()}".encode()).hexdigest()


def _english(text: str) -> str:
    """The Whisper English normaliser, unchanged, so that figures can be set beside published ones.

    It damages clinical text: "10 mm stent" becomes "10 stent", "-5" becomes "5", "oh" becomes "0".
    """
    return english(text)


def _clinical(text: str) -> str:
    return read(text).canonical


@cache
def _whisper_package() -> str:
    from importlib.metadata import version

    return f"whisper-normalizer {version('whisper-normalizer')}"


NORMALISERS: dict[str, Normaliser] = {
    # Raw is what stood on the screen against what should have stood there: the written form.
    "raw": Normaliser("raw", False, _white_space, lambda: "1", lambda: "white space"),
    "basic": Normaliser("basic", True, basic, lambda: "1", lambda: _BASIC_RULES),
    "english": Normaliser("english", True, _english, _whisper_package, _whisper_package),
    "clinical": Normaliser("clinical", True, _clinical, lambda: "2", rules),
}
"""Every normaliser by name, from the strictest to the most forgiving."""
DEFAULT = NORMALISERS["clinical"]
"""What texts are compared after where nothing else is asked for: forgives every form of the same meaning."""


def normaliser(name: str) -> Normaliser:
    """The normaliser called ``name``.

    Raises:
        InputError: there is none of that name.

    >>> normaliser("clinical")("one twenty over eighty") == normaliser("clinical")("120/80")
    True
    """
    if name not in NORMALISERS:
        raise InputError("unknown normaliser", item="normaliser", got=name, expected=f"one of {', '.join(NORMALISERS)}")
    return NORMALISERS[name]
