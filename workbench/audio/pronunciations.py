"""Pronunciations for alignment where the dictionary has none: rough letter-to-sound rules.

Good enough to find *where* a known word lies, because the neighbours hold it in place; never used to recognise.
Phones are those of the CMU dictionary, without stress.
"""

from __future__ import annotations

import re
from pathlib import Path

from workbench.errors import InputError

__all__ = ["guess_phones", "read_dictionary", "shipped_dictionary"]

_DIGITS = {
    "0": "Z IH R OW",
    "1": "W AH N",
    "2": "T UW",
    "3": "TH R IY",
    "4": "F AO R",
    "5": "F AY V",
    "6": "S IH K S",
    "7": "S EH V AH N",
    "8": "EY T",
    "9": "N AY N",
}
_RULES = """
tion=SH AH N, ough=AO, igh=AY, tch=CH, sch=SH, dge=JH, que=K, ch=CH, sh=SH, th=TH, ph=F, ck=K, qu=K W, ng=NG, wh=W,
gh=G, ee=IY, ea=IY, oo=UW, ou=AW, ow=OW, ai=EY, ay=EY, oi=OY, oy=OY, au=AO, aw=AO, er=ER, ir=ER, ur=ER, ar=AA R,
or=AO R, ce=S, ci=S IH, a=AE, b=B, c=K, d=D, e=EH, f=F, g=G, h=HH, i=IH, j=JH, k=K, l=L, m=M, n=N, o=AA, p=P, q=K,
r=R, s=S, t=T, u=AH, v=V, w=W, x=K S, y=IY, z=Z
"""
_LETTERS = _DIGITS | {rule.split("=")[0].strip(): rule.split("=")[1].strip() for rule in _RULES.split(",")}
_LONGEST_FIRST = re.compile("|".join(sorted(_LETTERS, key=len, reverse=True)))


def guess_phones(word: str) -> str:
    """Phones of a word by its letters; digits are named one by one.

    >>> guess_phones("metformin"), guess_phones("x7")
    ('M EH T F AO R M IH N', 'K S S EH V AH N')
    >>> guess_phones("?")
    'AH'
    """
    letters = re.sub(r"(.)\1", r"\1", re.sub(r"(?<=[a-z]{2})e$", "", word.lower()))
    return " ".join(_LETTERS[m.group()] for m in _LONGEST_FIRST.finditer(letters)) or "AH"


def shipped_dictionary() -> Path:
    """The dictionary of the recogniser that comes with the simulator: cmudict, 134,000 words."""
    import pocketsphinx

    return Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict"))


def read_dictionary(path: Path) -> dict[str, str]:
    """A pronunciation dictionary: ``word PHONE PHONE …`` a line, as cmudict has it.

    Raises:
        InputError: no such file, or a line without phones.
    """
    if not path.is_file():
        raise InputError("no such dictionary", item=str(path), expected="lines of a word and its phones")
    entries = {}
    for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        word, _, phones = text.strip().partition(" ")
        if not word or word.startswith("#"):
            continue
        if not phones.strip():
            raise InputError("a word without phones", item=f"{path}:{line}", got=word, expected="word PHONE PHONE …")
        entries[word.lower()] = " ".join(phones.split())
    return entries
