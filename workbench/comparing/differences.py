"""One metric on both sides of paired sessions: the difference, its interval and its p-value.

Blocks of evidence are utterances, whose repeats stay together, or speakers. Rates, totals and percentiles are judged by
the same draws (:mod:`workbench.scoring.metrics.subsets`), speakers by leaving one out at a time. A duration is compared
on the values that both sides have: a word that one side never showed has no latency to win with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from workbench.comparing.pairs import Pair
from workbench.scoring.measured import pooled, usable
from workbench.scoring.metric import Counts, Duration, Metric, Percentile, Total
from workbench.scoring.metrics.bounds import difference_limits, hull
from workbench.scoring.metrics.jackknife import left_out_interval
from workbench.scoring.metrics.stats import DRAWS, Interval, percentile
from workbench.scoring.metrics.subsets import (
    FEWEST,
    flip_bound,
    flip_interval,
    flip_p,
    subset_draws,
    subset_percentiles,
    subset_sums,
    tail_bound,
)
from workbench.scoring.session import SessionScore
from workbench.units import NS_PER_MS, NS_PER_S

__all__ = ["Blocks", "Difference", "blocks_of", "metric_difference", "shared_values"]

_RESOLUTION_NS = NS_PER_MS
"""No interval of a latency is narrower: loopback calibrations of sound machines resolve about this much."""
_GROUPS = 40
# They settle the ends of a 95 % interval to about 1 % of its width; smaller p-values come from the bound of the tail.
_PERCENTILE_DRAWS = 2_000


@dataclass(frozen=True, slots=True)
class Difference:
    """Candidate minus baseline of one metric.

    Attributes:
        metric: key of a row of :data:`workbench.scoring.measures.METRICS`.
        unit: ``rate``, ``ns`` or ``count``.
        n: utterances in the comparison.
        baseline, candidate: the value on each side, over the pairs.
        difference: candidate minus baseline.
        interval: 95 % interval of the difference; None if there are too few pairs for one.
        p_value: two-sided; of the sign-flip test over utterances, or of a t-test over speakers where those are the
            blocks.
        reason: why values are None, or None.
        p_adjusted: adjusted over the family of :func:`workbench.comparing.paired.adjust_metrics`; None outside one.
        speakers: how many speakers the pairs have; None where they are not named.
        speaker_interval: 95 % interval over speakers, utterances within them.
        bounded: the same with every session that only the candidate failed counted as wholly wrong; None if there is
            none, or if the metric does not count words, values or terms.
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
    speakers: int | None = None
    speaker_interval: Interval | None = None
    bounded: Difference | None = None


@dataclass(frozen=True, slots=True)
class Blocks:
    """The utterances of some pairs, and one set of draws for all metrics.

    Attributes:
        number: utterance to its row, in the order of the ids.
        speakers: number of the speaker of each row, shape (utterances,); None where they are not named.
        masks: subsets of the utterances.
        seed: what drew them.
    """

    number: dict[str, int]
    speakers: NDArray[np.int64] | None
    masks: NDArray[np.bool_]
    seed: int


def blocks_of(pairs: Sequence[Pair], seed: int) -> Blocks:
    """The blocks of pairs; the same pairs and seed give the same draws, in whatever order they are listed."""
    speaker = {pair.utterance: pair.baseline.speaker for pair in sorted(pairs, key=lambda pair: pair.utterance)}
    number = {utterance: row for row, utterance in enumerate(speaker)}
    names = {name: i for i, name in enumerate(sorted({name for name in speaker.values() if name is not None}))}
    owners = None
    if names and None not in speaker.values():
        owners = np.array([names[name] for name in speaker.values() if name is not None], np.int64)
    return Blocks(number, owners, subset_draws(len(number), np.random.default_rng(seed)), seed)


def metric_difference(
    metric: Metric, pairs: Sequence[Pair], blocks: Blocks, *, by_speaker: bool = False, lost: Sequence[Pair] = ()
) -> Difference:
    """Difference of one metric over pairs.

    Args:
        metric: one that has a direction.
        pairs: completed on both sides; a metric that counts failed sessions takes every attempted pair.
        blocks: of these pairs.
        by_speaker: speakers are the blocks of the test.
        lost: pairs that the candidate alone failed, for the bound.
    """
    counted = [p for p in pairs if usable([p.baseline], metric) and usable([p.candidate], metric)]
    match metric.source:
        case Counts() as source:
            found = _rate(metric.key, source, counted, blocks, by_speaker)
            if lost and not metric.certified and source.scale == 1 and found.difference is not None:
                found = replace(found, bounded=_bounded(metric, source, counted, blocks, lost, by_speaker))
            return found
        case Total(of):
            return _total(metric, of, counted, blocks, by_speaker)
        case Percentile(duration, p):
            return _percentile(metric.key, duration, p, counted, blocks, by_speaker)
        case _:
            return _pooled(metric, counted, blocks)


_Columns = NDArray[np.float64]


