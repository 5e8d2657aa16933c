"""From scores to the value of a metric: which sessions count, how they are pooled, and the interval.

Counts are pooled, never rates. A session without a valid pacing certificate keeps its words and none of its latencies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from workbench.scoring.measures import named
from workbench.scoring.metric import Counts, Duration, Metric, Percentile, Pooled, Total
from workbench.scoring.metrics.clustered import clustered_percentile_interval
from workbench.scoring.metrics.stats import Interval, percentile, rate_interval
from workbench.scoring.session import SessionScore
from workbench.scoring.trust import TrustLevel, trust_of_sessions

__all__ = [
    "Measured", "duration_values", "known_values", "measure", "pooled", "scaled", "session_value", "unsound", "usable",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric over some sessions.

    Attributes:
        value: None if there is nothing to measure it on.
        interval: 95 %, utterances as blocks; None for fewer than two, and for metrics that are no rate or percentile.
        n: utterances that have something to count.
        speakers: how many speakers these have; None where they are not named.
        speaker_interval: 95 %, speakers as blocks; None for fewer than two.
    """

    value: float | None
    interval: Interval | None
    n: int
    speakers: int | None = None
    speaker_interval: Interval | None = None

    def shown(self, metric: Metric) -> Measured:
        """A measured value at rest in the unit of tables."""
        return Measured(
            metric.shown(self.value),
            scaled(self.interval, metric.shown),
            self.n,
            self.speakers,
            scaled(self.speaker_interval, metric.shown),
        )


def usable(scores: Iterable[SessionScore], metric: Metric) -> list[SessionScore]:
    """The completed sessions that a metric counts.

    A certified metric takes those whose timing is certified, one of the words those with a text to compare.
    """
    if metric.attempted:
        return list(scores)
    if metric.certified:
        return [s for s in scores if s.timed]
    if isinstance(metric.source, Percentile) or not metric.of_words:
        return [s for s in scores if not s.failed]
    return [s for s in scores if not s.failed and s.unscorable is None]


def duration_values(
    scores: Iterable[SessionScore], duration: Duration
) -> Callable[[SessionScore], Iterable[int | None]]:
    """What gives the values of a session: the duration, or its substitute if no session has a value of it."""
    if duration.otherwise is None or any(v is not None for s in scores for v in duration.values(s)):
        return duration.values
    return duration.otherwise.values


def known_values(scores: Sequence[SessionScore], duration: Duration) -> list[tuple[SessionScore, int]]:
    """Every value of a duration with its session, ns; unknown ones are left out."""
    values_of = duration_values(scores, duration)
    return [(s, v) for s in scores for v in values_of(s) if v is not None]


def pooled(scores: Sequence[SessionScore], metric: Metric) -> float | None:
    """Value of a metric over sessions that count, at rest; None if there is nothing to measure it on."""
    match metric.source:
        case Counts(of):
            counts = [of(s) for s in scores]
            under = sum(row[1] for row in counts)
            return sum(row[0] for row in counts) / under if under else None
        case Percentile(duration, p):
            return percentile([v for _, v in known_values(scores, duration)], p)
        case Total(of_one):
            known = [v for s in scores if (v := of_one(s)) is not None]
            return sum(known) if known else None
        case Pooled(of_all):
            return of_all(scores)


def session_value(score: SessionScore, metric: Metric) -> float | None:
    """Value of one session in the unit of tables, whether or not it counts anywhere; never that of a substitute."""
    if isinstance(metric.source, Percentile):
        values = [v for v in metric.source.duration.values(score) if v is not None]
        return metric.shown(percentile(values, metric.source.p))
    return metric.shown(pooled([score], metric))


def measure(done: Sequence[SessionScore], metric: Metric | str, seed: int, *, interval: bool = True) -> Measured:
    """A metric over sessions, at rest.

    Args:
        done: sessions; those that do not count are left out here.
        metric: a row of :data:`workbench.scoring.measures.METRICS`, or its name.
        seed: random seed of the bootstrap.
        interval: False saves the bootstrap.
    """
    metric = named(metric) if isinstance(metric, str) else metric
    scores = usable(done, metric)
    value = pooled(scores, metric)
    match metric.source:
        case Counts(of, _, scale):
            counted = [(s, *of(s)) for s in scores]
            counted = [row for row in counted if row[1] or row[2]]
            blocks = [row[0] for row in counted]
            if not interval or not counted:
                return Measured(value, None, len({s.utterance for s in blocks}))
            over, under = [row[1] for row in counted], [row[2] for row in counted]

            def of_rate(owners: Sequence[str]) -> Interval | None:
                return rate_interval(over, under, seed=seed, blocks=owners, scale=scale)

            return _measured(value, blocks, of_rate)
        case Percentile(duration, p):
            known = known_values(scores, duration)
            if not interval:
                return Measured(value, None, len({s.utterance for s, _ in known}))

            def of_percentile(owners: Sequence[str]) -> Interval | None:
                number = {owner: i for i, owner in enumerate(dict.fromkeys(owners))}
                return clustered_percentile_interval([v for _, v in known], [number[o] for o in owners], p)

            return _measured(value, [s for s, _ in known], of_percentile)
        case _:
            return Measured(value, None, len({s.utterance for s in scores}))


def _measured(
    value: float | None, sessions: Sequence[SessionScore], interval: Callable[[Sequence[str]], Interval | None]
) -> Measured:
    """A value with its intervals over the utterances of sessions, and over their speakers where all are named."""
    utterances = [s.utterance for s in sessions]
    speakers = [s.speaker for s in sessions if s.speaker is not None]
    named_all = bool(speakers) and len(speakers) == len(sessions)
    return Measured(
        value,
        interval(utterances) if sessions else None,
        len(set(utterances)),
        len(set(speakers)) if named_all else None,
        interval(speakers) if named_all and len(set(speakers)) > 1 else None,
    )


def scaled(
    interval: Interval | None, change: Callable[[float | None], float | None], *, turned: bool = False
) -> Interval | None:
    """An interval in another unit.

    Args:
        interval: None stays None.
        change: an end in the other unit; None, for unbounded, stays None.
        turned: the ends change places, because the sign is turned.
    """
    if interval is None:
        return None
    low, high = change(interval.low), change(interval.high)
    return Interval(high if turned else low, low if turned else high, interval.level, interval.method)


def unsound(done: Sequence[SessionScore]) -> str | None:
    """Why the latencies of these completed sessions must not be judged; None if they may."""
    trust = trust_of_sessions(done)
    return trust.reasons[0] if done and any(not s.timed for s in done) and trust.level is not TrustLevel.SOUND else None
