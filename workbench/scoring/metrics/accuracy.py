"""Word and character error rates: counts that add, rates that are derived.

The only module that knows jiwer. A rate over several utterances comes from summed counts, never from a
mean of rates. An empty denominator gives None, never 0. jiwer counts the errors; how they split into substitutions,
deletions and insertions is read off the one alignment that pages, terms and differences use, so that MER and WIL agree
with what is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.scoring.metrics.alignment import common_ends, paired

__all__ = ["ErrorCounts", "char_errors", "counted", "word_errors"]

# jiwer aligns in time proportional to the product of both lengths. Above this many cells RapidFuzz, which jiwer
# itself calls, is given a score hint: 60,000 words take 0.2 s instead of 1.5–2.7 s, with the same counts.
_LONG_CELLS = 10_000_000


@dataclass(frozen=True, slots=True)
class ErrorCounts:
    """Hits, substitutions, deletions and insertions of one alignment or of many.

    >>> one, two = ErrorCounts(3, 1, 0, 0), ErrorCounts(1, 0, 1, 2)
    >>> (one + two).rate, ErrorCounts().rate
    (0.6666666666666666, None)
    """

    hits: int = 0
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0

    def __add__(self, other: ErrorCounts) -> ErrorCounts:
        return ErrorCounts(
            self.hits + other.hits,
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
        )

    @property
    def reference(self) -> int:
        """Units in the reference: N = H + S + D."""
        return self.hits + self.substitutions + self.deletions

    @property
    def hypothesis(self) -> int:
        """Units in the hypothesis: H + S + I."""
        return self.hits + self.substitutions + self.insertions

    @property
    def errors(self) -> int:
        """S + D + I; for an empty reference, the insertions."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def rate(self) -> float | None:
        """WER or CER: errors / N; None for an empty reference. May exceed 1."""
        return self.errors / self.reference if self.reference else None

    @property
    def mer(self) -> float | None:
        """Match error rate: errors / (H + S + D + I); None if there is nothing on either side."""
        total = self.hits + self.errors
        return self.errors / total if total else None

    @property
    def wip(self) -> float | None:
        """Word information preserved: (H / N) (H / hypothesis); 0 for an empty hypothesis, None for an empty reference.

        Source: Morris, Maier, Green, "From WER and RIL to MER and WIL", Interspeech 2004.
        """
        if not self.reference:
            return None
        return self.hits / self.reference * self.hits / self.hypothesis if self.hypothesis else 0.0

    @property
    def wil(self) -> float | None:
        """Word information lost: 1 - WIP."""
        return None if self.wip is None else 1 - self.wip


def word_errors(
    reference: Sequence[str],
    hypothesis: Sequence[str],
    *,
    pairs: Sequence[tuple[int, int]] | None = None,
    counts: ErrorCounts | None = None,
) -> ErrorCounts:
    """S, D, I and hits of one pair: as many errors as jiwer counts, split as :func:`align` pairs the words.

    Args:
        reference: words, already normalised.
        hypothesis: words, normalised in the same way.
        pairs: their alignment, where it is known.
        counts: what :func:`counted` gave for them, where it is known.

    >>> word_errors("the cat sat".split(), "a cat sat down".split())
    ErrorCounts(hits=2, substitutions=1, deletions=0, insertions=1)
    >>> word_errors([], ["noise"]).errors, word_errors([], []).rate
    (1, None)
    """
    if reference == hypothesis:
        return ErrorCounts(hits=len(reference))
    if counts is None:
        (counts,) = counted([(reference, hypothesis)])
    if counts.errors == 1:
        return counts  # one way to split them
    opposite = paired(reference, hypothesis)[0] if pairs is None else len(pairs)
    deletions, insertions = len(reference) - opposite, len(hypothesis) - opposite
    substitutions = counts.errors - deletions - insertions
    return ErrorCounts(len(reference) - substitutions - deletions, substitutions, deletions, insertions)


def counted(texts: Sequence[tuple[Sequence[str], Sequence[str]]]) -> list[ErrorCounts]:
    """Counts of references and hypotheses, in words or characters, as jiwer counts and splits them.

    One call of jiwer for all of them: it takes longer to begin than to count 20 words. RapidFuzz, which jiwer calls,
    takes off what both begin and end with before it aligns; done here, jiwer need not look at these either.

    >>> counted([("ab", "abc"), (["new", "pain"], ["no", "pain"])])
    [ErrorCounts(hits=2, substitutions=0, deletions=0, insertions=1), \
ErrorCounts(hits=1, substitutions=1, deletions=0, insertions=0)]
    """
    counts: list[ErrorCounts] = []
    places: list[int] = []
    left: tuple[list[list[str]], list[list[str]]] = ([], [])
    for reference, hypothesis in texts:
        if len(reference) * len(hypothesis) > _LONG_CELLS:
            counts.append(_long_errors(reference, hypothesis))
            continue
        head, tail = common_ends(reference, hypothesis)
        ours, theirs = reference[head : len(reference) - tail], hypothesis[head : len(hypothesis) - tail]
        if ours and theirs:
            places.append(len(counts))
            left[0].append(list(ours))
            left[1].append(list(theirs))
            counts.append(ErrorCounts(hits=head + tail))
        else:
            counts.append(ErrorCounts(head + tail, 0, len(ours), len(theirs)))
    for place, found in zip(places, _by_jiwer(*left), strict=True):
        counts[place] += found
    return counts


def _by_jiwer(references: list[list[str]], hypotheses: list[list[str]]) -> list[ErrorCounts]:
    """Counts of each pair."""
    if not references:
        return []
    import jiwer

    as_it_is = jiwer.Compose([])
    # jiwer's hints know sentences only; with an empty transform it takes words that are split already.
    output = jiwer.process_words(references, hypotheses, as_it_is, as_it_is)  # type: ignore[arg-type]
    if len(references) == 1:
        return [ErrorCounts(output.hits, output.substitutions, output.deletions, output.insertions)]
    counts = []
    for chunks in output.alignments:
        sizes = dict.fromkeys(("equal", "substitute", "delete", "insert"), 0)
        for chunk in chunks:
            size = chunk.ref_end_idx - chunk.ref_start_idx or chunk.hyp_end_idx - chunk.hyp_start_idx
            sizes[chunk.type] += size
        counts.append(ErrorCounts(*sizes.values()))
    return counts


def char_errors(reference: str, hypothesis: str) -> ErrorCounts:
    """Counts over characters, spaces included, as jiwer's CER has them.

    >>> char_errors("abc d", "abd d").rate
    0.2
    """
    return ErrorCounts(hits=len(reference)) if reference == hypothesis else counted([(reference, hypothesis)])[0]


def _long_errors(reference: Sequence[str], hypothesis: Sequence[str]) -> ErrorCounts:
    from rapidfuzz.distance import Levenshtein

    number = {word: i for i, word in enumerate(dict.fromkeys((*reference, *hypothesis)))}
    hits = substitutions = deletions = insertions = 0
    ours, theirs = [number[w] for w in reference], [number[w] for w in hypothesis]
    hint = abs(len(ours) - len(theirs)) + max(len(ours), len(theirs)) // 20
    for operation in Levenshtein.opcodes(ours, theirs, score_hint=hint):
        length = operation.src_end - operation.src_start
        if operation.tag == "equal":
            hits += length
        elif operation.tag == "replace":
            substitutions += length
        elif operation.tag == "delete":
            deletions += length
        else:
            insertions += operation.dest_end - operation.dest_start
    return ErrorCounts(hits, substitutions, deletions, insertions)
