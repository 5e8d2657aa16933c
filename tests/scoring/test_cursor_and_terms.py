"""Cursor latency, the first medical term and the real-time factor, each against values worked by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.scoring.metrics.records import session, spoken, untimed
from workbench.reference import Reference, Term, Word
from workbench.scoring.cells import score_run
from workbench.scoring.metrics.cursor import Cursor, cursor
from workbench.scoring.metrics.first_term import FirstTerm, first_term
from workbench.scoring.metrics.normalize import normaliser
from workbench.scoring.session import score_session
from workbench.scoring.view import SessionView
from workbench.units import NS_PER_MS

CLINICAL = normaliser("clinical")


def in_ms(values):
    """Milliseconds."""
    return [None if v is None else v / NS_PER_MS for v in values]


def cell_of(*records):
    """The one configuration of some records."""
    (cell,) = score_run([score_session(record, CLINICAL) for record in records], seed=1)
    return cell


def test_the_cursor_of_the_text_follows_the_words_shown():
    """Words end at 200, 400, 600 ms; chunks of 100 ms. At 550 ms 500 are sent and speech up to 200 is shown."""
    record = session(
        spoken("no chest pain"),
        [(150, "partial", "no"), (550, "partial", "no"), (650, "partial", "no chest"), (950, "final", "no chest pain")],
    )
    found = cursor(SessionView(record))
    assert in_ms(found.at_ns) == [150, 550, 650, 950]
    # Shown at 150 with 100 ms sent: 100 ms early. Then 500 - 200, 600 - 400, and nothing is left to say.
    assert in_ms(found.lag_ns) == [-100, 300, 200, 0]
    cell = cell_of(record)
    assert [cell.shown(f"cursor_{key}").value for key in ("min", "mean", "p95", "max")] == [-100, 100, 300, 300]


def test_a_pause_is_transcribed_as_it_passes():
    """ "no" ends at 200 and "pain" begins at 700 ms: at 650 ms nothing is behind, at 850 ms 100 ms of "pain" are."""
    words = (Word("no", 0, 200 * 16), Word("pain", 700 * 16, 900 * 16))
    record = session(Reference("no pain", "no pain", words), [(650, "partial", "no"), (850, "partial", "no")])
    assert in_ms(cursor(SessionView(record)).lag_ns) == [0, 100]


def test_without_any_word_shown_all_speech_sent_is_behind():
    """Speech begins at 300 ms: at 550 ms 500 are sent, of which 200 are speech."""
    record = session(spoken("no pain", onset_ms=300), [(550, "partial", "xx yy")])
    assert in_ms(cursor(SessionView(record)).lag_ns) == [200]


@pytest.mark.parametrize(
    "record",
    [session(untimed("no pain"), [(300, "partial", "no")]), session(spoken("no"), []),
     session(spoken("no"), [(300, "partial", "no")], chunks=0)],
)  # fmt: skip
def test_a_session_that_has_no_cursors_has_no_lag(record):
    """No word times, no messages, no audio."""
    assert cursor(SessionView(record)) == Cursor()
    assert cell_of(session(untimed("no"), [])).metrics["cursor_mean"].value is None


def marked(text, *terms):
    """A reference with marked terms."""
    return replace(spoken(text), terms=tuple(Term(term, kind) for term, kind in terms))


def test_the_first_term_counts_from_its_own_last_chunk():
    """ "chest pain" ends at 600 ms and stands whole at 760; its final comes at 900: 160 and 300 ms."""
    reference = marked("no chest pain on metoprolol", ("chest pain", "medical"), ("metoprolol", "drug"))
    record = session(
        reference,
        [(460, "partial", "no chest"), (760, "partial", "no chest pain"), (900, "final", "no chest pain"),
         (1300, "final", "on metoprolol")],
        chunks=12,
    )  # fmt: skip
    found = first_term(SessionView(record))
    assert (found.shown_ns, found.final_ns) == (160 * NS_PER_MS, 300 * NS_PER_MS)
    cell = cell_of(record)
    assert (cell.shown("first_term_p50").value, cell.shown("first_term_final_p95").value) == (160, 300)


def test_a_term_that_is_wrong_is_not_the_first():
    """Of both terms only the drug, which ends at 1,000 ms, is ever right: 1,300 ms."""
    reference = marked("no chest pain on metoprolol", ("chest pain", "medical"), ("metoprolol", "drug"))
    record = session(reference, [(1300, "final", "no chess pain on metoprolol")], chunks=12)
    assert first_term(SessionView(record)) == FirstTerm(300 * NS_PER_MS, 300 * NS_PER_MS)


def test_a_term_that_never_becomes_final_has_no_time_to_it():
    """Shown by a partial and lost by the final."""
    record = session(
        marked("take metoprolol", ("metoprolol", "drug")),
        [(500, "partial", "take metoprolol"), (900, "final", "take metal")],
    )
    assert first_term(SessionView(record)) == FirstTerm(100 * NS_PER_MS, None)
    unmarked = session(spoken("take metoprolol"), [(500, "partial", "take metoprolol")])
    assert first_term(SessionView(unmarked)) == FirstTerm()
    assert first_term(SessionView(session(untimed("metoprolol"), []))) == FirstTerm()


def test_the_real_time_factor_needs_audio_that_was_sent_at_once():
    """Two sessions of 1 s each, everything sent at 0: the last finals come after 100 and 300 ms."""
    fast = [
        session(spoken("no pain"), [(at, "final", "no pain"), (at + 50, "end", "")], utterance=f"u{at}", pace=1e12)
        for at in (100, 300)
    ]
    for record in fast:
        assert score_session(record, CLINICAL).instrument.burst_ns is not None
    cell = cell_of(*fast)
    assert cell.metrics["real_time_factor"].value == pytest.approx(0.4 / 2)
    assert cell.metrics["service_throughput"].value == pytest.approx(5)
    paced = session(spoken("no"), [(150, "final", "no")], chunks=1)
    assert score_session(paced, CLINICAL).instrument.burst_ns is None
    assert cell_of(paced).metrics["real_time_factor"].value is None


def test_the_first_audio_is_accepted_when_the_socket_has_taken_it():
    """The session began 400 ms before streaming; the first chunk is due after 100 ms and taken after 1 us."""
    record = session(spoken("no"), [(300, "final", "no")])
    record.mono_start_ns = (record.start_ns or 0) - 400 * NS_PER_MS
    assert cell_of(record).shown("first_audio_p50").value == pytest.approx(500.001)
