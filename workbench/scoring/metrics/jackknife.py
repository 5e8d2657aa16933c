"""Few groups, such as speakers: leave out one at a time, and let the t distribution pay for their number.

Whatever varies inside a group is part of how the groups vary, so one interval holds both levels.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from workbench.scoring.metrics.special import special
from workbench.scoring.metrics.stats import LEVEL, Interval

__all__ = ["left_out_interval"]


def left_out_interval(
    observed: float, groups: NDArray[np.int64], without: Callable[[NDArray[np.bool_]], float], level: float = LEVEL
) -> tuple[Interval | None, float | None]:
    """Interval and two-sided p-value of "it is 0" for a value computed from groups of blocks.

    Args:
        observed: the value.
        groups: number of the group of each block.
        without: the value without the blocks of a mask, shape (blocks,); NaN if nothing is left.
        level: nominal coverage.

    Returns:
        None for both with fewer than two groups, or where one group holds everything there is to count.

    Source: Tukey's jackknife over groups; Efron and Tibshirani, An Introduction to the Bootstrap, 11.
    """
    of = special()
    stdtr, stdtrit = of.stdtr, of.stdtrit

    names = np.unique(groups)
    k = len(names)
    if k < 2:
        return None, None
    left = np.array([without(groups == name) for name in names])
    if np.isnan(left).any():
        return None, None
    error = float(np.sqrt((k - 1) / k * ((left - left.mean()) ** 2).sum()))
    reach = float(stdtrit(k - 1, (1 + level) / 2)) * error
    interval = Interval(observed - reach, observed + reach, level, f"jackknife over {k} groups")
    if not error:
        # Every group says the same: no more than signs can, however equal they are.
        return interval, 1.0 if not observed else 2.0 ** (1 - k)
    return interval, float(2 * stdtr(k - 1, -abs(observed) / error))
