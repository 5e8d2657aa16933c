"""Words that stand for the same words: abbreviations, spelled letters, contractions, titles, labels, Roman numerals.

Tables first. Two entries share a form only where they mean the same wherever they stand; an abbreviation
with a second common meaning (PT, MS, PE, ED, d/c) is left alone. No name of a drug occurs here.
"""

from __future__ import annotations

import re

from workbench.scoring.reading.abbreviations import NAMES, PHRASES
from workbench.scoring.reading.amounts import ANALYTES
from workbench.scoring.reading.number_words import ROMAN, TAKES_ROMAN
from workbench.scoring.reading.numerals import is_number, number
from workbench.scoring.reading.operands import starts_number
from workbench.scoring.reading.scan import Phrases, Scan
from workbench.scoring.reading.spelling import CONTRACTIONS
from workbench.scoring.reading.tables import words
from workbench.scoring.reading.tokens import Token

__all__ = [
    "LABELLING",
    "PREFIXES",
    "SHORTENED",
    "both",
    "contracted",
    "label",
    "letters",
    "non",
    "parted",
    "phrase",
    "prefixed",
    "roman",
    "roman_pair",
    "side_letter",
]

SHORTENED = Phrases(PHRASES)


def phrase(scan: Scan, at: int) -> int:
    """An abbreviation or a phrase with one form."""
    for form, texts in SHORTENED.at(scan.tokens, at):
        if _misread(scan, at, texts):
            continue
        stop = at + len(texts)
        if texts[-1] == "." and not scan.tokens[stop - 1].tight:
            continue
        for word in form:
            scan.write(word, at, stop)
            if word.isdigit():
                scan.note("quantity", word, len(scan.words) - 1)
        return stop
    return at


def _misread(scan: Scan, at: int, texts: tuple[str, ...]) -> bool:
    """Whether the words of a phrase mean something else here."""
    tokens = scan.tokens
    if texts == ("fu",) or (
        texts == ("mi",) and is_number(scan.before(at)) and scan.before(at, 2).text not in TAKES_ROMAN
    ):
        return True
    if texts in (("va",), ("v", "a")):  # and no hospital of veterans
        after = tokens[at + len(texts)]
        return not is_number(tokens[at + len(texts) + 1] if after.text in (*_LINK, ":") else after)
    if texts[0] == "on" and texts[1] in ("ra", "r"):  # behind a saturation, and no joint disease
        return not (scan.before(at).kind in "nm" or scan.before(at).text in ("percent", "sat", "sats", "saturation"))
    if texts in (("o", "two"), ("o", "2")):
        return is_number(scan.before(at)) and scan.before(at).kind != "n"
    if texts in (("dm",), ("ua",), ("id",)):
        return is_number(scan.before(at)) and scan.before(at, 2).text not in TAKES_ROMAN
    if texts in (("nc",), ("n", "c")):  # behind a flow
        return scan.before(at).text not in _FLOWS
    if texts in (("i", "d"), ("u", "a"), ("e", "r"), ("m", "i"), ("c", "t"), ("g", "i"), ("h", "r"), ("r", "r")):
        # Letters of a longer row are that row's.
        after = tokens[at + 2]
        return after.kind == "w" and len(after.text) == 1 and after.text not in "ai"
    return False


_FLOWS = frozenset(words("l liter liters lpm min minute oxygen o2"))


def letters(scan: Scan, at: int) -> int:
    """Letters said one at a time: ``m r i``, ``b u n``."""
    tokens = scan.tokens
    if tokens[at].tight or tokens[at + 1].tight:
        return at
    end, text = at, ""
    while tokens[end].kind == "w" and len(tokens[end].text) == 1 and end - at < 8:
        text += tokens[end].text
        end += 1
    if len(text) < 2:
        return at
    for size in range(len(text), 1, -1):
        if text[:size] in NAMES:
            scan.write(text[:size], at, at + size)
            return at + size
    if (
        len(text) >= 3
        and text[0] not in "ai"
        and text[-1] not in "ai"
        and not any(text[k:] in NAMES for k in range(1, len(text) - 1))
    ):
        scan.write(text, at, end)
        return end
    return at


