"""Intervals for pooled rates and percentiles.

The block of resampling is the session (or encounter, or speaker), never the word. Every draw is
seeded. A percentile is an order statistic: a value that occurred, never an interpolation. What cannot be computed
is None, and a percentile with too few independent blocks says "thin".
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.scoring.metrics.special import special

__all__ = [
    "DRAWS",
    "FEW_SPEAKERS",
    "Interval",
    "bca_tails",
    "block_sums",
    "count_limits",
    "design_effect",
    "percentile",
    "percentile_interval",
    "rate_draws",
    "rate_interval",
    "thin",
]

DRAWS = 10_000
LEVEL = 0.95
FEW_SPEAKERS = 10
"""Below this many speakers a table or verdict says that it speaks of these."""
# Below this many blocks an interval is widened, and below this many blocks with errors these are rare.
_WIDENED = 40
_RARE = 10
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


def count_limits(events: float, size: float, level: float = LEVEL) -> tuple[float, float]:
    """Exact limits of a rate: Clopper-Pearson for a share, Garwood (Poisson) where events can outnumber their base.

    Args:
        events: how many there were; need not be whole at an effective size.
        size: of how many.
        level: nominal coverage.

    Source: Clopper and Pearson, Biometrika 26 (1934); Garwood, Biometrika 28 (1936).

    >>> [round(100 * end, 1) for end in count_limits(0, 120)]
    [0.0, 3.0]
    """
    of = special()
    betaincinv, gammaincinv = of.betaincinv, of.gammaincinv

    tail = (1 - level) / 2
    if events > size:
        low = float(gammaincinv(events, tail)) / size
        return low, float(gammaincinv(events + 1, 1 - tail)) / size
    low = float(betaincinv(events, size - events + 1, tail)) if events > 0 else 0.0
    high = float(betaincinv(events + 1, size - events, 1 - tail)) if events < size else 1.0
    return low, high


def design_effect(events: NDArray[np.float64], words: NDArray[np.float64], mean_share: float) -> float:
    """How many times more a rate varies over blocks than independent words would make it; at least 1.

    Args:
        events: of each block, shape (blocks,).
        words: of each block.
        mean_share: the pooled rate; 0 and 1 have no variance to compare with.

    Source: Kish, Survey Sampling (1965), 8.2.
    """
    n, total = len(words), float(words.sum())
    expected = total * mean_share * (1 - mean_share) if mean_share < 1 else total * mean_share
    if n < 2 or not expected:
        return 1.0
    spread = n / (n - 1) * float(((events - mean_share * words) ** 2).sum())
    return max(1.0, spread / expected)


def rate_interval(
    errors: Sequence[int],
    words: Sequence[int],
    *,
    seed: int,
    blocks: Sequence[Hashable] | None = None,
    draws: int = DRAWS,
    level: float = LEVEL,
    scale: int = 1,
) -> Interval | None:
    """Interval of the pooled rate sum(errors) / sum(words) over blocks, such as utterances or speakers.

    The bootstrap over blocks is bias-corrected and accelerated (BCa), its reach that of the t distribution. Below 40
    blocks it is too short where errors are skewed, so a t interval of the logit is added to it. Where fewer than ten
    blocks have errors, or all have the same rate, the exact limits of the count at its effective size are added: 0 of
    120 words is 0.0 % (0.0 to 3.0 %). Simulated, it covers 93 to 97 % with 12 to 200 utterances and with 5 or more
    speakers.

    Args:
        errors: errors of each session.
        words: reference words of each session.
        seed: random seed of the draws.
        blocks: to which block each session belongs; by default each is its own.
        draws: resamples.
        level: nominal coverage.
        scale: what one error weighs, where errors and words are scaled to stay whole numbers.

    Returns:
        None for fewer than two blocks or no reference words: one block says nothing about another.

    Source: Bisani and Ney, "Bootstrap estimates for confidence intervals in ASR performance evaluation", ICASSP 2004;
    Efron, "Better bootstrap confidence intervals", JASA 82 (1987); Hesterberg, "What teachers should know about the
    bootstrap", Am. Stat. 69 (2015), for the reach.
    """
    e, w = block_sums(errors, words, blocks)
    if len(e) < 2 or not w.sum():
        return None
    # In the order of their size: the draws do not depend on which session ended first.
    order = np.lexsort((e, w))
    e, w = e[order], w[order]
    rate, n = float(e.sum() / w.sum()), len(e)
    ends, method = [(rate, rate)], "exact limits at the effective size"
    sums = rate_draws(np.column_stack((e, w)), np.random.default_rng(seed), draws)
    sums = sums[sums[:, 1] > 0]
    rates = sums[:, 0] / sums[:, 1]
    if (tails := bca_tails(rates, e, w, level, _reach(n, level))) is not None:
        low, high = np.quantile(rates, tails)
        ends, method = [(float(low), float(high))], "BCa bootstrap"
    if n < _WIDENED and (logit := _logit_limits(e, w, level)) is not None:
        ends.append(logit)
        method = "BCa bootstrap and t interval of the logit"
    if tails is None or int((e > 0).sum()) < _RARE:
        size = float(w.sum()) / scale / design_effect(e / scale, w / scale, rate)
        ends.append(count_limits(rate * size, size, level))
    return Interval(min(low for low, _ in ends), max(high for _, high in ends), level, method)


def _reach(n: int, level: float) -> float:
    """Standard errors on either side of a value of ``n`` blocks whose spread is estimated from them."""
    stdtrit = special().stdtrit

    return float(stdtrit(n - 1, (1 + level) / 2)) * math.sqrt(n / (n - 1))


def _logit_limits(errors: NDArray[np.int64], words: NDArray[np.int64], level: float) -> tuple[float, float] | None:
    rate, n = float(errors.sum() / words.sum()), len(errors)
    if not 0 < rate < 1:
        return None
    of = special()
    expit, logit, stdtrit = of.expit, of.logit, of.stdtrit

    spread = float(np.sqrt(n / (n - 1) * ((errors - rate * words) ** 2).sum())) / float(words.sum())
    reach = float(stdtrit(n - 1, (1 + level) / 2)) * spread / (rate * (1 - rate))
    return float(expit(logit(rate) - reach)), float(expit(logit(rate) + reach))


def bca_tails(
    rates: NDArray[np.float64],
    errors: NDArray[np.int64],
    words: NDArray[np.int64],
    level: float,
    reach: float | None = None,
) -> tuple[float, float] | None:
    """Which quantiles of bootstrap draws are the ends of the BCa interval of a pooled rate.

    Args:
        rates: the draws.
        errors: of each block.
        words: of each block.
        level: nominal coverage.
        reach: standard errors on either side; those of the normal distribution by default.

    Returns:
        None if the draws do not vary.
    """
    of = special()
    ndtr, ndtri = of.ndtr, of.ndtri

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
    wide = float(ndtri((1 + level) / 2)) if reach is None else reach
    low, high = (float(ndtr(bias + end / (1 - acceleration * end))) for end in (bias - wide, bias + wide))
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
    of one session are not, see :mod:`workbench.scoring.metrics.clustered`. An end that the sample cannot bound is None.

    Source: David and Nagaraja, Order Statistics, 3rd ed., 7.1.

    >>> percentile_interval(range(1, 101), 50)
    Interval(low=40.0, high=61.0, level=0.95, method='order statistics')
    """
    n = len(values)
    if n == 0:
        return None
    bdtr = special().bdtr

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
    """Why a percentile has too few independent blocks, or None if it does not.

    The largest of n values bounds the percentile from above with 95 % confidence only when ``p**n <= 0.05``: 59 for
    a P95, 299 for a P99. The largest value itself is a fact of the sample and never thin.

    >>> thin(41, 95), thin(59, 95), thin(298, 99)
    ('needs 59 recordings; 41 here', None, 'needs 299 recordings; 298 here')
    """
    if p >= 100:
        return None
    needed = math.ceil(math.log(0.05) / math.log(p / 100))
    return None if blocks >= needed else f"needs {needed} recordings; {blocks} here"
