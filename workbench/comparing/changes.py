"""Utterances whose errors changed most between two runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.comparing.differences import shared_values
from workbench.comparing.pairs import Pair, pair_sessions
from workbench.scoring.measures import DURATIONS
from workbench.scoring.metrics.stats import percentile
from workbench.scoring.session import SessionScore

__all__ = ["Changed", "changed_utterances", "paired_utterances"]


@dataclass(frozen=True, slots=True)
class Changed:
    """One utterance on both sides; repeats that both have are added up.

    Attributes:
        utterance: its id.
        reference_words: words of these repeats together.
        baseline_errors, candidate_errors: substitutions, deletions and insertions.
        baseline_latency_ns, candidate_latency_ns: median word latency; None if no certified session has any.
    """

    utterance: str
    reference_words: int
    baseline_errors: int
    candidate_errors: int
    baseline_latency_ns: int | None
    candidate_latency_ns: int | None

    @property
    def errors(self) -> int:
        """Errors more than in the baseline."""
        return self.candidate_errors - self.baseline_errors

    @property
    def latency_ns(self) -> int | None:
        """How much later the median word is; None if a side has none."""
        if self.baseline_latency_ns is None or self.candidate_latency_ns is None:
            return None
        return self.candidate_latency_ns - self.baseline_latency_ns


def changed_utterances(
    baseline: Sequence[SessionScore], candidate: Sequence[SessionScore], limit: int = 10
) -> tuple[Changed, ...]:
    """The utterances that changed most: by the change of their errors, then by that of their median word latency.

    Args:
        baseline: scores of one side.
        candidate: scores of the other.
        limit: how many at most; utterances without any change are never among them.
    """
    moved = [c for c in paired_utterances(baseline, candidate) if c.errors or c.latency_ns]
    return tuple(sorted(moved, key=lambda c: (-abs(c.errors), -abs(c.latency_ns or 0), c.utterance))[:limit])


def paired_utterances(baseline: Sequence[SessionScore], candidate: Sequence[SessionScore]) -> tuple[Changed, ...]:
    """Every utterance that both sides completed, in the order of the ids, whether it changed or not.

    A repeat that one side lacks or failed is on neither side, and latencies are those of words that both have.
    """
    by_utterance: dict[str, list[Pair]] = {}
    for pair in pair_sessions(baseline, candidate).pairs:
        by_utterance.setdefault(pair.utterance, []).append(pair)
    return tuple(_changed(utterance, pairs) for utterance, pairs in by_utterance.items())


def _changed(utterance: str, pairs: Sequence[Pair]) -> Changed:
    timed = [pair for pair in pairs if pair.baseline.timed and pair.candidate.timed]
    values = [both for pair in timed for both in shared_values(pair, DURATIONS["word_latency"])]
    return Changed(
        utterance=utterance,
        reference_words=sum(p.baseline.words.reference for p in pairs),
        baseline_errors=sum(p.baseline.words.errors for p in pairs),
        candidate_errors=sum(p.candidate.words.errors for p in pairs),
        baseline_latency_ns=percentile([a for a, _ in values], 50),
        candidate_latency_ns=percentile([b for _, b in values], 50),
    )