_WHO = ("he", "she", "it", "that", "there", "what", "who", "where", "how", "here", "this", "when")
_DONE = frozenset(words("been had got gone become done taken"))
POSSIBLY: frozenset[str] = frozenset(
    {*CONTRACTIONS, *(f"{who}'s" for who in _WHO), *(f"{who}'d" for who in (*_WHO, "i", "you", "we", "they"))}
)


def contracted(scan: Scan, at: int) -> int:
    """``isn't``, ``I'm``, ``he's been``, ``she'd better``."""
    for word in _full(scan.tokens[at].text, scan.tokens[at + 1].text):
        scan.write(word, at, at + 1)
    return at + 1


def _full(text: str, following: str) -> tuple[str, ...]:
    """The words of a contraction."""
    form = CONTRACTIONS.get(text)
    if form is not None:
        return form
    who, _, short = text.partition("'")
    if short == "s":
        return who, "has" if following in _DONE else "is"
    return who, "had" if following in ("been", "better", "had") else "would"


_SHORT = frozenset(words("s m re ve ll d t"))


def parted(scan: Scan, at: int) -> int:
    """``does n't``, ``she 's been``, ``the patient 's``: cut from its word, as some services write it."""
    tokens = scan.tokens
    before, end = scan.before(at), at + 1
    text = tokens[at].text
    if text == "'":
        if tokens[at].tight or not tokens[end].tight or tokens[end].text not in _SHORT or not tokens[end].last:
            return at
        text, end = "'" + tokens[end].text, end + 1
    if before.kind != "w" or not scan.sources or scan.sources[-1] != (at - 1, at) or scan.words[-1] != before.text:
        return at
    whole = before.text + text
    if whole not in POSSIBLY and text != "'s":
        return at
    scan.words.pop()
    scan.sources.pop()
    for word in _full(whole, tokens[end].text) if whole in POSSIBLY else (whole,):
        scan.write(word, at - 1, end)
    return end


_LABELS = {
    "HR": "heart rate", "RR": "respiratory rate", "K": "potassium", "Na": "sodium", "Mg": "magnesium", "Ca": "calcium",
    "Cl": "chloride", "Cr": "creatinine", "CC": "chief complaint", "hr": "heart rate", "rr": "respiratory rate",
    "Hr": "heart rate", "MAP": "mean arterial pressure", "POD": "postop day",
    "Hb": "hemoglobin", "Plt": "platelets",
}  # fmt: skip
LABELLING = frozenset({*(name.lower() for name in (*_LABELS, "T", "P", "R", "HT")), "h", "l"})
_LINK = frozenset(["is", "was", "of", "at", "in"])


def label(scan: Scan, at: int) -> int:
    """Names of measurements in short: ``HR 72``, ``K 4.0``, and flags behind a value: ``250 H``."""
    tokens = scan.tokens
    token, before, after = tokens[at], scan.before(at), tokens[at + 1]
    if token.raw in ("H", "L"):
        apart = not token.tight
        if before.text == "(" and after.text == ")":
            before, after, apart = scan.before(at, 2), tokens[at + 2], True
        measured = any(t.text in ANALYTES for t in tokens[max(0, at - 4) : at])
        if before.kind == "n" and apart and not is_number(after) and measured:
            scan.write("high" if token.raw == "H" else "low", at, at + 1)
            return at + 1
        if token.raw == "H" and before.kind == "n" and apart and not is_number(after):
            scan.write("high", at, at + 1)
            return at + 1
        return at
    name = _LABELS.get(token.raw) or _vital(scan, at)
    if name is None or before.text == "vitamin" or token.tight or token.joined:
        return at
    charged = after.text == "+" and after.tight  # "K+ 4.0"
    behind = tokens[at + 2] if charged or after.text in (*_LINK, ":", "=") else after
    numbered = starts_number(behind) and behind.text not in ("a", "half")
    if not numbered and token.raw not in ("HR", "CC"):
        return at
    if after.tight and after.text != ":" and not charged and (len(token.raw) == 1 or tokens[at + 2].text == "+"):
        return at
    if token.raw == "CC" and not (after.text == ":" or before.kind == "n"):
        return at
    end = at + 1 + charged
    for word in name.split():
        scan.write(word, at, end)
    return end


