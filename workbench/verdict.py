"""What a comparison means, in one sentence, and which utterances made it so.

House rules: too few data have no verdict; a difference counts only where its adjusted p-value is below 0.05 and it is
larger than the noise floor; "no difference shown" is never called "equal".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.compare import HIGHER_IS_BETTER, Comparison, Difference, NoiseFloor
from workbench.metrics.stats import percentile
from workbench.scoring import SessionScore, latest_attempts
from workbench.units import NS_PER_MS

__all__ = [
    "MIN_PAIRS",
    "TITLES",
    "Changed",
    "Verdict",
    "changed_utterances",
    "enough",
    "paired_utterances",
    "verdict",
]

MIN_PAIRS = 20
"""Below this many paired utterances there is no verdict: a percentile bootstrap of fewer blocks covers too little,
which is also why intervals of rates are bias-corrected only from here on."""

_LEVEL = 0.05
_HEADLINES = ("wer", "word_latency_p95")

TITLES = {
    "wer": "WER",
    "wer_raw": "raw WER",
    "medical_wer": "medical WER",
    "term_recall": "term recall",
    "value_accuracy": "value accuracy",
    "first_partial": "first partial",
    "word_latency_p50": "word latency p50",
    "word_latency_p95": "word latency p95",
    "word_finality_p50": "word finality p50",
    "finalisation_p50": "finalisation p50",
    "end_of_results_p50": "end of results p50",
}
"""Metrics of a comparison as people call them."""


@dataclass(frozen=True, slots=True)
class Changed:
    """One utterance on both sides; repeats are added up.

    Attributes:
        utterance: its id.
        reference_words: of the baseline's repeats together.
        baseline_errors, candidate_errors: substitutions, deletions and insertions.
        baseline_latency_ns, candidate_latency_ns: median word latency; None where no valid session has any.
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
        """How much later the median word is; None where a side has none."""
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
    """Every utterance that both sides completed, in the order of the baseline, whether it changed or not."""
    ours, theirs = _sides(baseline), _sides(candidate)
    return tuple(_changed(u, ours[u], theirs[u]) for u in ours if u in theirs)


def _sides(scores: Sequence[SessionScore]) -> dict[str, list[SessionScore]]:
    found: dict[str, list[SessionScore]] = {}
    for score in latest_attempts(scores):
        if not score.failed:
            found.setdefault(score.utterance, []).append(score)
    return found


def _changed(utterance: str, ours: list[SessionScore], theirs: list[SessionScore]) -> Changed:
    latencies = [
        percentile([v for s in side if s.timed for v in s.latency.word_latency_ns if v is not None], 50)
        for side in (ours, theirs)
    ]
    return Changed(
        utterance=utterance,
        reference_words=sum(s.words.reference for s in ours),
        baseline_errors=sum(s.words.errors for s in ours),
        candidate_errors=sum(s.words.errors for s in theirs),
        baseline_latency_ns=latencies[0],
        candidate_latency_ns=latencies[1],
    )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a comparison shows.

    Attributes:
        sentence: for people.
        worse, better: metrics that are shown to differ.
        enough: False where there are too few data for a verdict; then nothing is worse or better.
    """

    sentence: str
    worse: tuple[str, ...] = ()
    better: tuple[str, ...] = ()
    enough: bool = True

    def __str__(self) -> str:
        """The sentence."""
        return self.sentence


def enough(n: int) -> bool:
    """Whether ``n`` paired utterances may carry a verdict."""
    return n >= MIN_PAIRS


def verdict(comparison: Comparison, floor: NoiseFloor | None = None) -> Verdict:
    """What the comparison shows, in one sentence.

    Args:
        comparison: its p-values adjusted where it is one of many.
        floor: differences within it do not count.
    """
    if not enough(comparison.n):
        return Verdict(f"n = {comparison.n}, not enough for a verdict", enough=False)
    signs = {d.metric: _direction(d, floor) for d in comparison.differences}
    worse = tuple(m for m, sign in signs.items() if sign == "worse")
    better = tuple(m for m, sign in signs.items() if sign == "better")
    parts = [_phrase(d, signs[d.metric], floor) for d in comparison.differences if d.metric in _HEADLINES]
    for word, metrics in (("worse", worse), ("better", better)):
        others = [TITLES[m] for m in metrics if m not in _HEADLINES]
        if others:
            parts.append(f"also {word}: {', '.join(others)}")
    return Verdict(f"{'; '.join(parts)}; n = {comparison.n}", worse, better)


def _direction(difference: Difference, floor: NoiseFloor | None) -> str | None:
    """``worse``, ``better``, or None where no difference is shown."""
    p = difference.p_value if difference.p_adjusted is None else difference.p_adjusted
    if p is None or not difference.difference or p >= _LEVEL or not enough(difference.n):
        return None
    if _within(difference, floor):
        return None
    rose = difference.difference > 0
    return "better" if rose == (difference.metric in HIGHER_IS_BETTER) else "worse"


def _within(difference: Difference, floor: NoiseFloor | None) -> bool:
    width = floor.width(difference.metric) if floor else None
    return width is not None and difference.difference is not None and abs(difference.difference) <= width


def _phrase(difference: Difference, sign: str | None, floor: NoiseFloor | None) -> str:
    title = TITLES[difference.metric]
    if difference.difference is None:
        return f"{title} is unknown ({difference.reason})"
    ends = difference.interval
    spread = f" ({_amount(difference, ends.low)} to {_amount(difference, ends.high)})" if ends else ""
    if sign:
        return f"{title} is {sign} by {_amount(difference, abs(difference.difference), signed=False)}{spread}"
    if not enough(difference.n):
        return f"{title} has n = {difference.n}, not enough for a verdict"
    if _within(difference, floor) and difference.difference:
        return f"{title} differs no more than the same configuration does from itself{spread}"
    return f"{title} is not shown to differ{spread}"


def _amount(difference: Difference, value: float | None, *, signed: bool = True) -> str:
    if value is None:
        return "unbounded"
    sign = "+" if signed else ""
    if difference.unit == "ns":
        return f"{value / NS_PER_MS:{sign}.0f} ms"
    return f"{value * 100:{sign}.1f} points"
