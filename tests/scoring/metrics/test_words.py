"""A session laid out in time agrees with its latencies."""

from __future__ import annotations

import pytest

from tests.scoring.metrics.records import session, spoken, untimed
from workbench.scoring.metrics.latency import latency
from workbench.scoring.metrics.words import screen_texts, spoken_words
from workbench.scoring.view import SessionView
from workbench.units import NS_PER_MS

MESSAGES = [(250, "partial", "no"), (450, "partial", "no just"), (700, "final", "no chest pain"), (1100, "end", "")]


def test_a_word_was_said_due_sent_shown_and_final_in_this_order():
    """Every latency of the metric is the difference of two of these."""
    record = session(spoken("no chest pain"), MESSAGES, late_ms=3)
    words, measured = spoken_words(record), latency(SessionView(record))
    assert [w.text for w in words] == ["no", "chest", "pain"]
    assert [w.shown_ns - w.due_ns for w in words] == list(measured.word_latency_ns)
    assert [w.shown_ns - w.sent_ns for w in words] == list(measured.word_emission_ns)
    assert [w.final_ns - w.end_ns for w in words] == list(measured.word_finality_ns)
    assert [w.sent_ns - w.due_ns for w in words] == [3 * NS_PER_MS] * 3


def test_words_that_were_never_shown_or_sent_have_no_stamp():
    """None, not 0."""
    lost = spoken_words(session(spoken("no chest pain"), [(700, "final", "no pain"), (1100, "end", "")]))
    assert lost[1].shown_ns is None
    assert lost[1].final_ns is None
    cut = spoken_words(session(spoken("no chest pain"), MESSAGES, chunks=4))
    assert cut[2].due_ns is None


@pytest.mark.parametrize("record", [session(untimed("no"), MESSAGES), session(spoken("no"), [], chunks=0)])
def test_without_word_times_there_is_nothing_to_lay_out(record):
    """Nor where streaming never began."""
    record.start_ns = record.start_ns if record.reference.words == () else None
    assert spoken_words(record) == []


def test_the_screen_is_every_message_up_to_the_terminal_frame():
    """Partials and finals, from time zero."""
    record = session(spoken("no chest pain"), [*MESSAGES, (1200, "final", "late")])
    texts = screen_texts(record)
    assert [(t.at_ns // NS_PER_MS, t.text, t.final) for t in texts] == [
        (250, "no", False), (450, "no just", False), (700, "no chest pain", True),
    ]  # fmt: skip
    record.start_ns = None
    assert screen_texts(record) == []
