"""From records to session scores and cell scores."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scoring.metrics.records import session, spoken, untimed
from workbench.errors import StoreError
from workbench.recording.record import Outcome
from workbench.reference import Reference
from workbench.scoring.cells import score_run
from workbench.scoring.metrics.accuracy import ErrorCounts
from workbench.scoring.metrics.normalize import normaliser
from workbench.scoring.session import ROW_TYPES, SessionScore, score_session
from workbench.units import NS_PER_MS

BASIC = normaliser("basic")
PAIN = spoken("no chest pain")
GOOD = [(250, "partial", "no"), (700, "final", "no chest pain"), (1100, "end", "")]


def score(messages=GOOD, reference=PAIN, normalise=BASIC, **kwargs):
    """The score of a record built by hand."""
    return score_session(session(reference, messages, **kwargs), normalise)


def test_raw_and_normalised_counts_stand_side_by_side():
    """Case and marks are errors in the raw counts alone."""
    reference = Reference("No chest pain.", "no chest pain")
    found = score([(700, "final", "No chest pain")], reference)
    assert found.words == ErrorCounts(hits=3)
    assert found.raw == ErrorCounts(hits=2, substitutions=1)
    assert (found.normaliser, found.normaliser_version, found.normaliser_hash) == ("basic", "1", BASIC.hash)


def test_words_are_compared_with_the_spoken_form_and_raw_words_with_the_written_one():
    """A recogniser that writes words is not blamed for digits, except in the raw counts."""
    reference = Reference("BP 120/80", "b p one twenty over eighty")
    found = score([(700, "final", "b p one twenty over eighty")], reference)
    assert found.words.errors == 0
    assert found.raw.reference == 2
    raw = score([(700, "final", "BP 120/80")], reference, normaliser("raw"))
    assert raw.words == raw.raw == ErrorCounts(hits=2)


def test_the_services_own_transcript_is_scored_where_there_is_one():
    """It replaces the joined finals, even when it is empty."""
    assert score(final_transcript="no chess pain").words.substitutions == 1
    assert score(final_transcript="").words.deletions == 3


def test_scoring_again_with_another_normaliser_changes_the_words_and_nothing_else():
    """Latency and instrument do not depend on the normaliser."""
    reference = Reference("No chest pain.", "no chest pain", PAIN.words)
    one, two = score(reference=reference), score(reference=reference, normalise=normaliser("raw"))
    assert (one.latency, one.instrument, one.raw) == (two.latency, two.instrument, two.raw)
    assert one.words != two.words


@given(
    st.lists(
        st.tuples(st.integers(0, 1500), st.sampled_from(["partial", "final", "end"]), st.sampled_from(["", "no pain"])),
        max_size=6,
    ),
    st.sampled_from(list(Outcome)),
    st.integers(0, 3),
)
def test_a_score_survives_its_row(messages, outcome, chunks):
    """Rows have the declared columns, hold plain values, and give the score back, also through JSON."""
    found = score(sorted(messages, key=lambda m: m[0]), outcome=outcome, chunks=chunks, speaker="s")
    row = found.to_row()
    assert list(row) == list(ROW_TYPES)
    assert SessionScore.from_row(json.loads(json.dumps(row))) == found


def test_a_row_without_its_key_is_refused():
    """Damage is named, not guessed around."""
    row = score().to_row()
    del row["utterance"]
    with pytest.raises(StoreError, match="utterance"):
        SessionScore.from_row(row)


def test_a_cell_pools_counts_and_takes_order_statistics():
    """WER from summed counts, medians over sessions, percentiles over words."""
    scores = [
        score(utterance="u1"),
        score([(260, "partial", "no"), (720, "final", "no pain"), (1100, "end", "")], utterance="u2"),
        score([(300, "partial", "no"), (900, "final", "no chest pain today"), (1100, "end", "")], utterance="u3"),
    ]
    (cell,) = score_run(scores, seed=1)
    assert (cell.cell, cell.n, cell.failed, cell.left_out, cell.latency_sessions) == ("clean", 3, 0, 0, 3)
    assert cell.words == ErrorCounts(hits=8, deletions=1, insertions=1)
    assert cell.words.rate == pytest.approx(2 / 9)
    assert cell.wer_interval.low <= 2 / 9 <= cell.wer_interval.high
    assert cell.first_partial_ns == 260 * NS_PER_MS
    # u1: 50, 300, 100; u2: 60, -, 120; u3: 100, 500, 300.
    assert cell.word_latency_p50_ns == 100 * NS_PER_MS
    assert cell.word_latency_p95_ns == 500 * NS_PER_MS
    assert cell.finalisation_p50_ns == 120 * NS_PER_MS
    assert cell.coverage == pytest.approx(8 / 9)
    assert cell.reasons["word_latency_p95_ns"] == "needs 59 recordings; 3 here"


def test_failed_sessions_are_counted_and_enter_no_average():
    """A broken session has counts of its own and does not move the cell."""
    bad = score([(250, "partial", "no")], utterance="u2", outcome=Outcome.CLOSED_EARLY)
    (cell,) = score_run([score(utterance="u1"), bad], seed=1)
    assert (cell.n, cell.failed) == (2, 1)
    assert cell.words == score().words
    assert bad.words == ErrorCounts(deletions=3)


def test_an_invalid_certificate_takes_the_latencies_and_leaves_the_words():
    """Left out of latency, counted, and named; its words stay."""
    late = score([(900, "final", "no pain"), (1100, "end", "")], utterance="u2", late_ms=60)
    (cell,) = score_run([score(utterance="u1"), late], seed=1)
    assert (cell.left_out, cell.latency_sessions, cell.pacing.valid, cell.pacing.invalid) == (1, 1, False, 1)
    assert cell.pacing.reasons == ("p99 lateness 60.0 ms > 10 ms",)
    assert cell.pacing.max_ns == 60 * NS_PER_MS
    assert cell.words.deletions == 1
    assert cell.word_latency_p95_ns == 300 * NS_PER_MS


def test_a_cell_of_failed_sessions_has_no_numbers_and_says_why():
    """Everything is unknown; nothing is 0."""
    (cell,) = score_run([score([], outcome=Outcome.UNREACHABLE, chunks=0)], seed=1)
    assert (cell.n, cell.failed) == (1, 1)
    assert cell.words.rate is cell.wer_interval is cell.word_latency_p50_ns is cell.coverage is None
    assert cell.pacing.valid is cell.pacing.p99_ns is None
    assert cell.reasons["wer"] == cell.reasons["word_latency_p50_ns"] == "all sessions failed"


def test_one_utterance_has_a_rate_and_no_interval():
    """One block says nothing about another."""
    (cell,) = score_run([score()], seed=1)
    assert cell.words.rate == 0.0
    assert cell.wer_interval is None
    assert cell.reasons["wer_interval"] == "fewer than two utterances with words"


def test_repeats_of_an_utterance_are_one_block():
    """Playing the same utterance twice does not make two independent observations."""
    (cell,) = score_run([score(repeat=0), score(repeat=1)], seed=1)
    assert (cell.n, cell.wer_interval) == (2, None)


def test_only_the_last_attempt_counts():
    """A replayed session replaces the failed one, and is shown as replayed."""
    first, second = score(outcome=Outcome.CLOSED_EARLY), score(attempt=1)
    (cell,) = score_run([second, first], seed=1)
    assert (cell.n, cell.failed, cell.replayed) == (1, 0, 1)


def test_cells_come_in_the_order_in_which_they_were_met():
    """No sorting behind the caller's back."""
    scores = [score(cell=c, utterance=u) for u in ("u1", "u2") for c in ("noise", "clean")]
    assert [c.cell for c in score_run(scores, seed=1)] == ["noise", "clean"]


def test_a_run_without_sessions_has_no_cells():
    """Nothing in, nothing out."""
    assert score_run([], seed=1) == []


def test_without_word_times_first_partial_counts_from_audio_start_and_says_so():
    """The other name travels with the number."""
    (cell,) = score_run([score(reference=untimed("no chest pain"))], seed=1)
    assert (cell.first_partial_ns, cell.first_partial_name) == (150 * NS_PER_MS, "first partial (audio start)")
    assert cell.reasons["word_latency_p50_ns"] == "no reference word times"


@given(st.lists(st.sampled_from([[], GOOD, GOOD[:1], GOOD[1:2], [(5, "final", "")]]), max_size=4), st.booleans())
def test_no_number_is_ever_not_a_number(cases, late):
    """Degenerate sessions give None, never NaN."""
    scores = [score(m, utterance=f"u{i}", late_ms=60 * late, chunks=i) for i, m in enumerate(cases)]
    for cell in score_run(scores, seed=1):
        for value in (cell.words.rate, cell.coverage, cell.wer_interval and cell.wer_interval.low):
            assert value is None or math.isfinite(value)