def _columns(
    blocks: Blocks, pairs: Sequence[Pair], row: Callable[[Pair], tuple[float, float, float, float]]
) -> tuple[_Columns, int]:
    """Sums of four columns by utterance, and how many utterances have anything to count."""
    columns = np.zeros((len(blocks.number), 4))
    for pair in pairs:
        columns[blocks.number[pair.utterance]] += row(pair)
    return columns, int(columns.any(axis=1).sum())


def _rate(key: str, source: Counts, pairs: Sequence[Pair], blocks: Blocks, by_speaker: bool) -> Difference:
    columns, n = _columns(blocks, pairs, lambda p: (*source.of(p.baseline), *source.of(p.candidate)))
    return _quotients(Difference(key, "rate", n), columns, blocks, by_speaker, source.scale, source.base)


def _quotients(
    found: Difference, columns: _Columns, blocks: Blocks, by_speaker: bool, scale: float, base: str
) -> Difference:
    """Difference of two quotients of sums, and whether it is more than chance."""
    over_a, under_a, over_b, under_b = columns.sum(axis=0)
    if not under_a or not under_b:
        return replace(found, reason=f"no {base} in common")
    baseline, candidate = float(over_a / under_a), float(over_b / under_b)
    found = replace(found, baseline=baseline, candidate=candidate, difference=candidate - baseline)

    def difference(sums: _Columns) -> NDArray[np.float64]:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(sums[:, 2] / sums[:, 3] - sums[:, 0] / sums[:, 1])

    draws = difference(subset_sums(blocks.masks, columns))
    under = (columns[:, 1] + columns[:, 3]) / 2
    change = columns[:, 2] * (under_a / under_b) - columns[:, 0]
    # What each block adds to the difference, beyond the rate that both sides would share.
    common = (over_a + over_b) / (under_a + under_b)
    excess = (columns[:, 2] - common * columns[:, 3]) / under_b - (columns[:, 0] - common * columns[:, 1]) / under_a
    limits = difference_limits(change / scale, under / scale)
    everywhere = columns.sum(axis=0)
    return _judged(
        found, draws, blocks, by_speaker, limits,
        lambda without: float(difference((everywhere - columns[without].sum(axis=0))[None])[0]),
        flip_bound(excess),
    )  # fmt: skip


def _bounded(
    metric: Metric, source: Counts, pairs: Sequence[Pair], blocks: Blocks, lost: Sequence[Pair], by_speaker: bool
) -> Difference:
    """What the candidate failed counts as wholly wrong: on as many words, values or terms as the baseline had there."""
    both = blocks_of([*pairs, *lost], blocks.seed)
    gone = {id(pair) for pair in lost}

    def row(pair: Pair) -> tuple[float, float, float, float]:
        over, under = source.of(pair.baseline)
        if id(pair) not in gone:
            return over, under, *source.of(pair.candidate)
        return over, under, 0 if metric.better == "higher" else under, under

    columns, n = _columns(both, [*pairs, *lost], row)
    return _quotients(Difference(metric.key, "rate", n), columns, both, by_speaker, source.scale, source.base)


def _total(
    metric: Metric, of: Callable[[SessionScore], int | None], pairs: Sequence[Pair], blocks: Blocks, by_speaker: bool
) -> Difference:
    """A sum over sessions: as a mean of each session, times their number."""
    known = [(p, a, b) for p in pairs if (a := of(p.baseline)) is not None and (b := of(p.candidate)) is not None]
    values = {id(p): (a, 1, b, 1) for p, a, b in known}
    columns, n = _columns(blocks, [p for p, _, _ in known], lambda p: values[id(p)])
    # One event of a time is as long as the longest that was seen, of a count it is one.
    longest = float(max((abs(b - a) for _, a, b in known), default=0)) or float(NS_PER_S)
    in_ns = metric.unit in ("ms", "s")
    found, scale = Difference(metric.key, "ns" if in_ns else "count", n), longest if in_ns else 1.0
    mean = _quotients(found, columns, blocks, by_speaker, scale, "sessions")
    times = float(len(known))

    def all_of(value: float | None) -> float | None:
        return None if value is None else value * times

    def ends(interval: Interval | None) -> Interval | None:
        return interval and replace(interval, low=all_of(interval.low), high=all_of(interval.high))

    return replace(
        mean, baseline=all_of(mean.baseline), candidate=all_of(mean.candidate), difference=all_of(mean.difference),
        interval=ends(mean.interval), speaker_interval=ends(mean.speaker_interval),
    )  # fmt: skip


def shared_values(pair: Pair, duration: Duration) -> list[tuple[int, int]]:
    """Values that both sides have; words pair by their place, and not at all where the sides count them otherwise."""
    ours, theirs = tuple(duration.values(pair.baseline)), tuple(duration.values(pair.candidate))
    if len(ours) != len(theirs):
        return []
    return [(a, b) for a, b in zip(ours, theirs, strict=True) if a is not None and b is not None]


