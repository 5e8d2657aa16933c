"""Latencies word by word: one row a reference word of a session, without its text."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.scoring import SessionScore
from workbench.tables import Column, Table
from workbench.units import ms

__all__ = ["WORD_COLUMNS", "words_table"]

Spoken = tuple[SessionScore, int]
"""A session and the position of a reference word in it."""


def _of_word(column: Sequence[int | None], position: int) -> float | None:
    return ms(column[position]) if position < len(column) else None


WORD_COLUMNS: tuple[Column[Spoken], ...] = (
    Column("audio", "audio", lambda w: w[0].cell, explain="audio configuration"),
    Column("utterance", "utterance", lambda w: w[0].utterance, explain="id in the corpus"),
    Column("repeat", "repeat", lambda w: w[0].repeat),
    Column("position", "word", lambda w: w[1], explain="place in the reference, from 0"),
    Column("counted", "counted", lambda w: w[0].timed, explain="the session completed and its pacing is valid"),
    Column(
        "latency_ms", "latency", lambda w: _of_word(w[0].latency.word_latency_ns, w[1]), "ms", 0, "from when it was due"
    ),
    Column(
        "emission_ms", "emission", lambda w: _of_word(w[0].latency.word_emission_ns, w[1]), "ms", 0,
        "from when it was sent",
    ),
    Column(
        "finality_ms", "finality", lambda w: _of_word(w[0].latency.word_finality_ns, w[1]), "ms", 0,
        "from its end to its final",
    ),
)  # fmt: skip


def words_table(scores: Sequence[SessionScore]) -> Table:
    """One row a reference word of each session that has word times."""
    spoken = [(s, i) for s in scores for i in range(len(s.latency.word_latency_ns))]
    return Table(WORD_COLUMNS, tuple({c.key: c.value(word) for c in WORD_COLUMNS} for word in spoken))
