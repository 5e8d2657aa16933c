"""The sign-flip test of paired blocks, and the interval that is its inverse, from one set of draws.

Under "no difference" the two sides of a block may change places. How often a random change of places gives a
difference at least as large is the p-value, exact where all 2 ** n changes are gone through. To reject "the difference
is d" is to find d outside of nearly all differences over random subsets of the blocks (Hartigan's typical values), so
those give the interval: it leaves out 0 just where the p-value is below 0.05, and six blocks are the fewest that can.

Source: Hartigan, "Using subsample values as typical values", JASA 64 (1969); Fisher, The Design of Experiments, 21.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from workbench.scoring.metrics.special import special
from workbench.scoring.metrics.stats import DRAWS, LEVEL, Interval

__all__ = [
    "FEWEST",
    "flip_bound",
    "flip_interval",
    "flip_p",
    "subset_draws",
    "subset_percentiles",
    "subset_sums",
    "tail_bound",
]

FEWEST = 6
"""Pairs below which no arrangement of signs is rarer than 5 %."""

_EXACT = 13
# Masks of about this many bytes at most: 10,000 draws up to 5,000 blocks, fewer beyond, where p-values matter least.
_BYTES = 50_000_000
_CHUNK = 1_000
_BINS = 256
_EXACT_FLOAT32 = 1 << 24
"""Whole numbers below this are exact in float32, and so are their sums."""


def subset_draws(n: int, rng: np.random.Generator, draws: int = DRAWS) -> NDArray[np.bool_]:
    """Random subsets of ``n`` blocks, each block in or out with equal chance; all of them but the empty one if few.

    Returns:
        Shape (draws, n); for ``n`` up to 13 shape (2 ** n - 1, n).
    """
    if n <= _EXACT:
        return (np.arange(1, 2**n)[:, None] >> np.arange(n) & 1).astype(np.bool_)
    draws = min(draws, max(2_000, _BYTES // n))
    packed = np.frombuffer(rng.bytes(draws * -(-n // 8)), np.uint8).reshape(draws, -1)
    return np.unpackbits(packed, axis=1, count=n).astype(np.bool_)


def subset_sums(masks: NDArray[np.bool_], columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums of block columns, shape (blocks, k), over each subset: shape (draws, k)."""
    parts = [masks[at : at + _CHUNK].astype(np.float64) @ columns for at in range(0, len(masks), _CHUNK)]
    return np.concatenate(parts) if parts else np.empty((0, columns.shape[1]))


def subset_percentiles(
    masks: NDArray[np.bool_], samples: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]], p: float
) -> NDArray[np.float64]:
    """A percentile of values in blocks over each subset of the blocks.

    Values are counted between at most 256 of the values themselves, the same for all samples; up to 256 different
    values the percentiles are exact.

    Args:
        masks: see :func:`subset_draws`.
        samples: (values, block numbers), shape (n,) each.
        p: the percentile, 0 to 100.

    Returns:
        Shape (draws, samples); NaN where a subset holds no value.
    """
    edges = np.unique(np.concatenate([values for values, _ in samples]))
    if len(edges) > _BINS:
        edges = edges[np.linspace(0, len(edges) - 1, _BINS).round().astype(np.int64)]
    found = np.full((len(masks), len(samples)), np.nan)
    for k, (values, owner) in enumerate(samples):
        at = np.searchsorted(edges, values)
        kind = np.float32 if len(values) < _EXACT_FLOAT32 else np.float64
        counts = np.zeros((masks.shape[1], len(edges)), kind)
        np.add.at(counts, (owner, at), 1)
        # Added up once for each block, not once for each subset of them.
        upto = np.cumsum(counts, axis=1)
        for start in range(0, len(masks), _CHUNK):
            reached = masks[start : start + _CHUNK].astype(kind) @ upto
            total = reached[:, -1:].astype(np.float64)
            needed = np.maximum(1, np.ceil(total * p / 100 - 1e-9)).astype(kind)
            place = np.count_nonzero(reached < needed, axis=1)
            drawn = total[:, 0] > 0
            found[start : start + _CHUNK, k][drawn] = edges[place[drawn]]
    return found


def flip_p(differences: NDArray[np.float64]) -> float:
    """Two-sided p-value of "no difference" from the differences over subsets.

    The subset that changes nothing is counted on either side, as is one without a value (NaN). Never 0, and never below
    2 / 2 ** blocks.

    >>> flip_p(np.array([1.0, 2.0, 3.0]))  # both of two blocks point the same way
    0.5
    """
    slack = _slack(differences)
    unknown = int(np.isnan(differences).sum())
    below, above = int((differences <= slack).sum()), int((differences >= -slack).sum())
    return min(1.0, 2 * (min(below, above) + unknown + 1) / (len(differences) + 1))


def flip_interval(differences: NDArray[np.float64], level: float = LEVEL) -> Interval:
    """The differences that the same draws do not reject; an end that they cannot bound is None."""
    known = np.sort(differences[~np.isnan(differences)])
    unknown = len(differences) - len(known)
    rank = int((1 - level) / 2 * (len(differences) + 1) + 1e-9) - unknown
    method = "sign flips"
    if rank < 1 or len(known) < 2 * rank:
        return Interval(None, None, level, method)
    return Interval(float(known[rank - 1]), float(known[len(known) - rank]), level, method)


def _slack(differences: NDArray[np.float64]) -> float:
    """Sums of floats that should be equal differ in the last bits."""
    return 1e-12 * max(1.0, float(np.nanmax(np.abs(differences), initial=0.0)))


def flip_bound(excess: NDArray[np.float64]) -> float:
    """An upper bound of the two-sided p-value of the sign-flip test, finer than any number of draws.

    Sums of randomly signed numbers have tails below 3.18 times those of the normal distribution of the same variance.

    Args:
        excess: what each block adds to the difference.

    Source: Bentkus and Dzindzalieta, "A tight Gaussian bound for weighted sums of Rademacher random variables",
    Bernoulli 21 (2015).

    >>> round(flip_bound(np.ones(25)), 8)
    1.82e-06
    """
    return tail_bound(float(excess.sum()), float(np.sqrt((excess**2).sum())))


def tail_bound(observed: float, spread: float) -> float:
    """The bound of :func:`flip_bound` for a difference and the standard deviation of its draws; 1 for no difference."""
    if not observed or not spread:
        return float(not observed)
    ndtr = special().ndtr

    return min(1.0, float(2 * 3.178 * ndtr(-abs(observed) / spread)))
