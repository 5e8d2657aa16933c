"""Text as tokens: words, numbers and marks, each with its place in the characters as they came.

What cannot be seen cannot make two texts differ (zero-width characters, soft hyphens, directional marks,
composed or decomposed letters, kinds of apostrophe, quote and dash); what carries a value is kept apart (a superscript
is a power, a vulgar fraction is a fraction, an en dash before a digit may be a minus). White space ends a token. Chunks
between white space are folded and cut once and remembered: dictation says the same words over and over.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from workbench.scoring.reading.spelling import american

__all__ = ["END", "Row", "Token", "retold", "tokens"]


@dataclass(frozen=True, slots=True, eq=False)
class Token:
    """A word, a number or a mark.

    Attributes:
        text: folded: lower case, no accents, American spelling; a number in plain digits ("1,000" is "1000").
        kind: ``w`` word, ``n`` number, ``f`` vulgar fraction, ``m`` mark, ``b`` line break or the end of the text.
        raw: the characters as they came, in their case, accents and invisible characters folded.
        start, end: characters of the chunk it was cut from.
        tight: nothing stands between it and the token before.
        joined: a hyphen did, and was dropped.
        last: white space or the end follows.
    """

    text: str
    kind: str
    raw: str
    start: int
    end: int
    tight: bool = False
    joined: bool = False
    last: bool = True


class Row(list[Token]):
    """Tokens of a text, and what was already found among them."""

    __slots__ = ("numbers", "operands", "units")

    def __init__(self, items: Iterable[Token] = ()) -> None:
        super().__init__(items)
        self.numbers: dict[int, Any] = {}
        self.operands: dict[int, Any] = {}
        self.units: dict[tuple[int, str], Any] = {}


END = Token("", "b", "", 0, 0)
_LINE = Token("\n", "b", "\n", 0, 0)

# Chunks already cut; a dictionary answers in a third of the time of a cache that counts.
_KNOWN: dict[str, tuple[Token, ...]] = {}
_MANY = 1 << 16
_CHUNK = re.compile(r"\S+")
_LEX = re.compile(
    r"(?P<dotted>(?:[a-z]\.){2,}(?:[a-z](?![a-z]))?|[a-z]\.[a-z](?![\w'])|q\.(?=\d))"
    r"|(?P<num>\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d+)?|\d+(?:\.\d+)?|(?<!\w)\.\d+)"
    r"|(?P<word>[^\W\d_½¼¾⅐-⅞]+(?:'[^\W\d_]+)*)"
    r"|(?P<mark>>=|<=|\+/-|.)"
)
_EVERY = re.compile(r"(?<=\d)\.(?=h)")
_ALONE = {
    **dict.fromkeys("´`‘’‚‛ʹʻʼʽˈ′＇‵", "'"),
    **dict.fromkeys("“”„‟″ˮ＂«»", '"'),
    **dict.fromkeys("‐‑‒–−﹣－⁃", "-"),
    **dict.fromkeys("—―", "—"),
    "×": "x", "✕": "x", "⁄": "/", "∕": "/", "∶": ":", "…": ".", "·": ".", "º": "°", "˚": "°", "≥": ">=", "⩾": ">=",
    "≤": "<=", "⩽": "<=", "±": "+/-", "≈": "~", "∼": "~", "μ": "µ", "µ": "µ", "_": " ", "ŀ": "l",
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "κ": "kappa",
}  # fmt: skip
_LETTERS = {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ŋ": "n", "ə": "e", "ı": "i"}
"""Letters of other languages that are no Latin letter with a mark, as passports spell them (ICAO Doc 9303)."""
# By its name a letter with a stroke, bar or hook is that letter: Unicode decomposes "ó" and neither "ø" nor "ł".
_MARKED = re.compile("LATIN (CAPITAL|SMALL) LETTER ([A-Z])(?: WITH .*)?")
_FRACTIONS = {
    "½": "0.5", "¼": "0.25", "¾": "0.75", "⅛": "0.125", "⅜": "0.375", "⅝": "0.625", "⅞": "0.875", "⅓": "1/3",
    "⅔": "2/3",
    "⅕": "1/5", "⅖": "2/5", "⅗": "3/5", "⅘": "4/5", "⅙": "1/6", "⅚": "5/6",
}  # fmt: skip
_HIGH = {**dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True)), "⁻": "-"}


def tokens(text: str) -> tuple[Row, list[int]]:
    """Tokens of a text, and for each the place of its chunk in the text.

    >>> [t.text for t in tokens("Lasix 1,000mg b.i.d.; HIV-")[0]]
    ['lasix', '1000', 'mg', 'bid', ';', 'hiv', '-']
    """
    row = Row()
    places: list[int] = []
    chunks = text.split()
    if " ".join(chunks) == text:  # most texts; nothing has to be looked for
        start = 0
        for chunk in chunks:
            cut = _KNOWN.get(chunk) or _known(chunk)
            if len(cut) == 1:
                row.append(cut[0])
                places.append(start)
            else:
                row += cut
                places += [start] * len(cut)
            start += len(chunk) + 1
        return row, places
    lines = "\n" in text
    end = 0
    for match in _CHUNK.finditer(text):
        start = match.start()
        if lines and "\n" in text[end:start]:
            row.append(_LINE)
            places.append(end)
        end = match.end()
        cut = _KNOWN.get(match[0]) or _known(match[0])
        if len(cut) == 1:
            row.append(cut[0])
            places.append(start)
        else:
            row += cut
            places += [start] * len(cut)
    return row, places


def retold(words: Iterable[str]) -> tuple[Row, list[int]]:
    """Tokens of canonical words, and for each which word it is cut from.

    >>> [t.text for t in retold(("blood", "120/80"))[0]], retold(("blood", "120/80"))[1]
    (['blood', '120', '/', '80'], [0, 1, 1, 1])
    """
    row = Row()
    places: list[int] = []
    for index, word in enumerate(words):
        cut = _KNOWN.get(word) or _known(word)
        row += cut
        places += [index] * len(cut)
    return row, places


def _known(chunk: str) -> tuple[Token, ...]:
    if len(_KNOWN) >= _MANY:
        _KNOWN.clear()
    cut = _KNOWN[chunk] = _cut(chunk)
    return cut


def _cut(chunk: str) -> tuple[Token, ...]:
    """Tokens of one chunk without white space, and whether its form decides how they are read."""
    shown, low, places = _folded(chunk)
    if low.isalpha() and low.isascii():  # most of every text
        return (Token(american(low), "w", shown, places[0], places[-1]),)
    if low[:1] == "q":
        low = _EVERY.sub(" ", low)
    cut: list[Token] = []
    for match in _LEX.finditer(low):
        begin, stop = match.span()
        if match[0] == " ":
            continue
        raw = shown[begin:stop]
        tight = begin > 0 and low[begin - 1] != " "
        last = stop == len(low)
        kind, text = _kind(match)
        place = (places[begin], places[stop])
        joined = False
        if text == "-" and cut and not last and _hyphen(cut[-1], low, stop):
            continue
        if cut and tight and low[begin - 1] == "-" and cut[-1].text != "-":
            tight, joined = False, True
        if kind == "w":
            text = american(text)
        cut.append(Token(text, kind, raw, *place, tight, joined, last))
    return tuple(cut)


def _hyphen(before: Token, low: str, stop: int) -> bool:
    """Whether a hyphen here only joins: between two words, or between a word and a number."""
    after = low[stop]
    return (before.kind == "w" and after.isalnum()) or (before.kind == "n" and after.isalpha())


def _kind(match: re.Match[str]) -> tuple[str, str]:
    text = match[0]
    if match["dotted"]:
        return "w", text.replace(".", "")
    if match["num"]:
        return "n", digits(text)
    if match["word"]:
        return "w", text
    if text in _FRACTIONS:
        return "f", _FRACTIONS[text]
    return "m", text


def digits(text: str) -> str:
    """Plain digits: no separators, a zero before the point, none behind the last place.

    >>> digits("1,000"), digits(".50"), digits("5.0"), digits("05"), digits("007")
    ('1000', '0.5', '5', '5', '007')
    """
    text = text.replace(",", "")
    if "." in text:
        whole, _, places = text.partition(".")
        places = places.rstrip("0")
        whole = whole.lstrip("0") or "0"
        return f"{whole}.{places}" if places else whole
    if len(text) == 2 and text[0] == "0":
        return text[1]
    return text


def _folded(chunk: str) -> tuple[str, str, list[int] | range]:
    """Folded text in its case, the same in lower case, and the place of each of its characters in the chunk."""
    if chunk.isascii():
        chunk_shown = chunk.replace("_", " ").replace("`", "'")
        return chunk_shown, chunk_shown.lower(), range(len(chunk) + 1)
    shown: list[str] = []
    places: list[int] = []
    for at, character in enumerate(chunk):
        power = character in _HIGH and bool(shown) and shown[-1].isdigit() and chunk[at - 1] not in _HIGH
        for form in _forms(character, power=power):
            shown.append(form)
            places.append(at)
    places.append(len(chunk))
    text = "".join(shown)
    low = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    return text, low, places


def _forms(character: str, *, power: bool) -> str:
    """What one character is read as; nothing for what cannot be seen."""
    alone = _ALONE.get(character) or _ALONE.get(character.lower())
    if alone is not None:
        return alone
    if character in _FRACTIONS or character.isascii():
        return character
    if character in _HIGH:
        return f"^{_HIGH[character]}" if power else _HIGH[character]
    if unicodedata.category(character) in ("Cf", "Mn", "Me", "Cc"):
        return ""
    plain = unicodedata.normalize("NFKD", character)
    return "".join(_plain(c) for c in plain if plain == character or unicodedata.category(c) not in ("Mn", "Cf"))


def _plain(character: str) -> str:
    """A character that Unicode decomposes no further: the Latin letter of one with a mark."""
    low = character.lower()
    if (known := _ALONE.get(low)) is not None or character.isascii():
        return character if known is None else known
    if low in _LETTERS:
        return _LETTERS[low]
    marked = _MARKED.fullmatch(unicodedata.name(character, ""))
    return character if marked is None else marked[2] if marked[1] == "CAPITAL" else marked[2].lower()
