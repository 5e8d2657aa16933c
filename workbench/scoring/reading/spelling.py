"""British spelling as American, contractions as words.

The table of spellings is the one the Whisper normaliser ships, so that both fold the same words; medical
stems are added. A stem never turns one drug into another: all names of drugs that have both spellings are one drug.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files

__all__ = ["CONTRACTIONS", "american"]

_STEMS = re.compile(
    r"haem|aemi|paeni|oedem|(?<![a-np-z])oesoph|rrhoe|paed|anaesth|gynaec|^foet|^oestr|faec|^caec|^caesar|tumour|^coeliac|pnoea"
    r"|(?<=al)ys(?=(?:e|ed|ing)$)|(?<=al|ar|ol|er|an|il|on|im|un|am|it|at|et)is(?=(?:e|ed|es|ing|ations?)$)"
    r"|leucocyt|sulph|ischaem|litre(?=s?$)|metre(?=s?$)|paraesth|naev|aetiolog|homoeo"
)
_FORMS = {
    "litre": "liter",
    "metre": "meter",
    "rrhoe": "rrhe",
    "leucocyt": "leukocyt",
    "sulph": "sulf",
    "tumour": "tumor",
    "is": "iz",
    "ys": "yz",
}
_WORDS = {
    "manoeuvre": "maneuver", "manoeuvres": "maneuvers", "aluminium": "aluminum",
    "uraemic": "uremic", "fibre": "fiber", "centre": "center", "grey": "gray", "programme": "program",
    "practise": "practice",
    "cancelation": "cancellation", "judgement": "judgment", "ageing": "aging", "goitre": "goiter",
}  # fmt: skip


def _stem(match: re.Match[str]) -> str:
    return _FORMS.get(match[0]) or match[0].replace("ae", "e").replace("oe", "e")


@cache
def _table() -> dict[str, str]:
    table: dict[str, str] = json.loads(
        files("whisper_normalizer").joinpath("normalizers", "english.json").read_text("utf-8")
    )
    return table | _WORDS


@cache
def american(word: str) -> str:
    """The American spelling of a word in lower case.

    >>> american("oedema"), american("mobilisation"), american("anaemia"), american("shoe")
    ('edema', 'mobilization', 'anemia', 'shoe')
    """
    known = _table().get(word)
    if known is not None:
        return known
    return _STEMS.sub(_stem, word)


_AUXILIARIES = (
    "is",
    "are",
    "was",
    "were",
    "has",
    "have",
    "had",
    "do",
    "does",
    "did",
    "could",
    "would",
    "should",
    "must",
    "need",
)

CONTRACTIONS: dict[str, tuple[str, ...]] = {
    **{f"{verb}n't": (verb, "not") for verb in _AUXILIARIES},
    **{f"{verb}nt": (verb, "not") for verb in _AUXILIARIES if verb not in ("need", "must", "were")},
    **{f"{verb}n't've": (verb, "not", "have") for verb in ("could", "would", "should", "might", "must")},
    **{f"{who}'d've": (who, "would", "have") for who in ("i", "you", "we", "they", "he", "she", "it")},
    **{f"{verb}'ve": (verb, "have") for verb in ("could", "would", "should", "might", "must")},
    "can't": ("can", "not"), "cannot": ("can", "not"), "cant": ("can", "not"), "won't": ("will", "not"),
    "ain't": ("is", "not"), "shan't": ("shall", "not"), "mightn't": ("might", "not"), "i'm": ("i", "am"),
    "let's": ("let", "us"), "gonna": ("going", "to"), "wanna": ("want", "to"), "gotta": ("got", "to"),
    "y'all": ("you", "all"),
    "'til": ("until",), "till": ("until",), "ma'am": ("madam",),
    **{f"{who}'{short}": (who, full)
       for who in ("i", "you", "we", "they", "he", "she", "it", "that", "there", "who", "what", "this")
       for short, full in (("re", "are"), ("ve", "have"), ("ll", "will"))},
}  # fmt: skip
"""Contractions with one reading; those in 's and 'd depend on the word behind them."""