_VITALS = frozenset(words("bp hr rr temp temperature spo2 sat sats o2 pressure pulse rate afebrile vitals vs wt"))
_SHORT_VITALS = {"T": "temperature", "P": "pulse", "R": "respirations", "Ht": "height", "HT": "height", "ht": "height"}


def _vital(scan: Scan, at: int) -> str | None:
    """``T 101.3 F``, and ``P 72 R 16`` beside other vital signs; else these letters are names."""
    tokens, name = scan.tokens, _SHORT_VITALS.get(scan.tokens[at].raw)
    if name is None or name == "height":
        return name
    here = at + 2 if tokens[at + 1].text in (":", "=") else at + 1
    said = number(tokens, here)
    size = said.digits if said else "0"
    if said is None or not size.replace(".", "").isdigit():
        return None
    here = said.end - 1
    if name == "temperature" and "." in size:
        return name if 34 <= float(size) <= 43 or 93 <= float(size) <= 108 else None
    near = any(
        t.text in _VITALS or t.raw in _SHORT_VITALS
        for t in (*tokens[max(0, at - 8) : at], *tokens[here + 1 : here + 3])
    )
    most = {"temperature": (34, 108), "pulse": (30, 220), "respirations": (6, 60)}[name]
    near = near or tokens[at + 1].text in (":", "=")
    return name if near and size.isdigit() and most[0] <= int(size) <= most[1] else None


_NUMERAL = re.compile(r"(i{1,3}|iv|vi{0,3}|ix|xi{0,3}|xi?v)([abc]?)")
_ALSO = {",", "and", "or", "&"}


def roman(scan: Scan, at: int) -> int:
    """``type II``, ``stage IIIB``, ``nerves II-XII``, ``leads II, III``: behind the words that take Roman numerals."""
    tokens = scan.tokens
    word, token, after = tokens[at].text, tokens[at + 1], tokens[at + 2]
    names = ("cranial", "nerves") if word == "cn" else ("nerves",) if word == "nerve" else (word,)
    if word == "nerve" and scan.before(at).text != "cranial":
        names = (word,)
    if not _numeral(token) or (
        token.text in ("i", "v", "x")
        and (token.raw.islower() or after.text in ("think", "am", "have", "would", "want", "was", "prefer", "need"))
    ):
        return at if names == (word,) else _named(scan, at, names)
    if token.text == "iv" and token.raw.islower() and word in ("level", "group", "part", "class", "lead"):
        return at
    _named(scan, at, names)
    end = _one_roman(scan, at + 1)
    while True:
        here = end
        while tokens[here].text in _ALSO and here < end + 2:
            here += 1
        if here == end or not _numeral(tokens[here]) or tokens[here].raw in ("i", "v", "x", "I"):
            return end
        for k in range(end, here):
            if tokens[k].text != ",":
                scan.write("and" if tokens[k].text == "&" else tokens[k].text, k, k + 1)
        end = _one_roman(scan, here)


def roman_pair(scan: Scan, at: int) -> int:
    """``III/VI``, in capitals: a grade of so many, whatever word stands before it."""
    tokens = scan.tokens
    token, line, below = tokens[at : at + 3]
    paired = line.text == "/" and line.tight and below.tight and _numeral(below) and below.raw.isupper()
    return _one_roman(scan, at) if paired and token.raw.isupper() and _numeral(token) else at


def _named(scan: Scan, at: int, names: tuple[str, ...]) -> int:
    """Writes what takes a numeral, ``CN`` as "cranial nerves"; leaves a word that stays as it is."""
    for name in names:
        scan.write(name, at, at + 1)
    return at + 1


def _numeral(token: Token) -> re.Match[str] | None:
    match = _NUMERAL.fullmatch(token.text) if token.kind == "w" else None
    return match if match and match[1] in ROMAN else None


