"""References that somebody should look at, the most doubtful first, and what becomes of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workbench.corpus import Corpus, Utterance
from workbench.corpus.draft import confirm_drafts
from workbench.corpus.own import approve_reference, approved, correct_reference
from workbench.runs.doubtful import Doubt
from workbench.store.labels import reference_mark

__all__ = ["ReviewItem", "settle_reference", "to_review"]


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """One reference to look at.

    Attributes:
        utterance: the recording, with its reference as it stands.
        why: ``doubtful`` where recognisers agree against it, ``draft`` where nobody has confirmed it, ``differs`` where
            they agree on less than raises a doubt.
        differing, words: words that they have otherwise, of the words of the reference; 0 for a draft.
        heard: what was heard; None for a draft.
    """

    utterance: Utterance
    why: str
    differing: int
    words: int
    heard: str | None = field(repr=False)

    def row(self) -> dict[str, object]:
        """As ``--json`` gives it."""
        return {
            "utterance": self.utterance.id,
            "why": self.why,
            "differing": self.differing,
            "words": self.words,
            "reference": self.utterance.reference.written,
            "heard": self.heard,
        }


def to_review(corpus: Corpus, doubts: Sequence[Doubt], marked: Mapping[str, str]) -> list[ReviewItem]:
    """What recognisers agree on against the reference, worst first; then drafts; then what differs less.

    Args:
        corpus: with its references as they stand.
        doubts: the most doubtful first, see :func:`workbench.runs.doubtful.doubtful_references`.
        marked: references that are marked as wrong, see :func:`workbench.store.labels.flagged`; left out, like those
            that the history of the corpus says somebody found right, as long as they stand.
    """
    seen = approved(corpus.root)
    by_id = {utterance.id: utterance for utterance in corpus.utterances}
    items = [ReviewItem(utterance, "draft", 0, 0, None) for utterance in corpus.utterances if utterance.draft]
    for doubt in doubts:
        utterance = by_id.get(doubt.utterance)
        if utterance is None or utterance.draft or not doubt.differing:
            continue
        # What was heard against another text says nothing about this one.
        now = utterance.reference.written
        if now == doubt.reference and seen.get(utterance.id) != now and marked.get(utterance.id) != reference_mark(now):
            why = "doubtful" if doubt.is_doubtful else "differs"
            items.append(ReviewItem(utterance, why, doubt.differing, doubt.words, doubt.heard))
    return sorted(items, key=lambda item: ("doubtful", "draft", "differs").index(item.why))


def settle_reference(folder: Path, utterance: Utterance, text: str) -> str:
    """What somebody who listened says is spoken: corrects it, confirms a draft, or remembers that it is right.

    Args:
        folder: of the data set.
        utterance: the recording, with its reference as it stands.
        text: what is said.

    Returns:
        ``corrected``, ``confirmed`` or ``found right``.

    Raises:
        CorpusError: the data set cannot be written, an empty text where no draft was empty, or several speakers.
    """
    text, before = " ".join(text.split()), utterance.reference.written
    changed = text != " ".join(before.split())
    if changed:
        correct_reference(folder, utterance.id, text)
    if utterance.draft:
        confirm_drafts(folder, (utterance.id,))
        return "confirmed"
    if not changed:
        approve_reference(folder, utterance.id, before)
        return "found right"
    return "corrected"
