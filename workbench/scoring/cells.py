"""From the scores of sessions to the score of a configuration.

A failed session keeps its place in the count and none in an average; what else counts, and how it is pooled, stands in
:mod:`workbench.scoring.measured`. What is missing has its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from workbench.recording.record import newest
from workbench.scoring.measured import Measured, duration_values, measure
from workbench.scoring.measures import METRICS
from workbench.scoring.metric import Duration, Percentile
from workbench.scoring.metrics.accuracy import ErrorCounts
from workbench.scoring.metrics.screen import Screen
from workbench.scoring.metrics.stability import Stability
from workbench.scoring.metrics.stats import Interval, percentile, thin
from workbench.scoring.reading import Meaning, Tally
from workbench.scoring.session import RULES, SessionScore
from workbench.scoring.trust import Trust, TrustLevel, trust_of_sessions

__all__ = ["CellScore", "Pacing", "latest_attempts", "score_run"]


@dataclass(frozen=True, slots=True)
class Pacing:
    """Send lateness of all sessions of a configuration that sent audio.

    Attributes:
        valid: every session's certificate is valid; None if no session sent audio.
        p99_ns, max_ns: over all their chunks.
        invalid: sessions whose certificate is not valid.
        reasons: why, without repetition.
    """

    valid: bool | None
    p99_ns: int | None
    max_ns: int | None
    invalid: int
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CellScore:
    """Scores of one configuration of a run. Rates are pooled, latencies in ns.

    Attributes:
        cell: name of the configuration.
        n: sessions, of each the last attempt; ``failed`` of them failed, ``replayed`` earlier attempts are not counted.
        normaliser: name of the normaliser of ``words``.
        words, raw, chars: pooled counts of the completed sessions.
        pacing: send lateness.
        left_out: completed sessions whose latencies are excluded because they have no valid certificate.
        latency_sessions: sessions whose latencies are pooled.
        first_partial_name: "first partial", or "first partial (audio start)" if there are no word times.
        matched_words, reference_words: coverage of the word latencies.
        stability: counts of the sessions in the latencies, added up.
        meaning, screen: counts of the completed sessions, added up.
        metrics: every row of :data:`workbench.scoring.measures.METRICS` by its key, at rest: ratios, counts and ns.
        reasons: reason by metric (times with ``_ns``) why it is None or rests on too few recordings.
        unscored: completed sessions without a text to compare; excluded from rates.
        violations: breaches of the contract by the service, such as messages that could not be read.
        violation_sessions: sessions with such a breach.
        trust: whether words and latencies can be trusted, with reasons.

    >>> run.cells[0].words.errors, run.cells[0].words.reference
    (12, 72)
    """

    cell: str
    n: int
    failed: int
    replayed: int
    normaliser: str
    words: ErrorCounts
    raw: ErrorCounts
    chars: ErrorCounts
    pacing: Pacing
    left_out: int
    latency_sessions: int
    first_partial_name: str
    matched_words: int
    reference_words: int
    stability: Stability
    meaning: Meaning
    screen: Screen
    metrics: dict[str, Measured]
    reasons: dict[str, str] = field(default_factory=dict)
    unscored: int = 0
    violations: int = 0
    violation_sessions: int = 0
    trust: Trust = field(default_factory=lambda: Trust(TrustLevel.NOTHING))

    @property
    def values(self) -> Tally:
        """Values kept, changed, lost and invented."""
        return self.meaning.values

    def shown(self, key: str) -> Measured:
        """A metric in the unit of tables, by its key."""
        return self.metrics[key].shown(METRICS[key])

    @property
    def coverage(self) -> float | None:
        """Matched / reference words of the sessions in the latencies; None if there are none."""
        return self.metrics["coverage"].value

    @property
    def wer_interval(self) -> Interval | None:
        """Bootstrap over utterances; None for fewer than two."""
        return self.metrics["wer"].interval

    @property
    def first_partial_ns(self) -> int | None:
        """Median over sessions; ``first_partial_name`` says from when."""
        return self._ns("first_partial")

    @property
    def word_latency_p50_ns(self) -> int | None:
        """Median over all matched words, from when a word's chunk was due."""
        return self._ns("word_latency_p50")

    @property
    def word_latency_p95_ns(self) -> int | None:
        """95th percentile over all matched words, from when a word's chunk was due."""
        return self._ns("word_latency_p95")

    @property
    def word_latency_p50_interval(self) -> Interval | None:
        """Over utterances, whose words stay together; ns."""
        return self.metrics["word_latency_p50"].interval

    @property
    def word_latency_p95_interval(self) -> Interval | None:
        """Over utterances, whose words stay together; ns."""
        return self.metrics["word_latency_p95"].interval

    @property
    def word_finality_p50_ns(self) -> int | None:
        """Median over all words that a final covers."""
        return self._ns("word_finality_p50")

    @property
    def finalisation_p50_ns(self) -> int | None:
        """Median over sessions."""
        return self._ns("finalisation_p50")

    @property
    def end_of_results_p50_ns(self) -> int | None:
        """Median over sessions."""
        return self._ns("end_of_results_p50")

    @property
    def connect_p50_ns(self) -> int | None:
        """Median over sessions."""
        return self._ns("connect_p50")

    @property
    def result_low_p50_ns(self) -> int | None:
        """Median of the earlier end of the time to result."""
        return self._ns("result_low_p50")

    @property
    def result_high_p50_ns(self) -> int | None:
        """Median of the later end of the time to result."""
        return self._ns("result_high_p50")

    def _ns(self, key: str) -> int | None:
        value = self.metrics[key].value
        return None if value is None else int(value)