def _one_roman(scan: Scan, at: int) -> int:
    """One numeral, or two that are joined: ``II-XII``, ``III/VI``."""
    tokens = scan.tokens
    numeral, after, first = _numeral(tokens[at]), tokens[at + 1], len(scan.words)
    if numeral is None:
        return at
    for sign, kind, here in (("-", "range", at + 1 if after.joined else 0),
                             ("-", "range", at + 2 if after.text in ("through", "to", "-") else 0),
                             ("/", "ratio", at + 2 if after.text == "/" else 0)):  # fmt: skip
        if here and (second := _numeral(tokens[here])):
            scan.write(f"{ROMAN[numeral[1]]}{sign}{ROMAN[second[1]]}", at, here + 1)
            scan.note(kind, scan.words[-1], first)
            return here + 1
    scan.write(ROMAN[numeral[1]], at, at + 1)
    scan.note("quantity", scan.words[-1], first)
    if numeral[2]:
        scan.write(numeral[2], at, at + 1)
    return at + 1


_BODY = frozenset(
    words(
        """knee hip arm leg eye ear shoulder foot hand ankle wrist elbow breast lung kidney thigh calf hemisphere
    side flank groin thumb finger toe heel upper lower lateral medial femur tibia humerus ovary testicle
    carotid tm sided inguinal chest axilla neck cheek forearm index middle ring little great quadrant lobe
    extremity hemithorax"""
    )
)


_PLACED = frozenset(words("total partial distal proximal anterior posterior inner outer mid dorsal plantar volar main"))


def side_letter(scan: Scan, at: int) -> int:
    """``R knee``, ``(L)``, ``rt. hip``."""
    tokens = scan.tokens
    token = tokens[at]
    side = "right" if token.text[0] == "r" else "left"
    end = at + 1
    if tokens[end].text == "." and tokens[end].tight:
        end += 1
    beside = end + (tokens[end].text in _PLACED)
    bracketed = scan.before(at).text == "(" and tokens[at + 1].text == ")" and scan.before(at, 2).kind != "n"
    greater = tokens[end].text in "<>=" and tokens[end + 1].text in ("r", "l")
    lesser = scan.before(at).text in ("<", ">", "=") and scan.before(at, 2).text in ("r", "l")
    compared = (greater or lesser) and token.raw.isupper() and token.kind == "w"
    if (
        compared
        or (bracketed and token.raw.isupper())
        or (tokens[beside].text in _BODY and not token.tight and not tokens[end].tight)
    ):
        if len(token.text) == 1 and token.raw.islower():
            return at
        scan.write(side, at, end)
        return end
    return at


_PAIRED = frozenset(
    words(
        """knees hips arms legs shoulders hands feet ankles wrists elbows breasts lungs kidneys thighs calves flanks
    thumbs heels femurs ovaries testicles cheeks forearms sides extremities lobes"""
    )
)


def both(scan: Scan, at: int) -> int:
    """``bilateral knees``, ``bilateral lower extremities``: both of them; "bilateral edema" stays as it is."""
    after = scan.tokens[at + 1].text
    if after in ("upper", "lower"):
        after = scan.tokens[at + 2].text
    if after not in _PAIRED:
        return at
    scan.write("both", at, at + 1)
    return at + 1


def non(scan: Scan, at: int) -> int:
    """``non-tender``, ``non tender`` and ``nontender`` are one word."""
    after = scan.tokens[at + 1]
    if after.kind != "w" or after.tight or len(after.text) < 3:
        return at
    scan.write(f"non{after.text}", at, at + 2)
    return at + 2


PREFIXES = frozenset(words("anti multi semi intra peri supra infra"))
"""Beginnings of words that are no words of their own."""


def prefixed(scan: Scan, at: int) -> int:
    """``anti-inflammatory``, ``multi vitamin``: one word."""
    after = scan.tokens[at + 1]
    if after.kind != "w" or after.tight or len(after.text) < 3:
        return at
    scan.write(scan.tokens[at].text + after.text, at, at + 2)
    return at + 2
