"""Reference and transcript word by word: what was kept, changed, lost and added.

The words are those that the score compares, after the same normaliser, and the alignment has the fewest
edits, so the marks that are drawn add up to the errors that are printed. Colour is never the only sign.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from workbench.reference import Reference
from workbench.scoring.metrics.alignment import align
from workbench.scoring.metrics.normalize import Normaliser
from workbench.scoring.reading import Item, Reading, occurrences, read
from workbench.scoring.variants import best_reference

__all__ = ["DiffWord", "word_diff"]


@dataclass(frozen=True, slots=True)
class DiffWord:
    """One step from the reference to the transcript.

    Attributes:
        kind: what happened.
        wanted: word of the reference; None for an insertion.
        heard: word of the transcript; None for a deletion.
        meaning: ``value``, ``negation``, ``side``, ``drug`` or ``term`` that it is a part of, in the reference or else
            in the transcript; None for other words.

    >>> wrong = [word for word in run.session("u00").diff.words if word.kind != "equal"]
    >>> wrong[0].wanted, wrong[0].heard
    ('chest', 'test')
    """

    kind: Literal["equal", "substitution", "deletion", "insertion"]
    wanted: str | None = field(repr=False)
    heard: str | None = field(repr=False)
    meaning: str | None

    @property
    def critical(self) -> bool:
        """Whether it is part of anything that matters for a patient."""
        return self.meaning is not None


def word_diff(reference: Reference, hypothesis: str, normaliser: Normaliser) -> tuple[DiffWord, ...]:
    """Every word of both texts, in order.

    >>> [w.kind for w in word_diff(Reference("no chest pain", "no chest pain"), "chest pains", NORMALISERS["basic"])]
    ['deletion', 'equal', 'substitution']
    """
    reference = best_reference(reference, hypothesis)
    ours, our_meanings = _tokens(reference.spoken if normaliser.spoken else reference.written, reference, normaliser)
    theirs, their_meanings = _tokens(hypothesis, reference, normaliser)
    steps: list[DiffWord] = []
    i = j = 0
    for wanted_at, heard_at in [*align(ours, theirs), (len(ours), len(theirs))]:
        steps += [DiffWord("deletion", ours[k], None, our_meanings.get(k)) for k in range(i, wanted_at)]
        steps += [DiffWord("insertion", None, theirs[k], their_meanings.get(k)) for k in range(j, heard_at)]
        if wanted_at < len(ours):
            wanted, heard = ours[wanted_at], theirs[heard_at]
            meaning = our_meanings.get(wanted_at) or their_meanings.get(heard_at)
            steps.append(DiffWord("equal" if wanted == heard else "substitution", wanted, heard, meaning))
        i, j = wanted_at + 1, heard_at + 1
    return tuple(steps)


def _tokens(text: str, reference: Reference, normaliser: Normaliser) -> tuple[list[str], dict[int, str]]:
    """Words under a normaliser, and what those that matter are part of, by their places."""
    tokens = normaliser.tokens(text)
    terms = {read(term.text).words: "drug" if term.kind == "drug" else "term" for term in reference.terms}
    terms.pop((), None)
    whole = read(text)
    if tokens == list(whole.words):
        return tokens, _meanings(whole, terms)
    # Another normaliser has words of its own: each is read alone.
    marked = {word: kind for term, kind in terms.items() for word in term}
    found: dict[int, str] = {}
    for place, token in enumerate(tokens):
        one = read(token)
        kind = next((_kind(item) for item in one.items), None) or next(
            (marked[word] for word in one.words if word in marked), None
        )
        if kind is not None:
            found[place] = kind
    return tokens, found


def _meanings(reading: Reading, terms: dict[tuple[str, ...], str]) -> dict[int, str]:
    places = [(first, stop, terms[reading.words[first:stop]]) for first, stop in occurrences(reading.words, terms)]
    places += [(item.first, item.stop, _kind(item)) for item in reading.items]
    return {place: kind for first, stop, kind in places for place in range(first, stop)}


def _kind(item: Item) -> str:
    return item.kind if item.kind in ("negation", "side") else "value"
