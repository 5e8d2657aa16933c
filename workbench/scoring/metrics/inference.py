"""Decisions from differences: many at once, small enough to ignore, large enough to see, and matched segments.

An adjusted p-value is never called a p-value; a test states what it assumes; empty input is None.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.scoring.metrics.special import special
from workbench.scoring.metrics.stats import Interval

__all__ = [
    "MatchedPairs",
    "NonInferiority",
    "benjamini_hochberg",
    "error_track",
    "holm",
    "mapsswe",
    "matched_segments",
    "non_inferiority",
    "pairs_needed",
    "smallest_detectable",
    "weighted_holm",
]

# Words correct in both systems that separate two segments, as in NIST's sc_stats.
_BOUNDARY = 2


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm-adjusted p-values, in the order given: the chance of any false alarm is bounded, under any dependence.

    Source: Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Stat. 6 (1979).

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values, kind="stable")
    m, adjusted, largest = len(order), [0.0] * len(order), 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (m - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted


def weighted_holm(p_values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """As :func:`holm` where some questions matter more: each has its share of the error probability.

    Args:
        p_values: in any order.
        weights: above 0; only their proportions count. Equal weights give :func:`holm`.

    Source: Holm (1979), section 4; Benjamini and Hochberg, "Multiple hypotheses testing with weights", Scand. J.
    Stat. 24 (1997).

    >>> weighted_holm([0.01, 0.04, 0.03], [1, 1, 1])
    [0.03, 0.06, 0.06]
    >>> weighted_holm([0.02, 0.02], [4, 1])
    [0.025, 0.025]
    """
    w = np.asarray(weights, np.float64)
    order = np.argsort(np.asarray(p_values) / w, kind="stable")
    adjusted, largest, left = [0.0] * len(order), 0.0, float(w.sum())
    for index in order:
        largest = max(largest, min(1.0, p_values[index] * left / float(w[index])))
        adjusted[index] = round(largest, 15)
        left -= float(w[index])
    return adjusted


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Benjamini–Hochberg adjusted p-values: the expected share of false alarms among the alarms is bounded.

    Source: Benjamini and Hochberg, J. R. Stat. Soc. B 57 (1995). For independent or positively dependent tests.

    >>> benjamini_hochberg([0.01, 0.04, 0.03])
    [0.03, 0.04, 0.04]
    """
    order = np.argsort(p_values, kind="stable")
    m, adjusted, smallest = len(order), [0.0] * len(order), 1.0
    for rank in range(m, 0, -1):
        index = order[rank - 1]
        smallest = min(smallest, m * p_values[index] / rank)
        adjusted[index] = smallest
    return adjusted


def error_track(reference: int, pairs: Sequence[tuple[int, int]], hits: Sequence[bool], hypothesis: int) -> list[int]:
    """Errors along the reference: insertions before the first word, whether that is wrong, and so on to the end.

    Args:
        reference: number of reference words N.
        pairs: aligned (reference, hypothesis) indices, ascending.
        hits: for each pair, whether the words are equal.
        hypothesis: number of hypothesis words.

    Returns:
        2 N + 1 counts; odd places are words (0 correct, 1 substituted or deleted), even places insertions.

    >>> error_track(2, [(0, 0), (1, 2)], [True, False], 3)
    [0, 0, 1, 1, 0]
    """
    track = [0, 1] * reference + [0]
    last = -1
    for (i, j), hit in zip(pairs, hits, strict=True):
        track[2 * i] += j - last - 1
        track[2 * i + 1] = 0 if hit else 1
        last = j
    track[2 * reference] += hypothesis - last - 1
    return track


def matched_segments(ours: Sequence[int], theirs: Sequence[int]) -> list[tuple[int, int]]:
    """Errors of both systems in each segment of one utterance.

    A segment holds errors of either system and is bounded by two words that both have correct, or by the end of
    the utterance. Stretches without an error are no segment.

    Args:
        ours: track of one system, see :func:`error_track`.
        theirs: track of the other on the same reference.

    >>> matched_segments([0, 1, 0, 0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0, 0, 1, 0])
    [(1, 0), (1, 1)]
    """
    segments: list[tuple[int, int]] = []
    good = _BOUNDARY
    for place, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        if a or b:
            if good >= _BOUNDARY:
                segments.append((a, b))
            else:
                segments[-1] = (segments[-1][0] + a, segments[-1][1] + b)
            good = 0
        elif place % 2:
            good += 1
    return segments


