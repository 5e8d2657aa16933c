"""Reference and transcript word by word: what was kept, changed, lost and added.

House rules: the words are those that the score compares, after the same normaliser, and the alignment has the fewest
edits, so the marks that are drawn add up to the errors that are printed. Colour is never the only sign.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Literal

from workbench.metrics.alignment import align
from workbench.metrics.normalize import NORMALISERS, Normaliser
from workbench.metrics.stability import is_critical
from workbench.reference import Reference

__all__ = ["DiffWord", "diff_html", "word_diff"]

_BASIC = NORMALISERS["basic"]

_SIGNS = {
    "equal": "",
    "substitution": "color:#0072B2;text-decoration:underline solid 2px",
    "deletion": "color:#D55E00;text-decoration:line-through;border-bottom:2px dashed",
    "insertion": "color:#009E73;border-bottom:4px double",
}


@dataclass(frozen=True, slots=True)
class DiffWord:
    """One step from the reference to the transcript.

    Attributes:
        kind: what happened.
        wanted: word of the reference; None for an insertion.
        heard: word of the transcript; None for a deletion.
        critical: a number, unit, negation, side or marked term is on either side.
    """

    kind: Literal["equal", "substitution", "deletion", "insertion"]
    wanted: str | None = field(repr=False)
    heard: str | None = field(repr=False)
    critical: bool


def word_diff(reference: Reference, hypothesis: str, normaliser: Normaliser) -> tuple[DiffWord, ...]:
    """Every word of both texts, in order.

    >>> [w.kind for w in word_diff(Reference("no chest pain", "no chest pain"), "chest pains", NORMALISERS["basic"])]
    ['deletion', 'equal', 'substitution']
    """
    ours = normaliser.tokens(reference.spoken if normaliser.spoken else reference.written)
    theirs = normaliser.tokens(hypothesis)
    marked = {token for term in reference.terms for token in _BASIC.tokens(term.text)}

    def step(wanted: str | None, heard: str | None) -> DiffWord:
        kind: Literal["equal", "substitution", "deletion", "insertion"] = (
            "insertion" if wanted is None else "deletion" if heard is None else "substitution"
        )
        words = [word for word in (wanted, heard) if word is not None]
        return DiffWord("equal" if wanted == heard else kind, wanted, heard, any(is_critical(w, marked) for w in words))

    found: list[DiffWord] = []
    i = j = 0
    for wanted_at, heard_at in [*align(ours, theirs), (len(ours), len(theirs))]:
        found += [step(word, None) for word in ours[i:wanted_at]]
        found += [step(None, word) for word in theirs[j:heard_at]]
        if wanted_at < len(ours):
            found.append(step(ours[wanted_at], theirs[heard_at]))
        i, j = wanted_at + 1, heard_at + 1
    return tuple(found)


def diff_html(words: Sequence[DiffWord]) -> str:
    """The steps as one line of HTML, every text escaped; critical words are bold."""
    parts = []
    for word in words:
        if word.kind == "substitution":
            text = f"{escape(word.wanted or '')} → {escape(word.heard or '')}"
        elif word.kind == "insertion":
            text = f"+{escape(word.heard or '')}"
        else:
            text = escape(word.wanted or "")
        weight = ";font-weight:bold" if word.critical and word.kind != "equal" else ""
        style = _SIGNS[word.kind] + weight
        parts.append(f'<span title="{word.kind}" style="{style}">{text}</span>' if style else f"<span>{text}</span>")
    return " ".join(parts)
