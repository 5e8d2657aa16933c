"""The Whisper English normaliser, applied stretch by stretch: the same text in a quarter of the time.

It looks at each plain word alone. Only around numbers, marks and the words that its rules join does one word decide how
another is read; these stretches, with a neighbour on each side, are given to it whole.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

__all__ = ["english"]

_PLAIN = re.compile(r"[A-Za-z]+(?:[-/][A-Za-z]+)*[.,;:?!]?")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?[.,;:?!]?")
_WORD = re.compile(r"[A-Za-z]{3,}[.,;:?!]?")
_LETTERS = re.compile(r"[a-z]+")
_RUNS = re.compile(r"\w+")
_RULE = re.compile(r"\\b(\w+)\\b")
_BRACKETS = re.compile(r"[<\[(]")
_JOINED = frozenset(("half", "hmm", "mm", "mhm", "mmm", "uh", "um"))
"""Words besides those of numbers that a rule drops or reads together with their neighbours."""


def english(text: str) -> str:
    """Text as the Whisper normaliser for English gives it, words one space apart.

    >>> english("Mr. Park's dose: twenty five mg (daily), anaemia.")
    "mister park is dose 25 mg anemia"
    """
    if _BRACKETS.search(text):
        return _whole(text)
    chunks = text.split()
    joining = [k for k, chunk in enumerate(chunks) if _joins(chunk) and not _stands_alone(chunks, k)]
    parts: list[str] = []
    done = at = 0
    while at < len(joining):
        first = max(joining[at] - 1, 0)
        last = joining[at] + 1
        while at + 1 < len(joining) and joining[at + 1] - 1 <= last:
            at += 1
            last = joining[at] + 1
        parts += map(_one, chunks[done:first])
        done = min(last + 1, len(chunks))
        parts.append(_whole(" ".join(chunks[first:done])))
        at += 1
    parts += map(_one, chunks[done:])
    return " ".join(part for part in parts if part)


@lru_cache(maxsize=1 << 16)
def _one(chunk: str) -> str:
    """A plain word."""
    return _whole(chunk)


@lru_cache(maxsize=1 << 16)
def _joins(chunk: str) -> bool:
    """Whether how it is read may depend on its neighbours, or theirs on it."""
    if _PLAIN.fullmatch(chunk) is None:
        return True
    words = _LETTERS.findall(chunk.lower())
    return not _together().isdisjoint(words)


def _stands_alone(chunks: list[str], at: int) -> bool:
    """Whether a number in digits has only plain words beside it, which cannot be an ending, a unit or a scale of it."""
    if _NUMBER.fullmatch(chunks[at]) is None:
        return False
    return (at == 0 or _is_word(chunks[at - 1])) and all(map(_is_word, chunks[at + 1 : at + 2]))


@lru_cache(maxsize=1 << 16)
def _is_word(chunk: str) -> bool:
    return _WORD.fullmatch(chunk) is not None and not _joins(chunk)


@cache
def _together() -> frozenset[str]:
    return _JOINED | frozenset[str](_normaliser().standardize_numbers.words)


@lru_cache(maxsize=1 << 14)
def _whole(text: str) -> str:
    short = "'" not in text and not _BRACKETS.search(text) and _replaced().isdisjoint(_RUNS.findall(text.lower()))
    return " ".join((_unreplacing() if short else _normaliser())(text).split())


@cache
def _replaced() -> frozenset[str]:
    """Whole words that a rule replaces; every other rule needs an apostrophe."""
    found = [_RULE.fullmatch(rule) for rule in _normaliser().replacers if "'" not in rule]
    return frozenset(match[1] for match in found if match)


@cache
def _normaliser() -> Any:  # noqa: ANN401  the package has no types
    from whisper_normalizer.english import EnglishTextNormalizer

    return EnglishTextNormalizer()


@cache
def _unreplacing() -> Any:  # noqa: ANN401  the package has no types
    """The same without the fifty replacements, for texts that hold none of what they replace."""
    from whisper_normalizer.english import EnglishTextNormalizer

    plain = EnglishTextNormalizer()
    # A rule that is no whole word would have to be looked for in another way.
    plain.replacers = {
        rule: text for rule, text in plain.replacers.items() if "'" not in rule and not _RULE.fullmatch(rule)
    }
    return plain
