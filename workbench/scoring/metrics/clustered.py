"""Percentiles of values that come in blocks: the words of a session share its arrivals.

Blocks are the unit of evidence, values are not. Integers in, order statistics out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from workbench.scoring.metrics.special import special
from workbench.scoring.metrics.stats import LEVEL, Interval, percentile

__all__ = ["clustered_percentile_interval", "percentile_draws"]

# Draws are made in slices of about this many numbers, so that memory stays under 100 MB.
_SLICE = 2_000_000


def clustered_percentile_interval(
    values: Sequence[int] | NDArray[np.int64], blocks: Sequence[int] | NDArray[np.int64], p: float, level: float = LEVEL
) -> Interval | None:
    """Interval for a percentile of values in blocks: order statistics at the sample's effective size.

    The variance of the share of values at or below the percentile is taken over blocks; the effective size is the
    number of independent values with the same variance, and the ranks are the Clopper-Pearson limits at that size.
    Simulated on 60 blocks of 20 words it covers 95 % for a median and 94 % for a P95, where the clustered percentile
    bootstrap covers 95 % and 90 %. An end that the sample cannot bound is None.

    Args:
        values: integers.
        blocks: number of the block of each value, 0, 1, ….
        p: the percentile, 0 to 100.
        level: nominal coverage.

    Returns:
        None for fewer than two blocks, and for the smallest and the largest value: a sample bounds neither.

    Source: Korn and Graubard, "Confidence intervals for proportions with small expected number of positive counts",
    Survey Methodology 24 (1998), inverted as in Woodruff, JASA 47 (1952).
    """
    estimate = percentile(values, p)
    owner = np.unique(np.asarray(blocks), return_inverse=True)[1]
    count = int(owner.max()) + 1 if owner.size else 0
    if estimate is None or count < 2 or not 0 < p < 100:
        return None
    of = special()
    betaincinv, ndtri, stdtrit = of.betaincinv, of.ndtri, of.stdtrit

    ordered = np.sort(np.asarray(values))
    share, n, tail = p / 100, len(ordered), (1 - level) / 2
    sums = np.bincount(owner, (np.asarray(values) <= estimate) - share, count)
    variance = count / (count - 1) * float((sums**2).sum()) / n**2
    # With few blocks the variance itself is uncertain: the t factor pays for that.
    factor = float(ndtri(1 - tail) / stdtrit(count - 1, 1 - tail)) ** 2
    size = min(n, share * (1 - share) / variance) * factor if variance else float(count)
    below, above = size * share, size * (1 - share)
    low = float(betaincinv(below, above + 1, tail))
    high = float(betaincinv(below + 1, above, 1 - tail))
    # Where even the largest value is too likely to lie below the percentile, there is no upper end.
    bounded_low, bounded_high = (1 - share) ** size <= tail, share**size <= tail
    first, last = max(0, math.ceil(n * low) - 1), min(n - 1, math.ceil(n * high) - 1)
    return Interval(
        float(ordered[first]) if bounded_low else None,
        float(ordered[last]) if bounded_high else None,
        level,
        "clustered order statistics",
    )


def percentile_draws(
    samples: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]],
    blocks: int,
    p: float,
    rng: np.random.Generator,
    draws: int,
) -> NDArray[np.float64]:
    """Clustered bootstrap of a percentile: whole blocks are resampled, their values stay together.

    Args:
        samples: one or more (values, block numbers), shape (n,) each; all see the same resampled blocks, so that
            samples of the same blocks stay paired.
        blocks: number of blocks.
        p: the percentile, 0 to 100.
        rng: seeded generator.
        draws: number of resamples.

    Returns:
        Percentile of each sample in each draw, shape (draws, samples); NaN if a draw holds no value of it.
    """
    ordered: list[tuple[NDArray[np.float64], NDArray[np.int64]]] = []
    for unsorted, owner in samples:
        order = np.argsort(unsorted, kind="stable")
        ordered.append((unsorted[order].astype(np.float64), owner[order]))
    percentiles = np.full((draws, len(samples)), np.nan)
    step = max(1, _SLICE // max(blocks, *(len(v) for v, _ in ordered), 1))
    for start in range(0, draws, step):
        size = min(step, draws - start)
        weights = rng.multinomial(blocks, np.full(blocks, 1 / blocks), size)
        for k, (values, owner) in enumerate(ordered):
            if not len(values):
                continue
            reached = np.cumsum(weights[:, owner], axis=1)
            total = reached[:, -1:]
            # As percentile() has it: the first value with p percent of the drawn values at or below it.
            needed = np.maximum(1, -(-total * round(p * 10) // 1000))
            at = (reached < needed).sum(axis=1)
            drawn = total[:, 0] > 0
            percentiles[start : start + size, k][drawn] = values[at[drawn]]
    return percentiles
