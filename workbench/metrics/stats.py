"""Intervals for pooled rates and percentiles.

House rules: the block of resampling is the session (or encounter, or speaker), never the word. Every draw is
seeded. A percentile is an order statistic: a value that occurred, never an interpolation. What cannot be computed
is None, and a percentile with too few independent blocks says "thin".
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "DRAWS",
    "Interval",
    "block_sums",
    "percentile",
    "percentile_interval",
    "rate_draws",
    "rate_interval",
    "thin",
    "two_sided_p",
]

DRAWS = 10_000
LEVEL = 0.95
_BCA_BLOCKS = 20
# Draws are made in slices of about this many numbers, so that memory stays under 100 MB whatever is resampled.
_SLICE = 2_000_000


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval for a value, in the unit of the value.

    Attributes:
        low, high: the ends; a one-sided or unbounded end is None.
        level: nominal coverage.
        method: how it was made.
    """

    low: float | None
    high: float | None
    level: float = LEVEL
    method: str = "percentile bootstrap"


def block_sums(
    errors: Sequence[int], words: Sequence[int], blocks: Sequence[Hashable] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Errors and words summed by block, shape (blocks,) each; without ``blocks`` every pair is its own.

    >>> [list(map(int, x)) for x in block_sums([1, 2, 4], [10, 20, 40], ["a", "b", "a"])]
    [[5, 2], [50, 20]]
    """
    e, w = np.asarray(errors, np.int64), np.asarray(words, np.int64)
    if blocks is None:
        return e, w
    number: dict[Hashable, int] = {}
    index = np.array([number.setdefault(b, len(number)) for b in blocks], np.int64)
    size = len(number)
    return (
        np.bincount(index, e, size).astype(np.int64),
        np.bincount(index, w, size).astype(np.int64),
    )


def rate_draws(columns: NDArray[np.int64], rng: np.random.Generator, draws: int = DRAWS) -> NDArray[np.int64]:
    """Bootstrap sums of block columns: resample blocks with replacement and add up, ``draws`` times.

    Blocks with equal rows are drawn together: how often a row occurs in a resample is multinomial, so drawing that
    count is exact and costs the number of *different* rows instead of the number of blocks.

    Args:
        columns: one row a block, shape (blocks, k).
        rng: seeded generator.
        draws: number of resamples.

    Returns:
        Sums, shape (draws, k).
    """
    n = len(columns)
    rows, counts = np.unique(columns, axis=0, return_counts=True)
    sums = np.empty((draws, columns.shape[1]), np.int64)
    # A multinomial draw costs about four times as much a cell as an index draw costs a block.
    grouped = len(rows) * 4 <= n
    width = len(rows) if grouped else n
    step = max(1, _SLICE // max(width, 1))
    for start in range(0, draws, step):
        size = min(step, draws - start)
        if grouped:
            sums[start : start + size] = rng.multinomial(n, counts / n, size) @ rows
        else:
            index = rng.integers(0, n, (size, n), dtype=np.int32)
            for k in range(columns.shape[1]):
                sums[start : start + size, k] = columns[:, k][index].sum(axis=1)
    return sums


def rate_interval(
    errors: Sequence[int],
    words: Sequence[int],
    *,
    seed: int,
    blocks: Sequence[Hashable] | None = None,
    draws: int = DRAWS,
    level: float = LEVEL,
) -> Interval | None:
    """Bootstrap interval of the pooled rate sum(errors) / sum(words) over blocks.

    From 20 blocks on the interval is bias-corrected and accelerated (BCa), below that a plain percentile interval:
    the acceleration is estimated from the blocks, and fewer give it too much noise.

    Args:
        errors: errors of each session.
        words: reference words of each session.
        seed: of the draws.
        blocks: to which block each session belongs; by default each is its own.
        draws: resamples.
        level: nominal coverage.

    Returns:
        None for fewer than two blocks or no reference words: one block says nothing about another.

    Source: Bisani and Ney, "Bootstrap estimates for confidence intervals in ASR performance evaluation", ICASSP 2004;
    Efron, "Better bootstrap confidence intervals", JASA 82 (1987).
    """
    e, w = block_sums(errors, words, blocks)
    if len(e) < 2 or not w.sum():
        return None
    sums = rate_draws(np.column_stack((e, w)), np.random.default_rng(seed), draws)
    sums = sums[sums[:, 1] > 0]
    rates = sums[:, 0] / sums[:, 1]
    tails = _bca_tails(rates, e, w, level) if len(e) >= _BCA_BLOCKS else None
    method = "percentile bootstrap" if tails is None else "BCa bootstrap"
    low, high = np.quantile(rates, tails or ((1 - level) / 2, (1 + level) / 2))
    return Interval(float(low), float(high), level, method)


def _bca_tails(
    rates: NDArray[np.float64], errors: NDArray[np.int64], words: NDArray[np.int64], level: float
) -> tuple[float, float] | None:
    """Which quantiles of the draws are the ends of the BCa interval; None where the draws do not vary."""
    from scipy.special import ndtr, ndtri

    observed = errors.sum() / words.sum()
    # Draws equal to the observed rate count half: rates of few words are discrete.
    below = float((rates < observed).mean() + (rates == observed).mean() / 2)
    rest = words.sum() - words
    if not 0 < below < 1 or not rest.all():
        return None
    without = (errors.sum() - errors) / rest
    centred = without.mean() - without
    spread = float((centred**2).sum()) ** 1.5
    if not spread:
        return None
    bias, acceleration = float(ndtri(below)), float((centred**3).sum()) / (6 * spread)
    ends = [bias + float(ndtri(tail)) for tail in ((1 - level) / 2, (1 + level) / 2)]
    low, high = (float(ndtr(bias + end / (1 - acceleration * end))) for end in ends)
    return low, high


def percentile(values: Sequence[int] | NDArray[np.int64], p: float) -> int | None:
    """The smallest value with at least ``p`` percent of the values at or below it; None for no values.

    >>> percentile([30, 10, 20, 40], 50), percentile([7], 99), percentile([], 50)
    (20, 7, None)
    """
    if len(values) == 0:
        return None
    ordered = np.sort(np.asarray(values))
    return int(ordered[_rank(len(ordered), p)])


def _rank(n: int, p: float) -> int:
    # Integer arithmetic in tenths of a percent: 0.07 * 100 is 7.000000000000001.
    return max(0, -(-n * round(p * 10) // 1000) - 1)


def percentile_interval(values: Sequence[int] | NDArray[np.int64], p: float, level: float = LEVEL) -> Interval | None:
    """Distribution-free interval for a percentile: two order statistics with at least ``level`` between them.

    The number of independent values below the true percentile is binomial(n, p). Only for independent values; words
    of one session are not, see :mod:`workbench.metrics.clustered`. An end that the sample cannot bound is None.

    Source: David and Nagaraja, Order Statistics, 3rd ed., 7.1.

    >>> percentile_interval(range(1, 101), 50)
    Interval(low=40.0, high=61.0, level=0.95, method='order statistics')
    """
    n = len(values)
    if n == 0:
        return None
    # scipy.stats has the same under another name, and takes 0.6 s longer to import.
    from scipy.special import bdtr

    ordered = np.sort(np.asarray(values))
    tail = (1 - level) / 2
    below = bdtr(np.arange(n + 1), n, p / 100)  # binomial distribution function
    lower = int(np.searchsorted(below, tail))
    if below[lower] > tail:
        lower -= 1
    upper = int(np.searchsorted(below, 1 - tail)) + 1
    low = float(ordered[lower]) if lower >= 0 else None
    high = float(ordered[upper - 1]) if upper <= n else None
    return Interval(low, high, level, "order statistics")


def thin(blocks: int, p: float) -> str | None:
    """Why a percentile stands on too few independent blocks, or None where it does not.

    The largest of n values bounds the percentile from above with 95 % confidence only when ``p**n <= 0.05``: 59 for
    a P95, 299 for a P99.

    >>> thin(41, 95), thin(59, 95), thin(298, 99)
    ('thin sample: n=41 < 59', None, 'thin sample: n=298 < 299')
    """
    needed = math.ceil(math.log(0.05) / math.log(p / 100))
    return None if blocks >= needed else f"thin sample: n={blocks} < {needed}"


def two_sided_p(draws: NDArray[np.float64], blocks: int) -> float:
    """Two-sided p-value of "the difference is 0" from bootstrap draws of a difference.

    Twice the smaller share of draws on either side of 0: the level at which the percentile interval of the same draws
    just reaches 0, so that an interval without 0 and a p-value above 0.05 never stand side by side. One is added above
    and below, so that it is never 0. A handful of blocks that all point one way would give a tiny share however
    little they say, so the p-value is never below that of their signs, 2 / 2 ** blocks.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 15.4 (achieved level by inverting the interval).

    >>> draws = np.array([-1.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])
    >>> two_sided_p(draws, 60), two_sided_p(draws, 2)
    (0.3, 0.5)
    """
    # Sums of floats that should be equal differ in the last bits.
    margin = 1e-12 * max(1.0, float(np.abs(draws).max(initial=0.0)))
    below, above = int((draws <= margin).sum()), int((draws >= -margin).sum())
    return min(1.0, max((2 * min(below, above) + 1) / (len(draws) + 1), 2.0 ** (1 - blocks)))
