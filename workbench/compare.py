"""Two lists of scores against each other, paired on the utterance.

House rules: only utterances that both sides completed are compared, and the others are named with their reason.
Positive differences mean that the candidate is higher. Every difference has its interval, its p-value and its n.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from workbench.errors import InputError
from workbench.metrics.clustered import percentile_draws
from workbench.metrics.inference import MatchedPairs, benjamini_hochberg, holm, mapsswe, matched_segments
from workbench.metrics.stats import DRAWS, Interval, percentile, rate_draws, two_sided_p
from workbench.scoring import SessionScore, latest_attempts

__all__ = [
    "HIGHER_IS_BETTER",
    "LATENCIES",
    "RATES",
    "Adjusted",
    "Comparison",
    "Difference",
    "NoiseFloor",
    "Unpaired",
    "adjust",
    "adjust_metrics",
    "compare_scores",
    "noise_floor",
]

# Percentiles of words are drawn from thousands of values; 2,000 draws settle a 95 % interval to about 1 % of its width.
_LATENCY_DRAWS = 2_000
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Difference:
    """Candidate minus baseline of one metric.

    Attributes:
        metric: its name.
        unit: ``rate`` (of words) or ``ns``.
        n: utterances in the comparison.
        baseline, candidate: the value on each side, over the paired utterances.
        difference: candidate minus baseline.
        interval: of the difference.
        p_value: two-sided, paired bootstrap.
        reason: why the values are None, or None.
        p_adjusted: Holm-adjusted over the family of :func:`adjust_metrics`; None outside one.
    """

    metric: str
    unit: str
    n: int
    baseline: float | None = None
    candidate: float | None = None
    difference: float | None = None
    interval: Interval | None = None
    p_value: float | None = None
    reason: str | None = None
    p_adjusted: float | None = None


@dataclass(frozen=True, slots=True)
class Unpaired:
    """An utterance that could not be compared.

    Attributes:
        utterance: its id.
        reason: which side lacks it, or on which side it failed.
    """

    utterance: str
    reason: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed between two lists of scores.

    Attributes:
        n: utterances that both sides completed.
        differences: one a metric, accuracy first.
        unpaired: utterances left out, with reasons.
        normaliser: name of the normaliser of both sides.
        matched_pairs: MAPSSWE over the segments of the paired sessions.
        adjusted: p-values of the WER differences of a family of comparisons, see :func:`adjust`; None outside one.
    """

    n: int
    differences: tuple[Difference, ...]
    unpaired: tuple[Unpaired, ...]
    normaliser: str
    matched_pairs: MatchedPairs
    adjusted: Adjusted | None = None

    @property
    def wer(self) -> Difference:
        """The difference of the normalised WER."""
        return self.differences[0]


@dataclass(frozen=True, slots=True)
class Adjusted:
    """An adjusted p-value of a WER difference, named for its method.

    Attributes:
        value: None where the comparison had no p-value.
        method: ``Holm`` or ``Benjamini-Hochberg``.
        family: how many comparisons were adjusted together.
    """

    value: float | None
    method: str
    family: int


@dataclass(frozen=True, slots=True)
class NoiseFloor:
    """How much the same configuration differs from itself when it is played twice (A/A).

    Attributes:
        n: utterances played twice.
        differences: second play minus first, one a metric.
    """

    n: int
    differences: tuple[Difference, ...]

    def width(self, metric: str) -> float | None:
        """Largest absolute difference that the A/A interval holds, in the unit of the metric; None where unknown."""
        for difference in self.differences:
            if difference.metric == metric and difference.interval is not None:
                ends = (difference.interval.low, difference.interval.high)
                return max((abs(end) for end in ends if end is not None), default=None)
        return None


# Numerator and denominator of each rate that is compared; counts add over utterances, the rate is derived.
RATES: dict[str, Callable[[SessionScore], tuple[int, int]]] = {
    "wer": lambda s: (s.words.errors, s.words.reference),
    "wer_raw": lambda s: (s.raw.errors, s.raw.reference),
    "medical_wer": lambda s: (s.meaning.medical_errors, s.meaning.medical_words),
    "term_recall": lambda s: (s.meaning.terms.hits, s.meaning.terms.reference),
    "value_accuracy": lambda s: (s.values.kept, s.values.said),
}
HIGHER_IS_BETTER = frozenset({"term_recall", "value_accuracy"})

