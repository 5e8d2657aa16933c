"""From the scores of sessions to the score of a cell.

House rules: counts are pooled, never rates. A failed session keeps its place in the count and none in an average; a
session with an invalid pacing certificate keeps its words and none of its latencies. What is missing has its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from workbench.metrics.accuracy import ErrorCounts
from workbench.metrics.clustered import clustered_percentile_interval
from workbench.metrics.screen import Screen
from workbench.metrics.stability import Stability
from workbench.metrics.stats import Interval, percentile, percentile_interval, rate_interval, thin
from workbench.metrics.terms import Meaning
from workbench.metrics.values import ValueCounts
from workbench.scoring.session import SessionScore

__all__ = ["CellScore", "Pacing", "latest_attempts", "score_run"]


@dataclass(frozen=True, slots=True)
class Pacing:
    """Send lateness of all sessions of a cell that sent audio.

    Attributes:
        valid: every session's certificate is valid; None where no session sent audio.
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
    """What one cell of a run came to. Rates are pooled, latencies ns.

    Attributes:
        cell: name of the configuration.
        n: sessions, of each the last attempt; ``failed`` of them failed, ``replayed`` earlier attempts are not counted.
        normaliser: name of the normaliser of ``words``.
        words, raw, chars: pooled counts of the completed sessions.
        wer_interval: percentile bootstrap over utterances; None for fewer than two.
        pacing: send lateness.
        left_out: completed sessions left out of latencies for want of a valid certificate.
        latency_sessions: sessions whose latencies are pooled below.
        first_partial_ns: median over sessions.
        first_partial_name: "first partial", or "first partial (audio start)" where there are no word times.
        word_latency_p50_ns, word_latency_p95_ns: over all matched words, from when a word's chunk was due.
        finalisation_p50_ns, end_of_results_p50_ns, connect_p50_ns: median over sessions.
        word_latency_p50_interval, word_latency_p95_interval: over utterances, whose words stay together.
        word_finality_p50_ns: over all words a final covers.
        matched_words, reference_words: coverage of the word latencies.
        stability: of the sessions in the latencies, added up.
        meaning, values, screen: of the completed sessions, added up.
        reasons: column name to why it is None, or why it is thin.
        unscored: completed sessions without a text to compare; they are in no rate.
        result_low_p50_ns, result_high_p50_ns: medians of both ends of the time to result.
    """

    cell: str
    n: int
    failed: int
    replayed: int
    normaliser: str
    words: ErrorCounts
    raw: ErrorCounts
    chars: ErrorCounts
    wer_interval: Interval | None
    pacing: Pacing
    left_out: int
    latency_sessions: int
    first_partial_ns: int | None
    first_partial_name: str
    word_latency_p50_ns: int | None
    word_latency_p95_ns: int | None
    word_latency_p50_interval: Interval | None
    word_latency_p95_interval: Interval | None
    word_finality_p50_ns: int | None
    finalisation_p50_ns: int | None
    finalisation_interval: Interval | None
    end_of_results_p50_ns: int | None
    connect_p50_ns: int | None
    matched_words: int
    reference_words: int
    stability: Stability
    meaning: Meaning
    values: ValueCounts
    screen: Screen
    reasons: dict[str, str] = field(default_factory=dict)
    unscored: int = 0
    result_low_p50_ns: int | None = None
    result_high_p50_ns: int | None = None

    @property
    def coverage(self) -> float | None:
        """Matched / reference words of the sessions in the latencies; None where there are none."""
        return self.matched_words / self.reference_words if self.reference_words else None


def latest_attempts(scores: Iterable[SessionScore]) -> list[SessionScore]:
    """Of each session the last attempt, in order of first appearance."""
    last: dict[tuple[str, str, int], SessionScore] = {}
    for score in scores:
        place = (score.cell, score.utterance, score.repeat)
        if place not in last or score.attempt >= last[place].key.attempt:
            last[place] = score
    return list(last.values())


