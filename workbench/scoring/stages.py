"""Where the time of a session goes: the stages in their order, and durations by configuration and by time of the run.

Only sessions with a valid pacing certificate count, except for what happens before any audio is sent. Every stage says
what its zero is, because they do not share one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.recording.record import SessionKey
from workbench.scoring.cells import latest_attempts
from workbench.scoring.measured import duration_values, known_values
from workbench.scoring.measures import DURATIONS
from workbench.scoring.metrics.stats import percentile
from workbench.scoring.session import SessionScore

__all__ = ["Moment", "Stage", "course", "latency_blocks", "latency_values", "stages"]


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage over many sessions.

    Attributes:
        name: title of the duration.
        since: what its zero is.
        n: values.
        p50_ns, p95_ns: None if there is no value.
        reason: why there is none; None if there is one.
    """

    name: str
    since: str
    n: int
    p50_ns: int | None
    p95_ns: int | None
    reason: str | None = None


def stages(scores: Sequence[SessionScore]) -> list[Stage]:
    """Every stage of the completed sessions, in the order of a session."""
    done = [score for score in latest_attempts(scores) if not score.failed]
    rows = []
    for duration in (d for d in DURATIONS.values() if d.stage):
        counted = [score for score in done if score.timed or not duration.certified]
        values = [value for _, value in known_values(counted, duration)]
        why = next((r for score in counted if (r := score.latency.reasons.get(f"{duration.key}_ns"))), None)
        missing = why or ("not measured" if counted else "no session with a valid pacing certificate")
        p50_ns, p95_ns = percentile(values, 50), percentile(values, 95)
        rows.append(Stage(duration.title, duration.since, len(values), p50_ns, p95_ns, None if values else missing))
    return rows


def latency_values(scores: Sequence[SessionScore], name: str, cells: Sequence[str]) -> dict[str, list[int]]:
    """Values of a duration by configuration, ns, every one of ``cells`` in their order; only certified sessions."""
    return {cell: values for cell, (values, _) in latency_blocks(scores, name, cells).items()}


def latency_blocks(
    scores: Sequence[SessionScore], name: str, cells: Sequence[str]
) -> dict[str, tuple[list[int], list[int]]]:
    """As :func:`latency_values`, with the number of the utterance that each value belongs to.

    Args:
        scores: every session of a run.
        name: a key of :data:`workbench.scoring.measures.DURATIONS`.
        cells: every configuration, in the order of the run, whether it has a value or not.
    """
    number: dict[str, int] = {}
    blocks: dict[str, tuple[list[int], list[int]]] = {cell: ([], []) for cell in cells}
    timed = [score for score in latest_attempts(scores) if score.timed]
    for score, value in known_values(timed, DURATIONS[name]):
        blocks[score.cell][0].append(value)
        blocks[score.cell][1].append(number.setdefault(score.utterance, len(number)))
    return blocks


@dataclass(frozen=True, slots=True)
class Moment:
    """One session on the time axis of its run.

    Attributes:
        cell: configuration.
        utterance: id in the corpus.
        at_ns: when it began, since the first session of the run.
        value_ns: median of the metric over the session.
    """

    cell: str
    utterance: str
    at_ns: int
    value_ns: int


def course(scores: Sequence[SessionScore], begun: Mapping[SessionKey, int], name: str) -> list[Moment]:
    """Sessions in the order in which they began, with the median of a duration.

    Args:
        scores: every session of a run.
        begun: monotonic start of each session, ns; sessions without one are left out.
        name: a key of :data:`workbench.scoring.measures.DURATIONS`.
    """
    moments = []
    first = min(begun.values(), default=0)
    timed = [score for score in latest_attempts(scores) if score.timed]
    values_of = duration_values(timed, DURATIONS[name])
    for score in timed:
        at = begun.get(score.key)
        value = percentile([v for v in values_of(score) if v is not None], 50)
        if at is not None and value is not None:
            moments.append(Moment(score.cell, score.utterance, at - first, value))
    return sorted(moments, key=lambda moment: moment.at_ns)
