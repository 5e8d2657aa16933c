"""Decisions from differences: many at once, small enough to ignore, large enough to see, and matched segments.

House rules: an adjusted p-value is never called a p-value; a test states what it assumes; empty input is None.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.metrics.stats import Interval

__all__ = [
    "MatchedPairs",
    "NonInferiority",
    "benjamini_hochberg",
    "error_track",
    "holm",
    "mapsswe",
    "matched_segments",
    "non_inferiority",
    "smallest_detectable",
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
    found: list[tuple[int, int]] = []
    good = _BOUNDARY
    for place, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        if a or b:
            if good >= _BOUNDARY:
                found.append((a, b))
            else:
                found[-1] = (found[-1][0] + a, found[-1][1] + b)
            good = 0
        elif place % 2:
            good += 1
    return found


@dataclass(frozen=True, slots=True)
class MatchedPairs:
    """Result of the matched-pairs test.

    Attributes:
        segments: number of segments.
        mean: mean difference of errors per segment, theirs minus ours.
        statistic: standard normal under "no difference"; None where it cannot be computed.
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
    reason = f"rough: n={n} < 50 segments" if n < 50 else None
    return MatchedPairs(n, mean, statistic, math.erfc(abs(statistic) / math.sqrt(2)), reason)


def smallest_detectable(
    differences: Sequence[float] | NDArray[np.float64], n: int, *, level: float = 0.95, power: float = 0.8
) -> float | None:
    """Smallest true mean difference that ``n`` pairs would find with the given power, from a pilot's differences.

    (z_level + z_power) sd / sqrt(n), in the unit of the pilot; None for fewer than two pilot pairs.
    Source: Lehr, "Sixteen s-squared over d-squared", Stat. Med. 11 (1992), in its general form.

    >>> round(smallest_detectable([1.0, -1.0, 1.0, -1.0], 100), 3)
    0.323
    """
    if len(differences) < 2 or n < 1:
        return None
    from scipy.stats import norm

    deviation = float(np.std(differences, ddof=1))
    return float(norm.ppf((1 + level) / 2) + norm.ppf(power)) * deviation / math.sqrt(n)


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

    With the two-sided 95 % interval of a difference the test has a one-sided level of 2.5 %. None where the upper
    end is unknown. Source: Wellek, Testing Statistical Hypotheses of Equivalence and Noninferiority, 2nd ed., 1.2.

    >>> non_inferiority(Interval(-0.01, 0.004), 0.005).shown
    True
    """
    if interval is None or interval.high is None:
        return None
    return NonInferiority(margin, interval.high, interval.high < margin)