# Percentile and source of each latency that is compared; the values of an utterance stay together in every draw.
LATENCIES: dict[str, tuple[float, Callable[[SessionScore], Iterable[int | None]]]] = {
    "first_partial": (50, lambda s: [_first_partial(s)]),
    "word_latency_p50": (50, lambda s: s.latency.word_latency_ns),
    "word_latency_p95": (95, lambda s: s.latency.word_latency_ns),
    "word_finality_p50": (50, lambda s: s.latency.word_finality_ns),
    "finalisation_p50": (50, lambda s: [s.latency.finalisation_ns]),
    "end_of_results_p50": (50, lambda s: [s.latency.end_of_results_ns]),
}


def _first_partial(score: SessionScore) -> int | None:
    value = score.latency.first_partial_ns
    return score.latency.first_partial_audio_start_ns if value is None else value


def compare_scores(baseline: Sequence[SessionScore], candidate: Sequence[SessionScore], *, seed: int) -> Comparison:
    """Paired differences of rates and of latencies, candidate minus baseline.

    Args:
        baseline: scores of one run or of one cell; repeats of an utterance are pooled.
        candidate: scores of the other.
        seed: of the draws.

    Raises:
        InputError: the sides were normalised differently, or one is empty.
    """
    _same_normaliser(baseline, candidate)
    ours, theirs = _by_utterance(baseline), _by_utterance(candidate)
    paired = [u for u in ours if u in theirs and _done(ours[u]) and _done(theirs[u])]
    unpaired = [
        Unpaired(u, why) for u in dict.fromkeys((*ours, *theirs)) if (why := _why_unpaired(ours.get(u), theirs.get(u)))
    ]
    pairs = [(_done(ours[u]), _done(theirs[u])) for u in paired]
    differences = [
        *(_rate_difference(name, pairs, seed) for name in RATES),
        *(_latency_difference(name, pairs, seed) for name in LATENCIES),
    ]
    test = mapsswe([segment for a, b in pairs for segment in _segments(a, b)])
    return Comparison(len(paired), tuple(differences), tuple(unpaired), baseline[0].normaliser, test)


def adjust(comparisons: Sequence[Comparison], *, false_discovery: bool = False) -> list[Comparison]:
    """A family of comparisons with their WER p-values adjusted for being many.

    Args:
        comparisons: for instance every cell of a sweep against the same baseline.
        false_discovery: Benjamini–Hochberg instead of Holm.
    """
    known = [c.wer.p_value for c in comparisons if c.wer.p_value is not None]
    values = iter(benjamini_hochberg(known) if false_discovery else holm(known))
    method = "Benjamini-Hochberg" if false_discovery else "Holm"
    return [
        replace(c, adjusted=Adjusted(None if c.wer.p_value is None else next(values), method, len(known)))
        for c in comparisons
    ]