def _percentile(
    key: str, duration: Duration, p: float, pairs: Sequence[Pair], blocks: Blocks, by_speaker: bool
) -> Difference:
    rows = [(blocks.number[pair.utterance], a, b) for pair in pairs for a, b in shared_values(pair, duration)]
    if not rows:
        return Difference(key, "ns", 0, reason="no utterance has it on both sides")
    owner, ours, theirs = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    n = len(np.unique(owner))
    before, after = percentile(ours, p), percentile(theirs, p)
    assert before is not None  # noqa: S101  rows are not empty; narrows the type
    assert after is not None  # noqa: S101
    found = Difference(key, "ns", n, before, after, after - before)
    masks = blocks.masks if len(blocks.masks) < DRAWS else blocks.masks[:_PERCENTILE_DRAWS]
    drawn = subset_percentiles(masks, [(ours, owner), (theirs, owner)], p)
    draws = drawn[:, 1] - drawn[:, 0]
    limits = (after - before - _RESOLUTION_NS, after - before + _RESOLUTION_NS)

    def without(left_out: NDArray[np.bool_]) -> float:
        kept = ~left_out[owner]
        one, other = percentile(ours[kept], p), percentile(theirs[kept], p)
        return float("nan") if one is None or other is None else float(other - one)

    return _judged(
        found, draws, blocks, by_speaker, limits, without, tail_bound(after - before, float(np.nanstd(draws)))
    )


def _pooled(metric: Metric, pairs: Sequence[Pair], blocks: Blocks) -> Difference:
    """What is no quotient of sums: by leaving out a fortieth of the utterances at a time."""
    sides = [p.baseline for p in pairs], [p.candidate for p in pairs]
    before, after = (pooled(side, metric) for side in sides)
    n, unit = len({p.utterance for p in pairs}), "ns" if metric.unit in ("ms", "s") else "rate"
    if before is None or after is None:
        return Difference(metric.key, unit, n, reason="not known on both sides")
    found = Difference(metric.key, unit, n, before, after, after - before)

    def without(left_out: NDArray[np.bool_]) -> float:
        kept = [p for p in pairs if not left_out[blocks.number[p.utterance]]]
        one, other = pooled([p.baseline for p in kept], metric), pooled([p.candidate for p in kept], metric)
        return float("nan") if one is None or other is None else other - one

    if n < FEWEST:
        return replace(found, reason=_too_few(n))
    groups = np.arange(len(blocks.number)) % min(_GROUPS, len(blocks.number))
    interval, p_value = left_out_interval(after - before, groups, without)
    return replace(found, interval=interval, p_value=p_value)


def _too_few(n: int) -> str:
    return "one utterance: no interval" if n == 1 else f"{n} utterances: an interval needs {FEWEST}"


def _judged(
    found: Difference,
    draws: NDArray[np.float64],
    blocks: Blocks,
    by_speaker: bool,
    limits: tuple[float, float],
    without: Callable[[NDArray[np.bool_]], float],
    bound: float,
) -> Difference:
    """The difference with its interval and p-value, over utterances and over speakers."""
    observed = found.difference or 0.0
    found = replace(found, speakers=None if blocks.speakers is None else len(np.unique(blocks.speakers)))
    over_speakers: tuple[Interval | None, float | None] = (None, None)
    if blocks.speakers is not None and found.speakers and found.speakers > 1:
        groups = blocks.speakers if found.speakers <= _GROUPS else blocks.speakers % _GROUPS
        over_speakers = left_out_interval(observed, groups, without)
    if over_speakers[0] is not None:
        widened = _outward(replace(found, interval=over_speakers[0], p_value=over_speakers[1]), *limits)
        found = replace(found, speaker_interval=widened)
    if by_speaker:
        reason = None if over_speakers[0] else "speakers are not named, or there is only one"
        return replace(found, interval=found.speaker_interval, p_value=over_speakers[1], reason=reason)
    if found.n < 2:
        return replace(found, reason=_too_few(found.n))
    p_value = flip_p(draws)
    if p_value < 0.01:
        p_value = min(p_value, max(bound, 2.0 ** (1 - found.n)))
    interval = flip_interval(draws)
    if found.n < FEWEST or (interval.low is None and interval.high is None):
        return replace(found, p_value=p_value, reason=_too_few(found.n) if found.n < FEWEST else "rare: no interval")
    found = replace(found, interval=interval, p_value=p_value)
    return replace(found, interval=_outward(found, *limits))


def _outward(found: Difference, low: float, high: float) -> Interval | None:
    """The interval, widened to the limits, but not over a 0 that the test rejects."""
    if found.interval is None:
        return None
    wide = hull(found.interval, low, high)
    if found.p_value is None or found.p_value > 1 - wide.level:
        return wide
    if found.interval.low is not None and found.interval.low > 0:
        return replace(wide, low=max(wide.low, 0.0) or found.interval.low) if wide.low is not None else wide
    if found.interval.high is not None and found.interval.high < 0:
        return replace(wide, high=min(wide.high, 0.0) or found.interval.high) if wide.high is not None else wide
    return wide