def score_run(scores: Sequence[SessionScore], *, seed: int) -> list[CellScore]:
    """Scores of the cells of a run, in order of first appearance.

    Args:
        scores: of all sessions, failed ones included.
        seed: of the bootstrap.
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
    reasons: dict[str, str] = {}
    if not done:
        reasons["wer"] = "all sessions failed"
    elif not any(s.words.reference for s in done):
        reasons["wer"] = next((s.unscorable for s in done if s.unscorable), "no reference words")
    name = "first_partial_ns" if any(s.latency.first_partial_ns is not None for s in timed) else _AUDIO_START
    finalisation = _known(timed, "finalisation_ns")
    latencies = [v for s in timed for v in s.latency.word_latency_ns if v is not None]
    places = {u: i for i, u in enumerate(dict.fromkeys(s.utterance for s in timed))}
    owners = [places[s.utterance] for s in timed for v in s.latency.word_latency_ns if v is not None]
    interval = rate_interval(
        [s.words.errors for s in scored],
        [s.words.reference for s in scored],
        seed=seed,
        blocks=[s.utterance for s in scored],
    )
    if interval is None and done:
        reasons["wer_interval"] = "fewer than two utterances with words"
    if latencies and (why := thin(len(places), 95)):
        reasons["word_latency_p95_ns"] = why
    found = CellScore(
        cell=cell,
        n=len(sessions),
        failed=len(sessions) - len(done),
        replayed=len(members) - len(sessions),
        normaliser=sessions[0].normaliser,
        words=sum((s.words for s in done), ErrorCounts()),
        raw=sum((s.raw for s in done), ErrorCounts()),
        chars=sum((s.chars for s in done), ErrorCounts()),
        wer_interval=interval,
        pacing=_pacing(sessions),
        left_out=len(done) - len(timed),
        latency_sessions=len(timed),
        first_partial_ns=percentile(_known(timed, name), 50),
        first_partial_name="first partial (audio start)" if name == _AUDIO_START else "first partial",
        word_latency_p50_ns=percentile(latencies, 50),
        word_latency_p95_ns=percentile(latencies, 95),
        word_latency_p50_interval=clustered_percentile_interval(latencies, owners, 50),
        word_latency_p95_interval=clustered_percentile_interval(latencies, owners, 95),
        word_finality_p50_ns=percentile([v for s in timed for v in s.latency.word_finality_ns if v is not None], 50),
        finalisation_p50_ns=percentile(finalisation, 50),
        finalisation_interval=percentile_interval(finalisation, 50),
        end_of_results_p50_ns=percentile(_known(timed, "end_of_results_ns"), 50),
        connect_p50_ns=percentile(_known(timed, "connect_ns"), 50),
        matched_words=sum(s.latency.matched_words for s in timed),
        reference_words=sum(s.latency.reference_words for s in timed),
        stability=sum((s.stability for s in timed), Stability()),
        meaning=sum((s.meaning for s in done), Meaning()),
        values=sum((s.values for s in done), ValueCounts()),
        screen=sum((s.screen for s in scored[1:]), scored[0].screen) if scored else Screen(),
        reasons=reasons,
        unscored=len(done) - len(scored),
        result_low_p50_ns=percentile([v for s in done if (v := s.result.low_ns) is not None], 50),
        result_high_p50_ns=percentile([v for s in done if (v := s.result.high_ns) is not None], 50),
    )
    _explain(found, timed, len(done))
    return found


_AUDIO_START = "first_partial_audio_start_ns"
# Columns of a cell and the latency of a session that they summarise.
_SOURCES = {
    "first_partial_ns": _AUDIO_START,
    "word_latency_p50_ns": "word_latency_ns",
    "word_latency_p95_ns": "word_latency_ns",
    "word_finality_p50_ns": "word_finality_ns",
    "finalisation_p50_ns": "finalisation_ns",
    "end_of_results_p50_ns": "end_of_results_ns",
}


def _known(sessions: list[SessionScore], name: str) -> list[int]:
    return [v for s in sessions if (v := getattr(s.latency, name)) is not None]


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


def _explain(cell: CellScore, timed: list[SessionScore], done: int) -> None:
    """Give each missing latency its reason: the first one that a session gave."""
    for name, source in _SOURCES.items():
        if getattr(cell, name) is not None:
            continue
        if timed:
            why = next((r for s in timed if (r := s.latency.reasons.get(source))), "not measured")
        else:
            why = "no session with a valid pacing certificate" if done else "all sessions failed"
        cell.reasons[name] = why