def latest_attempts(scores: Iterable[SessionScore]) -> list[SessionScore]:
    """Scores of the newest attempt of each session, in order of first appearance."""
    of = {score.key: score for score in scores}
    return [of[key] for key in newest(of).values()]


def score_run(scores: Sequence[SessionScore], *, seed: int) -> list[CellScore]:
    """Scores of the configurations of a run, in order of first appearance.

    Args:
        scores: every session, failed ones included.
        seed: random seed of the bootstrap.
    """
    cells: dict[str, list[SessionScore]] = {}
    for score in scores:
        cells.setdefault(score.cell, []).append(score)
    return [_score_cell(cell, members, seed) for cell, members in cells.items()]


def _score_cell(cell: str, members: list[SessionScore], seed: int) -> CellScore:
    sessions = latest_attempts(members)
    done = [s for s in sessions if not s.failed]
    timed = [s for s in done if s.timed]
    scored = [s for s in done if s.unscorable is None]
    metrics = {
        key: measure(sessions if metric.attempted else done, metric, seed, interval=metric.interval)
        for key, metric in METRICS.items()
    }
    return CellScore(
        cell=cell,
        n=len(sessions),
        failed=len(sessions) - len(done),
        replayed=len(members) - len(sessions),
        normaliser=sessions[0].normaliser,
        words=sum((s.words for s in done), ErrorCounts()),
        raw=sum((s.raw for s in done), ErrorCounts()),
        chars=sum((s.chars for s in done), ErrorCounts()),
        pacing=_pacing(sessions),
        left_out=len(done) - len(timed),
        latency_sessions=len(timed),
        first_partial_name=_first_partial_name(timed),
        matched_words=sum(s.latency.matched_words for s in timed),
        reference_words=sum(s.latency.reference_words for s in timed),
        stability=sum((s.stability for s in timed), Stability()),
        meaning=sum((s.meaning for s in done), Meaning()),
        screen=sum((s.screen for s in scored[1:]), scored[0].screen) if scored else Screen(),
        metrics=metrics,
        reasons=_wer_reasons(done, metrics["wer"])
        | _meaning_reasons(scored, metrics)
        | _latency_reasons(timed, metrics, len(done))
        | {key: why for s in scored for key, why in s.meeting.reasons.items() if metrics[key].value is None},
        unscored=len(done) - len(scored),
        violations=sum(score.violations for score in sessions),
        violation_sessions=sum(score.violations > 0 for score in sessions),
        trust=trust_of_sessions(sessions),
    )


def _first_partial_name(timed: Sequence[SessionScore]) -> str:
    source = METRICS["first_partial"].source
    assert isinstance(source, Percentile)  # noqa: S101  narrows the type
    other = source.duration.otherwise
    substituted = other is not None and duration_values(timed, source.duration) is other.values
    return other.title if other is not None and substituted else source.duration.title


def _wer_reasons(done: Sequence[SessionScore], wer: Measured) -> dict[str, str]:
    reasons: dict[str, str] = {}
    if not done:
        reasons["wer"] = "all sessions failed"
    elif not any(s.words.reference for s in done):
        reasons["wer"] = next((s.unscorable for s in done if s.unscorable), "no reference words")
    if done and wer.interval is None:
        reasons["wer_interval"] = "fewer than two utterances with words"
    return reasons


_MEANING = (
    "critical_errors", "value_accuracy", "values_invented", "term_recall", "drug_recall", "negations_kept",
    "sides_kept", "medical_wer", "term_precision", "term_f1", "drug_precision", "terms_invented", "drugs_invented",
    "negations_invented", "sides_invented", "value_written",
)  # fmt: skip
_OLD_RULES = "scored by older rules; `workbench score` scores the run again"


def _meaning_reasons(scored: Sequence[SessionScore], metrics: dict[str, Measured]) -> dict[str, str]:
    """Why the counts of meaning are missing: the sessions were scored before there were any."""
    if not any(s.rules < RULES for s in scored):
        return {}
    return {key: _OLD_RULES for key in _MEANING if metrics[key].value is None}


def _latency_reasons(timed: Sequence[SessionScore], metrics: dict[str, Measured], done: int) -> dict[str, str]:
    """Why the compared latency of a stage is missing, or thin."""
    reasons: dict[str, str] = {}
    for key, metric in METRICS.items():
        if not isinstance(metric.source, Percentile) or not (metric.compared and metric.source.duration.stage):
            continue
        measured, why = metrics[key], None
        if measured.value is None:
            why = _missing(timed, metric.source.duration) if timed else None
            why = why or ("no session with a valid pacing certificate" if done else "all sessions failed")
        elif metric.source.p > 50:
            why = thin(measured.n, metric.source.p)
        if why:
            reasons[f"{key}_ns"] = why
    return reasons


def _missing(timed: Sequence[SessionScore], duration: Duration) -> str:
    """The first reason that a session gave."""
    name = f"{(duration.otherwise or duration).key}_ns"
    return next((r for s in timed if (r := s.latency.reasons.get(name))), "not measured")


def _pacing(sessions: list[SessionScore]) -> Pacing:
    streamed = [s.instrument for s in sessions if s.instrument.pacing_valid is not None]
    lateness = [v for i in streamed for v in i.lateness_ns]
    invalid = [i for i in streamed if not i.pacing_valid]
    return Pacing(
        valid=not invalid if streamed else None,
        p99_ns=percentile(lateness, 99),
        max_ns=percentile(lateness, 100),
        invalid=len(invalid),
        reasons=tuple(dict.fromkeys(i.pacing_reason for i in invalid if i.pacing_reason)),
    )
