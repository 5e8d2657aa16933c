"""Scores of texts that were never played here: every measure of accuracy and meaning, no audio and no run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from workbench.reference import Reference, Term
from workbench.scoring.explained import Same, same_in_meaning
from workbench.scoring.meant import meant
from workbench.scoring.metrics.accuracy import ErrorCounts, counted, word_errors
from workbench.scoring.metrics.alignment import align
from workbench.scoring.metrics.normalize import DEFAULT, NORMALISERS
from workbench.scoring.metrics.screen import written_form
from workbench.scoring.reading import Meaning, Tally, read
from workbench.scoring.reading.drugs import DRUGS
from workbench.scoring.session import RULES, SessionScore
from workbench.scoring.variants import best_reference

__all__ = ["TextPair", "TextScore", "score_pair", "score_text", "term_of"]


@dataclass(frozen=True, slots=True)
class TextPair:
    """A reference and a transcript.

    Attributes:
        id: name of the pair.
        reference: what is right, with its spoken form and its terms.
        hypothesis: the transcript.
        others: further references, as right as the first.
    """

    id: str
    reference: Reference = field(repr=False)
    hypothesis: str = field(repr=False)
    others: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class TextScore:
    """Scores of one pair of texts.

    Attributes:
        id: name of the pair.
        errors: word counts under every normaliser, by its name.
        score: the same as the score of a session, for tables and metrics; it has no times.
        pair: what was scored.

    >>> score_text("no chest pain", "chest pain").errors["raw"].deletions
    1
    """

    id: str
    errors: dict[str, ErrorCounts]
    score: SessionScore = field(repr=False)
    pair: TextPair = field(repr=False)

    @property
    def same(self) -> tuple[Same, ...]:
        """What was counted as equal though it is written otherwise."""
        return tuple(same_in_meaning(self.pair.reference.written, self.pair.hypothesis))

    @property
    def meaning(self) -> Meaning:
        """Values, terms, drugs, negations and sides, kept, changed, lost and invented."""
        return self.score.meaning

    def to_json(self) -> dict[str, Any]:
        """Counts by name; no text."""
        meaning = self.meaning
        return {
            "id": self.id,
            "errors": {name: counts.errors for name, counts in self.errors.items()},
            "words": meaning.words,
            "reference_words": {name: counts.reference for name, counts in self.errors.items()},
            "values": {"said": meaning.values.said, "kept": meaning.values.kept, "changed": meaning.values.changed,
                       "lost": meaning.values.lost, "invented": meaning.values.invented},
            "terms": _tally(meaning.terms),
            "drugs": _tally(meaning.drugs),
            "negations": _tally(meaning.negations),
            "sides": _tally(meaning.sides),
            "critical": meaning.critical,
        }  # fmt: skip


def _tally(tally: Tally) -> dict[str, int]:
    """Of what has no ``changed``: one is lost and another invented."""
    return {"said": tally.said, "kept": tally.kept, "lost": tally.lost + tally.changed, "invented": tally.invented}


def score_text(
    reference: str | Sequence[str], hypothesis: str, *, spoken: str | None = None, terms: Sequence[str | Term] = ()
) -> TextScore:
    """Score a transcript against a reference.

    Args:
        reference: as a clinician would write it; of several, or of ``{a / b}`` in it, the best counts.
        hypothesis: the transcript.
        spoken: the reference as it was spoken; by default the reference itself.
        terms: medical terms and drugs to look for; a plain name that is a known drug counts as one.

    Empty reference: every word of the transcript is an insertion, rates are None.

    >>> score = score_text("BP 120/80, aspirin 25 mg", "one twenty over eighty aspirin 50 mg", terms=["aspirin"])
    >>> score.errors["clinical"].errors, score.meaning.values.changed, score.meaning.drugs.kept, score.meaning.critical
    (3, 1, 1, 1)
    """
    marked = tuple(term if isinstance(term, Term) else term_of(term) for term in terms)
    first, *others = [reference] if isinstance(reference, str) else reference
    whole = Reference(first, first if spoken is None else spoken, terms=marked)
    return score_pair(TextPair("text", whole, hypothesis, tuple(others)))


def term_of(text: str) -> Term:
    """A term by its text alone: a drug where its name is known as one, else a medical term."""
    return Term(text, "medical" if DRUGS.isdisjoint(read(text).words) else "drug")


def score_pair(pair: TextPair) -> TextScore:
    """Score one pair."""
    hypothesis = pair.hypothesis
    reference = best_reference(pair.reference, hypothesis, pair.others)
    pair = TextPair(pair.id, reference, hypothesis)
    pairs = align(read(reference.written).words, read(hypothesis).words)
    errors, chars = _errors(reference, hypothesis, pairs)
    score = replace(
        _BLANK,
        utterance=pair.id,
        words=errors[DEFAULT.name],
        raw=errors["raw"],
        chars=chars,
        meaning=meant(reference, hypothesis, pairs=pairs),
        screen=written_form(reference.written, hypothesis),
    )
    return TextScore(pair.id, errors, score, pair)


_BLANK = SessionScore(
    cell="text",
    utterance="",
    repeat=0,
    attempt=0,
    outcome="completed",
    failed=False,
    normaliser=DEFAULT.name,
    normaliser_version=DEFAULT.version,
    normaliser_hash=DEFAULT.hash,
    rules=RULES,
)
"""What the scores of all texts have in common: no times, no messages."""


def _errors(
    reference: Reference, hypothesis: str, pairs: list[tuple[int, int]]
) -> tuple[dict[str, ErrorCounts], ErrorCounts]:
    """Word counts by normaliser and the characters of the default one; equal words are counted once.

    Args:
        reference: one without variants.
        hypothesis: text as it came.
        pairs: alignment of the written reference and the text as they are read.
    """
    words = {
        name: (
            tuple(which.tokens(reference.spoken if which.spoken else reference.written)),
            tuple(which.tokens(hypothesis)),
        )
        for name, which in NORMALISERS.items()
    }
    texts: list[tuple[Sequence[str], Sequence[str]]] = [*dict.fromkeys(words.values())]
    letters = (DEFAULT(reference.spoken), DEFAULT(hypothesis))
    *counts, chars = counted([*texts, letters])
    known = {(read(reference.written).words, read(hypothesis).words): pairs}
    errors = {
        text: word_errors(*text, pairs=known.get(text), counts=count)  # type: ignore[arg-type]
        for text, count in zip(texts, counts, strict=True)
    }
    return {name: errors[text] for name, text in words.items()}, chars