def adjust_metrics(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Comparisons whose every difference has its Holm-adjusted p-value; the family is all metrics of all of them."""
    known = [d.p_value for c in comparisons for d in c.differences if d.p_value is not None]
    values = iter(holm(known))
    return [
        replace(
            c,
            differences=tuple(d if d.p_value is None else replace(d, p_adjusted=next(values)) for d in c.differences),
        )
        for c in comparisons
    ]


def noise_floor(scores: Sequence[SessionScore], seed: int) -> NoiseFloor | None:
    """Difference between two plays of the same sessions: repeat 1 minus repeat 0, whatever their cell.

    The plays of one utterance under several cells stay together as one block of resampling.

    Args:
        scores: of a run that played its sessions at least twice.
        seed: of the draws.

    Returns:
        None where no session was completed twice.
    """
    plays: list[dict[tuple[str, str], SessionScore]] = [{}, {}]
    for score in latest_attempts(scores):
        if score.repeat < 2 and not score.failed:
            plays[score.repeat][score.cell, score.utterance] = score
    both = [place for place in plays[0] if place in plays[1]]
    if not both:
        return None
    found = compare_scores([plays[0][place] for place in both], [plays[1][place] for place in both], seed=seed)
    return NoiseFloor(found.n, found.differences)


def _segments(ours: list[SessionScore], theirs: list[SessionScore]) -> list[tuple[int, int]]:
    """Segments of one utterance, repeat by repeat; a repeat that one side lacks has none."""
    found: list[tuple[int, int]] = []
    others = {s.repeat: s for s in theirs}
    for score in ours:
        other = others.get(score.repeat)
        if other is not None and len(score.track) == len(other.track):
            found += matched_segments(score.track, other.track)
    return found


def _same_normaliser(baseline: Sequence[SessionScore], candidate: Sequence[SessionScore]) -> None:
    for side, scores in (("baseline", baseline), ("candidate", candidate)):
        if not scores:
            raise InputError("nothing to compare", item=side, got="0 sessions", expected="at least one scored session")
    found = {(s.normaliser, s.normaliser_hash) for s in (*baseline, *candidate)}
    if len(found) > 1:
        raise InputError(
            "the two sides were normalised differently",
            got=" and ".join(sorted(f"{name} {digest[:8]}" for name, digest in found)),
            expected="one normaliser on both sides",
            action="Score both again with the same --normaliser",
        )


def _by_utterance(scores: Sequence[SessionScore]) -> dict[str, list[SessionScore]]:
    found: dict[str, list[SessionScore]] = {}
    for score in latest_attempts(scores):
        found.setdefault(score.utterance, []).append(score)
    return found


def _done(scores: list[SessionScore]) -> list[SessionScore]:
    return [s for s in scores if not s.failed]


def _why_unpaired(ours: list[SessionScore] | None, theirs: list[SessionScore] | None) -> str | None:
    for side, scores in (("baseline", ours), ("candidate", theirs)):
        if scores is None:
            return f"not in the {side}"
        if not _done(scores):
            return f"failed in the {side}: {scores[0].outcome}"
    return None


def _rate_difference(metric: str, pairs: list[tuple[list[SessionScore], list[SessionScore]]], seed: int) -> Difference:
    """Difference of a pooled rate; utterances that have nothing to count on either side are not in its n."""
    counts_of = RATES[metric]
    told = [[[s for s in side if s.unscorable is None] for side in pair] for pair in pairs]
    rows = [
        tuple(sum(column) for side in pair for column in zip(*map(counts_of, side), strict=True))
        for pair in told
        if all(pair)
    ]
    columns = np.array([row for row in rows if any(row)], np.int64).reshape(-1, 4)
    n = len(columns)
    errors_a, words_a, errors_b, words_b = (int(total) for total in columns.sum(axis=0))
    if not words_a or not words_b:
        what = "reference words" if metric.startswith("wer") else "such words in the references"
        return Difference(metric, "rate", n, reason=f"no {what} in common")
    baseline, candidate = errors_a / words_a, errors_b / words_b
    observed = candidate - baseline
    if n < 2:
        reason = "one utterance: no interval"
        return Difference(metric, "rate", n, baseline, candidate, observed, reason=reason)
    sums = rate_draws(columns, np.random.default_rng(seed), DRAWS)
    sums = sums[(sums[:, 1] > 0) & (sums[:, 3] > 0)]
    draws = sums[:, 2] / sums[:, 3] - sums[:, 0] / sums[:, 1]
    p_value = two_sided_p(draws, n)
    return Difference(metric, "rate", n, baseline, candidate, observed, _interval(draws), p_value)


def _latency_difference(name: str, pairs: list[tuple[list[SessionScore], list[SessionScore]]], seed: int) -> Difference:
    """Difference of a percentile over the utterances that have valid latencies on both sides."""
    p, values_of = LATENCIES[name]
    usable = []
    for ours, theirs in pairs:
        sides = [[v for s in side if s.timed for v in values_of(s) if v is not None] for side in (ours, theirs)]
        if all(sides):
            usable.append(sides)
    if not usable:
        return Difference(name, "ns", 0, reason="no utterance has it on both sides")
    samples = []
    for k in (0, 1):
        values = np.array([v for sides in usable for v in sides[k]], np.int64)
        samples.append((values, np.repeat(np.arange(len(usable)), [len(sides[k]) for sides in usable])))
    baseline, candidate = (percentile(values, p) for values, _ in samples)
    if baseline is None or candidate is None:  # unreachable while usable is not empty; narrows the type
        return Difference(name, "ns", 0, reason="no values")
    observed = candidate - baseline
    if len(usable) < 2:
        reason = "one utterance: no interval"
        return Difference(name, "ns", len(usable), baseline, candidate, observed, reason=reason)
    drawn = percentile_draws(samples, len(usable), p, np.random.default_rng(seed), _LATENCY_DRAWS)
    draws = drawn[:, 1] - drawn[:, 0]
    n, p_value = len(usable), two_sided_p(draws, len(usable))
    return Difference(name, "ns", n, baseline, candidate, observed, _interval(draws), p_value)


def _interval(draws: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Interval:
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high), LEVEL, "paired percentile bootstrap")
