"""What is in a corpus: counts for `workbench datasets show`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from workbench.audio.align import spoken_tokens
from workbench.corpus.load import Corpus

__all__ = ["CorpusSummary", "summarise"]


@dataclass(frozen=True, slots=True)
class CorpusSummary:
    """Counts over a corpus.

    Attributes:
        utterances: how many.
        seconds: length of the audio.
        shortest_s, longest_s: durations; None for an empty corpus.
        speakers, tags: utterances of each.
        sample_rates_hz: utterances at each rate.
        words: spoken words.
        distinct_words: lower-cased, punctuation taken off.
        terms: marked terms of each kind.
        with_word_times: utterances that have word times, by origin.
        unknown_words: distinct words that the dictionary lacks, sorted; None if no dictionary was given.
        out_of_vocabulary_share: share of *spoken* words that the dictionary lacks; None likewise.
    """

    utterances: int
    seconds: float
    shortest_s: float | None
    longest_s: float | None
    speakers: dict[str, int]
    tags: dict[str, int]
    sample_rates_hz: dict[str, int]
    words: int
    distinct_words: int
    terms: dict[str, int]
    with_word_times: dict[str, int]
    unknown_words: tuple[str, ...] | None
    out_of_vocabulary_share: float | None


def summarise(corpus: Corpus, dictionary: Collection[str] | None = None) -> CorpusSummary:
    """Count what is in a corpus.

    Args:
        corpus: any.
        dictionary: words that a recogniser knows, in lower case.
    """
    tokens = Counter(token for u in corpus.utterances for _, token in spoken_tokens(u.reference.spoken))
    lengths = [u.duration_s for u in corpus.utterances]
    unknown = None if dictionary is None else sorted(token for token in tokens if token not in dictionary)
    missed = None if unknown is None else sum(tokens[token] for token in unknown)
    return CorpusSummary(
        utterances=len(corpus.utterances),
        seconds=round(sum(lengths), 3),
        shortest_s=min(lengths, default=None),
        longest_s=max(lengths, default=None),
        speakers=_counted(u.speaker or "unknown" for u in corpus.utterances),
        tags=_counted(tag for u in corpus.utterances for tag in u.tags),
        sample_rates_hz=_counted(str(u.sample_rate_hz) for u in corpus.utterances),
        words=tokens.total(),
        distinct_words=len(tokens),
        terms=_counted(term.kind for u in corpus.utterances for term in u.reference.terms),
        with_word_times=_counted(u.reference.words_origin for u in corpus.utterances if u.reference.words_origin),
        unknown_words=None if unknown is None else tuple(unknown),
        out_of_vocabulary_share=missed / tokens.total() if missed is not None and tokens else None,
    )


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))