@dataclass(frozen=True, slots=True)
class MatchedPairs:
    """Result of the matched-pairs test.

    Attributes:
        segments: number of segments.
        mean: mean difference of errors per segment, theirs minus ours.
        statistic: standard normal under "no difference"; None if it cannot be computed.
        p_value: two-sided.
        reason: why there is none.
    """

    segments: int
    mean: float | None = None
    statistic: float | None = None
    p_value: float | None = None
    reason: str | None = None


def mapsswe(segments: Sequence[tuple[int, int]]) -> MatchedPairs:
    """Matched-pairs sentence-segment word error test (MAPSSWE) over the segments of all utterances.

    W = mean / (sd / sqrt(n)) of the differences per segment, taken as standard normal; sd with n - 1. For fewer than
    50 segments the normal approximation is rough, and the reason says so beside the number.

    Source: Gillick and Cox, "Some statistical issues in the comparison of speech recognition algorithms", ICASSP 1989;
    segments as in NIST's sc_stats.
    """
    n = len(segments)
    if n < 2:
        return MatchedPairs(n, reason=f"{n} segments with errors: nothing to test")
    differences = np.array([b - a for a, b in segments], np.float64)
    mean, deviation = float(differences.mean()), float(differences.std(ddof=1))
    if not deviation:
        if mean:
            return MatchedPairs(n, mean, reason="every segment differs by the same count: no variance to test with")
        return MatchedPairs(n, 0.0, 0.0, 1.0)
    statistic = mean / (deviation / math.sqrt(n))
    reason = f"approximate: needs 50 segments; {n} here" if n < 50 else None
    return MatchedPairs(n, mean, statistic, math.erfc(abs(statistic) / math.sqrt(2)), reason)


def smallest_detectable(spread: float, n: int, *, error: float = 0.05, power: float = 0.8) -> float | None:
    """Smallest true mean difference that ``n`` pairs would find with the given power.

    (t_error + t_power) spread / sqrt(n), with the t distribution of n - 1 degrees: the spread is not known either.

    Args:
        spread: standard deviation of the difference of one pair, in any unit.
        n: planned pairs.
        error: level of the test, after what other tests take from it.
        power: chance of finding it.

    Returns:
        In the unit of the spread; None if no arrangement of ``n`` signs is as rare as ``error``.

    Source: Lehr, "Sixteen s-squared over d-squared", Stat. Med. 11 (1992), in its general form.

    >>> round(smallest_detectable(1.0, 100), 3), smallest_detectable(1.0, 5)
    (0.283, None)
    """
    if n < 2 or 2.0 ** (1 - n) > error:
        return None
    stdtrit = special().stdtrit

    return float(stdtrit(n - 1, 1 - error / 2) + stdtrit(n - 1, power)) * spread / math.sqrt(n)


def pairs_needed(spread: float, difference: float, *, error: float = 0.05, power: float = 0.8) -> int | None:
    """Fewest pairs that would find a true mean difference, see :func:`smallest_detectable`.

    Returns:
        None for no difference, or if a million pairs are too few.

    >>> pairs_needed(0.13, 0.02), pairs_needed(0.13, 0.0)
    (334, None)
    """
    if difference <= 0:
        return None
    low, high = 1, 1_000_000

    def enough(n: int) -> bool:
        smallest = smallest_detectable(spread, n, error=error, power=power)
        return smallest is not None and smallest <= difference

    if not enough(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


@dataclass(frozen=True, slots=True)
class NonInferiority:
    """Whether a candidate is at most a margin worse.

    Attributes:
        margin: largest difference that still counts as not worse.
        upper: one-sided upper bound of the difference (candidate minus baseline).
        shown: True where the bound is below the margin. False means "not shown", never "worse".
    """

    margin: float
    upper: float
    shown: bool


def non_inferiority(interval: Interval | None, margin: float) -> NonInferiority | None:
    """Non-inferiority by interval inclusion: the upper end of the interval lies below the margin.

    With the two-sided 95 % interval of a difference the test has a one-sided level of 2.5 %. None if the upper
    end is unknown. Source: Wellek, Testing Statistical Hypotheses of Equivalence and Noninferiority, 2nd ed., 1.2.

    >>> non_inferiority(Interval(-0.01, 0.004), 0.005).shown
    True
    """
    if interval is None or interval.high is None:
        return None
    return NonInferiority(margin, interval.high, interval.high < margin)
