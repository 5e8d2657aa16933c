"""Tables with text: the recordings of a run and their words. What stands in them is patient data.

They are made for whoever asks for them by name; no report, export or command prints them.
"""

from __future__ import annotations

from collections.abc import Iterable

from workbench.recording.record import SessionRecord
from workbench.reporting.tables.sessions import SESSION_COLUMNS
from workbench.reporting.tables.table import Column, Table, table_of
from workbench.scoring.metrics.words import SpokenWord, spoken_words
from workbench.scoring.session import SessionScore
from workbench.units import ms, samples_to_ns

__all__ = ["RECORDING_COLUMNS", "WORD_COLUMNS", "recordings_table", "words_table"]

Played = tuple[SessionRecord, SessionScore]
"""A session: what happened, and its score."""
Spoken = tuple[SessionRecord, SessionScore, int, SpokenWord]
"""A session, the place of a reference word in it, and the word in time."""


def _of_score(key: str) -> Column[Played]:
    """A column of the table of sessions."""
    of = next(column for column in SESSION_COLUMNS if column.key == key)
    return Column(of.key, of.title, lambda played: of.value(played[1]), of.unit, of.decimals, of.explain, of.whole)


RECORDING_COLUMNS: tuple[Column[Played], ...] = (
    *map(_of_score, ("audio", "utterance", "repeat")),
    Column("speaker", "speaker", lambda p: p[0].speaker),
    _of_score("outcome"),
    Column("reference", "reference", lambda p: p[0].reference.written, explain="what was spoken, as written"),
    Column("transcript", "transcript", lambda p: None if p[0].unscorable() else p[0].hypothesis()),
    *map(_of_score, ("reference_words", "errors", "wer", "critical_errors", "word_latency_p50_ms", "trust")),
)


def recordings_table(sessions: Iterable[Played]) -> Table:
    """One row a recording and configuration, in the order given."""
    return table_of(RECORDING_COLUMNS, list(sessions))


def _since(at: int | None, since: int | None) -> float | None:
    return None if at is None or since is None else ms(at - since)


WORD_COLUMNS: tuple[Column[Spoken], ...] = (
    Column("audio", "audio", lambda w: w[1].cell, explain="audio configuration"),
    Column("utterance", "utterance", lambda w: w[1].utterance, explain="id in the corpus"),
    Column("repeat", "repeat", lambda w: w[1].repeat),
    Column("position", "position", lambda w: w[2], explain="place in the reference, from 0"),
    Column("word", "word", lambda w: w[3].text, explain="as it was spoken"),
    Column("reference", "reference", lambda w: w[0].reference.written, explain="what was spoken, as written"),
    Column("counted", "counted", lambda w: w[1].timed, explain="the session completed and its pacing is valid"),
    Column("start_ms", "start", lambda w: ms(w[3].start_ns), "ms", 0, "from the first sample"),
    Column("end_ms", "end", lambda w: ms(w[3].end_ns), "ms", 0, "from the first sample"),
    Column("shown_ms", "shown", lambda w: ms(w[3].shown_ns), "ms", 0, "first message with the word"),
    Column("final_ms", "final", lambda w: ms(w[3].final_ns), "ms", 0, "final with the word"),
    Column("latency_ms", "latency", lambda w: _since(w[3].shown_ns, w[3].due_ns), "ms", 0, "from when it was due"),
    Column("emission_ms", "emission", lambda w: _since(w[3].shown_ns, w[3].sent_ns), "ms", 0, "from when it was sent"),
    Column(
        "finality_ms", "finality", lambda w: _since(w[3].final_ns, w[3].end_ns), "ms", 0, "from its end to its final"
    ),
)


def words_table(sessions: Iterable[Played]) -> Table:
    """One row a reference word of each session that has word times."""
    spoken = [(*played, place, word) for played in sessions for place, word in enumerate(_words(played[0]))]
    return table_of(WORD_COLUMNS, spoken)


def _words(record: SessionRecord) -> list[SpokenWord]:
    """The words in time; where streaming never began, when they would have been spoken."""
    rate = record.sample_rate_hz
    return spoken_words(record) or [
        SpokenWord(w.text, samples_to_ns(w.start_sample, rate), samples_to_ns(w.end_sample, rate), *[None] * 5)
        for w in record.reference.words
    ]
