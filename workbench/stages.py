"""Where the time of a session goes: the stages in their order, and latencies by metric and by time of the run.

House rules: values are those that scores hold; only sessions with a valid pacing certificate count, except for what
happens before any audio is sent. Every stage says what its zero is, because they do not share one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from workbench.metrics.stats import percentile
from workbench.recording import SessionKey
from workbench.scoring import SessionScore, latest_attempts
from workbench.store import StoredRun, query
from workbench.store.tables import SESSIONS

__all__ = [
    "LATENCY_METRICS",
    "LatencyMetric",
    "Moment",
    "Stage",
    "begun",
    "course",
    "latency_blocks",
    "latency_values",
    "stages",
]


@dataclass(frozen=True, slots=True)
class LatencyMetric:
    """A latency that can be drawn.

    Attributes:
        title: for people.
        since: what its zero is.
        values: of one session; None where it has none.
    """

    title: str
    since: str
    values: Callable[[SessionScore], Iterable[int | None]]


def _first_partial(score: SessionScore) -> list[int | None]:
    value = score.latency.first_partial_ns
    return [score.latency.first_partial_audio_start_ns if value is None else value]


LATENCY_METRICS: dict[str, LatencyMetric] = {
    "word_latency": LatencyMetric(
        "word latency", "the word's last chunk being due", lambda s: s.latency.word_latency_ns
    ),
    "word_finality": LatencyMetric("word finality", "the end of the word", lambda s: s.latency.word_finality_ns),
    "word_emission": LatencyMetric(
        "word emission", "the send of the word's last chunk", lambda s: s.latency.word_emission_ns
    ),
    "first_partial": LatencyMetric("first partial", "the onset of speech", _first_partial),
    "finalisation": LatencyMetric("finalisation", "the end of the last word", lambda s: [s.latency.finalisation_ns]),
    "end_of_results": LatencyMetric(
        "end of results", "the send of end-of-audio", lambda s: [s.latency.end_of_results_ns]
    ),
}
"""Latencies of speech, by the name that a link carries."""

_UNTIMED: dict[str, LatencyMetric] = {
    "create": LatencyMetric("session create", "the request", lambda s: [s.latency.create_ns]),
    "connect": LatencyMetric("connect", "the socket open call", lambda s: [s.latency.connect_ns]),
    "end": LatencyMetric("session end", "the request", lambda s: [s.latency.end_ns]),
}
"""Where no audio is sent, no pacing certificate is needed."""

_LAST_BYTE = LatencyMetric(
    "last byte to final", "the send of the last chunk", lambda s: [s.latency.last_byte_to_final_ns]
)
_STAGES: dict[str, LatencyMetric] = {
    **{key: _UNTIMED[key] for key in ("create", "connect")},
    **{key: LATENCY_METRICS[key] for key in ("first_partial", "word_latency", "word_finality", "finalisation")},
    "last_byte_to_final": _LAST_BYTE,
    "end_of_results": LATENCY_METRICS["end_of_results"],
    "end": _UNTIMED["end"],
}
"""In the order of a session; the key is the score's own name of it."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage over many sessions.

    Attributes:
        name: for people.
        since: what its zero is.
        n: values.
        p50_ns, p95_ns: None where there is no value.
        reason: why there is none; None where there is.
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
    found = []
    for key, stage in _STAGES.items():
        counted = [score for score in done if score.timed or key in _UNTIMED]
        values = [v for score in counted for v in stage.values(score) if v is not None]
        why = next((r for score in counted if (r := score.latency.reasons.get(f"{key}_ns"))), None)
        missing = why or ("not measured" if counted else "no session with a valid pacing certificate")
        p50_ns, p95_ns = percentile(values, 50), percentile(values, 95)
        found.append(Stage(stage.title, stage.since, len(values), p50_ns, p95_ns, None if values else missing))
    return found


def latency_values(scores: Sequence[SessionScore], metric: str) -> dict[str, list[int]]:
    """Values of a latency by configuration, ns, in order of first appearance; only certified sessions."""
    found: dict[str, list[int]] = {score.cell: [] for score in scores}
    for score in latest_attempts(scores):
        if score.timed:
            found[score.cell] += [v for v in LATENCY_METRICS[metric].values(score) if v is not None]
    return found


def latency_blocks(scores: Sequence[SessionScore], metric: str) -> dict[str, tuple[list[int], list[int]]]:
    """As :func:`latency_values`, with the number of the utterance that each value belongs to."""
    number: dict[str, int] = {}
    found: dict[str, tuple[list[int], list[int]]] = {score.cell: ([], []) for score in scores}
    for score in latest_attempts(scores):
        if score.timed:
            values = [v for v in LATENCY_METRICS[metric].values(score) if v is not None]
            found[score.cell][0].extend(values)
            found[score.cell][1].extend([number.setdefault(score.utterance, len(number))] * len(values))
    return found


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


def course(scores: Sequence[SessionScore], begun: Mapping[SessionKey, int], metric: str) -> list[Moment]:
    """Sessions in the order in which they began, with the median of a latency.

    Args:
        scores: of a run.
        begun: monotonic start of each session, ns; sessions without one are left out.
        metric: a key of :data:`LATENCY_METRICS`.
    """
    found = []
    first = min(begun.values(), default=0)
    for score in latest_attempts(scores):
        at = begun.get(score.key)
        value = percentile([v for v in LATENCY_METRICS[metric].values(score) if v is not None], 50)
        if score.timed and at is not None and value is not None:
            found.append(Moment(score.cell, score.utterance, at - first, value))
    return sorted(found, key=lambda moment: moment.at_ns)


def begun(run: StoredRun) -> dict[SessionKey, int]:
    """When each session of a run began, monotonic ns; sessions that never began are left out."""
    if not (run.path / SESSIONS).exists():
        return {record.key: record.mono_start_ns for record in run.iter_records()}
    rows = query([run.path], "SELECT cell, utterance, repeat, attempt, mono_start_ns FROM sessions").fetchall()
    return {SessionKey(*row[:4]): row[4] for row in rows if row[4] is not None}
