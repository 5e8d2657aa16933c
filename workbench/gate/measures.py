"""Values of one slice of a run with their intervals: what limits are held against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workbench.compare import HIGHER_IS_BETTER, LATENCIES, RATES
from workbench.metrics.clustered import clustered_percentile_interval
from workbench.metrics.stats import Interval, percentile, rate_interval
from workbench.scoring import SessionScore
from workbench.units import NS_PER_MS

__all__ = ["COUNTS", "MINIMA", "Measured", "measure", "scaled", "unsound"]

# Sessions with an invalid pacing certificate are left out of latencies. Leaving out a share of the sessions can move a
# 95th percentile by as many percentiles, so from 5 % on it is no longer the 95th.
_LEFT_OUT = 0.05

COUNTS: dict[str, Callable[[SessionScore], tuple[int, int]]] = {
    **RATES,
    "cer": lambda s: (s.chars.errors, s.chars.reference),
    "drug_recall": lambda s: (s.meaning.drugs.hits, s.meaning.drugs.reference),
    "negations_kept": lambda s: (s.meaning.negations.kept, s.meaning.negations.said),
    "sides_kept": lambda s: (s.meaning.sides.kept, s.meaning.sides.said),
}
"""Numerator and denominator of every rate that may be limited."""
MINIMA = HIGHER_IS_BETTER | {"drug_recall", "negations_kept", "sides_kept"}
"""Those of which more is better."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A value of a slice.

    Attributes:
        value: ratio or ms; None where there is nothing to measure it on.
        interval: 95 %, utterances as blocks; None for fewer than two.
        n: utterances.
    """

    value: float | None
    interval: Interval | None
    n: int


def measure(done: Sequence[SessionScore], name: str, seed: int) -> Measured:
    """A metric over completed sessions.

    Args:
        done: sessions that did not fail.
        name: a key of :data:`COUNTS`, or of the compared latencies with ``_ms``.
        seed: of the bootstrap.
    """
    if name in COUNTS:
        told = [(s.utterance, COUNTS[name](s)) for s in done if s.unscorable is None]
        counted = [(utterance, over, under) for utterance, (over, under) in told if over or under]
        blocks = [row[0] for row in counted]
        over, under = [row[1] for row in counted], [row[2] for row in counted]
        interval = rate_interval(over, under, seed=seed, blocks=blocks) if counted else None
        return Measured(sum(over) / sum(under) if sum(under) else None, interval, len(set(blocks)))
    p, values_of = LATENCIES[name.removesuffix("_ms")]
    pairs = [(s.utterance, v) for s in done if s.timed for v in values_of(s) if v is not None]
    number = {u: i for i, u in enumerate(dict.fromkeys(u for u, _ in pairs))}
    values = [v for _, v in pairs]
    found = percentile(values, p)
    between = clustered_percentile_interval(values, [number[u] for u, _ in pairs], p)
    return Measured(None if found is None else found / NS_PER_MS, scaled(between, 1 / NS_PER_MS), len(number))


def scaled(interval: Interval | None, factor: float) -> Interval | None:
    """An interval in another unit; a negative factor turns its ends."""
    if interval is None:
        return None
    ends = [None if end is None else end * factor for end in (interval.low, interval.high)]
    low, high = ends if factor > 0 else ends[::-1]
    return Interval(low, high, interval.level, interval.method)


def unsound(done: Sequence[SessionScore]) -> str | None:
    """Why the latencies of these sessions must not be judged; None where they may."""
    out = [s for s in done if not s.timed]
    if len(out) <= _LEFT_OUT * len(done):
        return None
    why = next((s.instrument.pacing_reason for s in out if s.instrument.pacing_reason), "no certificate")
    return f"pacing invalid in {len(out)} of {len(done)} sessions ({why})"
