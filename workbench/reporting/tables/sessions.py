"""The table of single sessions: counts and times, no text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from workbench.reporting.tables.table import Column, Table, metric_column, table_of
from workbench.scoring.measured import session_value
from workbench.scoring.measures import METRICS
from workbench.scoring.metric import Percentile
from workbench.scoring.session import SessionScore
from workbench.scoring.trust import trust_of_session
from workbench.units import ms

__all__ = ["SESSION_COLUMNS", "sessions_table"]


def _metric_columns() -> Iterator[Column[SessionScore]]:
    """The percentile of a duration that a session has once is the value itself, and called so."""
    for metric in METRICS.values():
        if "sessions" in metric.tables:
            column = metric_column(metric.key, partial(session_value, metric=metric))
            if isinstance(metric.source, Percentile) and metric.source.duration.each == "session":
                column = replace(column, key=column.key.replace("_p50", ""), title=column.title.removesuffix(" p50"))
            yield column
            if metric.key == "wer":
                yield Column("normaliser", "normaliser", lambda s: s.normaliser, explain="applied to both sides")


SESSION_COLUMNS: tuple[Column[SessionScore], ...] = (
    Column("audio", "audio", lambda s: s.cell, explain="audio configuration"),
    Column("utterance", "utterance", lambda s: s.utterance, explain="id in the corpus"),
    Column("repeat", "repeat", lambda s: s.repeat),
    Column("attempt", "attempt", lambda s: s.attempt),
    Column("outcome", "outcome", lambda s: s.outcome, explain="how the session ended"),
    metric_column("reference_words", lambda s: s.words.reference),
    Column("errors", "errors", lambda s: s.words.errors, explain="substitutions, deletions and insertions"),
    *_metric_columns(),
    Column("trust", "trust", lambda s: trust_of_session(s).level.value, explain="sound, words only, or nothing"),
    Column("pacing_valid", "pacing valid", lambda s: s.instrument.pacing_valid, explain="the pacing certificate"),
    Column(
        "pacing_reason",
        "pacing reason",
        lambda s: s.instrument.pacing_reason,
        explain="why it is not valid",
        prose=True,
    ),
    Column("pacing_p99_ms", "late p99", lambda s: ms(s.instrument.lateness_percentile_ns(99)), "ms", 2),
)


def sessions_table(scores: Sequence[SessionScore]) -> Table:
    """One row a session, in the order given."""
    return table_of(SESSION_COLUMNS, scores, names=2)
