"""Bounds that do not collapse where errors are rare, all alike, or absent.

A bootstrap of blocks without an error has no width, and says nothing about the block that has one. Exact limits of
counts do, at the number of words that would be as informative if all were independent: the effective size.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workbench.scoring.metrics.stats import LEVEL, Interval, count_limits, design_effect

__all__ = ["difference_limits", "hull"]

# What is assumed of errors too few to show it: those of one utterance come together. Fifteen events weigh as much.
_ASSUMED_CORRELATION = 0.2
_ASSUMED_EVENTS = 15


def difference_limits(
    change: NDArray[np.float64], words: NDArray[np.float64], level: float = LEVEL
) -> tuple[float, float]:
    """Limits of a paired difference of rates from the counts of what got worse and what got better.

    Additional and saved events are rare counts of their own, each with exact limits at its effective size; the square
    of the distance to a limit adds (MOVER). Few events cannot show that they come together, so a correlation of 0.2
    inside an utterance is assumed and fades out as events come in. Where nothing changed, both limits are those of no
    event.

    Args:
        change: events more than before, of each block.
        words: of each block.
        level: nominal coverage.

    Source: Donner and Zou, "Closed-form confidence intervals for functions of the normal mean and standard deviation",
    Stat. Methods Med. Res. 21 (2012).

    >>> [round(100 * end, 1) for end in difference_limits(np.zeros(12), np.full(12, 10.0))]
    [-8.3, 8.3]
    """
    total = float(words.sum())
    rates, ends = [], []
    for side in (np.maximum(change, 0), np.maximum(-change, 0)):
        rate = float(side.sum()) / total
        size = total / _assumed_effect(side, words, rate)
        rates.append(rate)
        ends.append(count_limits(rate * size, size, level))
    (more, less), ((more_low, more_high), (less_low, less_high)) = rates, ends
    observed = more - less
    low = observed - float(np.hypot(more - more_low, less_high - less))
    high = observed + float(np.hypot(more_high - more, less - less_low))
    return low, high


def _assumed_effect(events: NDArray[np.float64], words: NDArray[np.float64], share: float) -> float:
    mean = float((words**2).sum() / words.sum())
    assumed = 1 + _ASSUMED_CORRELATION * max(0.0, mean - 1)
    count = float(events.sum())
    return (count * design_effect(events, words, share) + _ASSUMED_EVENTS * assumed) / (count + _ASSUMED_EVENTS)


def hull(interval: Interval | None, low: float, high: float) -> Interval:
    """The smallest interval that holds both; an unbounded end stays unbounded."""
    if interval is None:
        return Interval(low, high, LEVEL, "exact limits at the effective size")
    ends = (
        None if interval.low is None else min(interval.low, low),
        None if interval.high is None else max(interval.high, high),
    )
    return Interval(*ends, interval.level, interval.method)
