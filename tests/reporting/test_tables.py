"""Declared columns and the rows that are made of them."""

import csv
import io
import json
from dataclasses import replace

import pytest

from tests.scoring.metrics.records import session, spoken, untimed
from tests.stored import batch, heard, stored
from workbench.comparing.paired import compare_scores
from workbench.recording.record import Outcome
from workbench.reference import Reference
from workbench.reporting.tables.cells import (
    ACCURACY_COLUMNS,
    CELL_COLUMNS,
    STABILITY_COLUMNS,
    accuracy_table,
    cell_json,
    cells_table,
    readable,
    stability_table,
)
from workbench.reporting.tables.comparison import DIFFERENCE_COLUMNS, comparison_table
from workbench.reporting.tables.sessions import SESSION_COLUMNS, sessions_table
from workbench.reporting.tables.table import Column, Table
from workbench.scoring.cells import score_run
from workbench.scoring.metrics.normalize import normaliser
from workbench.scoring.metrics.time_to_result import TimeToResult
from workbench.scoring.session import score_session

PAIN = spoken("no chest pain")
GOOD = [(250, "partial", "no"), (700, "final", "no chest pain"), (1100, "end", "")]


def score(messages=GOOD, reference=PAIN, **kwargs):
    """The score of a record built by hand."""
    return score_session(session(reference, messages, **kwargs), normaliser("basic"))


LATE = score([(760, "final", "no pain"), (1100, "end", "")], utterance="u2", late_ms=60)
REFUSED = score([], cell="noise", outcome=Outcome.REFUSED, chunks=0)
CELLS = score_run([score(), LATE, REFUSED], seed=1)


def test_a_cell_in_json_has_the_promised_keys():
    """Names and units that scripts rely on."""
    found = cell_json(CELLS[0])
    promised = {"audio", "n", "failed", "wer", "wer_low", "wer_high", "first_partial_ms", "word_latency_p50_ms"}
    promised |= {"word_latency_p95_ms", "finalisation_p50_ms", "pacing"}
    assert promised <= set(found)
    assert {"valid", "p99_ms", "max_ms"} <= set(found["pacing"])
    assert (found["audio"], found["n"], found["failed"]) == ("clean", 2, 0)
    assert found["wer"] == pytest.approx(1 / 6)
    assert (found["first_partial_ms"], found["word_latency_p95_ms"], found["pacing"]["max_ms"]) == (250.0, 300.0, 60.0)


def test_json_holds_full_numbers_and_null_for_unknown():
    """Only text is rounded; what is unknown is null and has a reason."""
    found = json.loads(json.dumps(cell_json(CELLS[1]), allow_nan=False))
    assert found["wer"] is found["word_latency_p50_ms"] is found["pacing"]["valid"] is None
    assert found["reasons"]["wer"] == "all sessions failed"


def test_text_is_rounded_and_unknown_is_a_dash():
    """Each column with its own decimals, ratios as percentages."""
    first, second = cells_table(CELLS).text_rows()
    titles = [c.key for c in CELL_COLUMNS]
    shown = dict(zip(titles, first, strict=True))
    assert (shown["wer"], shown["first_partial_ms"], shown["pacing_valid"]) == ("16.7", "250", "no")
    assert dict(zip(titles, second, strict=True))["wer"] == "–"


def test_notes_say_what_was_left_out():
    """Failures, invalid pacing and missing values are in words under the table."""
    notes = cells_table(CELLS).notes
    assert "clean: latencies of 1 session left out, timing not certified (p99 lateness 60.0 ms > 10 ms)" in notes
    assert "noise: 1 of 1 sessions failed and are excluded from averages" in notes
    told = "WER, first partial, word p50, word p95, final word p50, final p50, end of results p50"
    assert f"noise: {told}: all sessions failed" in notes


def test_notes_count_what_is_in_no_average():
    """Sessions that were played again, and sessions that gave no text to compare."""
    again = [score(outcome=Outcome.CLOSED_EARLY), score(attempt=1)]
    silent = replace(score(utterance="u2"), unscorable="no transcript was given")
    notes = cells_table(score_run([*again, silent], seed=1)).notes
    assert "clean: 1 earlier attempt played again and not counted" in notes
    assert "clean: 1 session without a text to compare, in no error rate" in notes


def test_the_time_to_result_stands_in_seconds_where_there_is_one():
    """Both ends of what polling knows; a table of dictations to be read has no columns for it, its data do."""
    late = replace(score(), result=TimeToResult(low_ns=2_000_000_000, high_ns=2_500_000_000, source="polling"))
    cells = score_run([late], seed=1)
    table = cells_table(cells)
    assert (table.rows[0]["result_low_p50_s"], table.rows[0]["result_high_p50_s"]) == (2.0, 2.5)
    assert {"result_low_p50_s", "result_high_p50_s"} <= {c.key for c in readable(table, cells).columns}
    dictation = cells_table(CELLS)
    gone = {c.key for c in dictation.columns} - {c.key for c in readable(dictation, CELLS).columns}
    assert gone >= {"result_low_p50_s", "result_high_p50_s"}
    assert cell_json(CELLS[0])["result_high_p50_s"] is None


def test_connecting_has_its_column():
    """Milliseconds, also of sessions whose pacing is not certified."""
    quick = replace(LATE, latency=replace(LATE.latency, connect_ns=12_500_000))
    assert cells_table(score_run([quick], seed=1)).rows[0]["connect_p50_ms"] == 12.5


def test_notes_name_the_other_zero_of_first_partial():
    """Counted from audio start where the words have no times."""
    cells = score_run([score(reference=untimed("no chest pain"))], seed=1)
    assert any("counted from audio start" in note for note in cells_table(cells).notes)


def test_rows_go_into_csv_as_they_are():
    """Keys are column names."""
    table = cells_table(CELLS)
    out = io.StringIO()
    writer = csv.DictWriter(out, [c.key for c in table.columns])
    writer.writeheader()
    writer.writerows(table.rows)
    assert next(csv.DictReader(io.StringIO(out.getvalue())))["audio"] == "clean"


def test_a_comparison_names_what_was_not_paired():
    """Differences in ms and ratios, the rest in notes."""
    found = compare_scores([score(), score(utterance="u2")], [score(utterance="u2")], seed=1)
    table = comparison_table(found)
    assert table.notes == (
        "WER after the normaliser basic",
        "not paired: u1: not in the candidate",
        "matched pairs (MAPSSWE): 0 segments with errors: nothing to test",
    )
    assert [r["metric"] for r in table.rows][:2] == ["wer", "wer_raw"]
    assert next(r for r in table.rows if r["metric"] == "first_partial")["baseline"] == 250.0


def test_sessions_have_one_row_each():
    """In the order given, failed ones too."""
    rows = sessions_table([score(), score([], outcome=Outcome.REFUSED, chunks=0)]).rows
    assert [r["outcome"] for r in rows] == ["completed", "handshake refused"]
    assert [r["pacing_reason"] for r in rows] == [None, "no audio was sent"]
    assert rows[0]["word_latency_p50_ms"] == 100.0


def test_the_sensitivity_panel_has_one_row_a_normaliser():
    """The same cell under each normaliser, side by side."""
    cells = []
    for name in ("raw", "basic", "english", "clinical"):
        reference = Reference("Take 5 mg.", "take five milligrams")
        found = score_session(session(reference, [(700, "final", "take five milligrams")]), normaliser(name))
        cells += score_run([found], seed=1)
    rows = accuracy_table(cells).rows
    assert [(r["normaliser"], r["substitutions"]) for r in rows] == [
        ("raw", 3), ("basic", 0), ("english", 0), ("clinical", 0),
    ]  # fmt: skip
    assert rows[0]["value_accuracy"] == 1.0


def test_stability_names_why_it_is_unknown():
    """No partials, no stability."""
    cells = score_run([score([(700, "final", "no chest pain"), (1100, "end", "")])], seed=1)
    table = stability_table(cells)
    assert table.rows[0]["normalised_erasure"] is None
    assert table.notes == ("clean: stability: no partials before a final",)


def test_a_penalty_is_known_only_where_the_service_gave_its_own_text():
    """WER of the finals minus WER of that text."""
    (without,) = score_run([score()], seed=1)
    (given,) = score_run([score(final_transcript="no chess pain")], seed=1)
    assert cell_json(without)["streaming_penalty"] is None
    assert cell_json(given)["streaming_penalty"] == pytest.approx(-1 / 3)


@pytest.mark.parametrize(
    "columns", [CELL_COLUMNS, DIFFERENCE_COLUMNS, SESSION_COLUMNS, ACCURACY_COLUMNS, STABILITY_COLUMNS]
)
def test_columns_have_distinct_keys_and_name_their_unit(columns):
    """A key that ends in a unit has that unit."""
    keys = [c.key for c in columns]
    assert len(set(keys)) == len(keys)
    assert all(c.unit == "ms" for c in columns if c.key.endswith("_ms"))


@pytest.mark.parametrize(
    ("unit", "decimals", "value", "text"),
    [("%", 1, 0.12345, "12.3"), ("ms", 0, 12.6, "13"), ("", None, 0.00123456, "0.001235"), ("", 0, True, "yes")],
)
def test_a_column_formats_its_values(unit, decimals, value, text):
    """Ratios become percentages; None decimals mean four significant digits."""
    column = Column("k", "title", lambda x: x, unit, decimals)
    assert column.text(value) == text
    assert column.heading == (f"title [{unit}]" if unit else "title")


@pytest.mark.parametrize(
    ("resolution", "shown"),
    [(None, "318.95"), (0.2, "318.9"), (1.0, "319"), (2.0, "319"), (20.0, "320"), (50.0, "320")],
)
def test_times_show_no_finer_digits_than_the_calibration_supports(resolution, shown):
    """A machine that is exact to 20 ms does not print single milliseconds."""
    column = Column("word", "word", lambda v: v, "ms", 2)
    table = Table((column,), ({"word": 318.946},))
    assert table.text_rows(resolution) == [[shown]]


def test_lateness_keeps_its_digits_whatever_the_calibration_says():
    """It is read off our own clock."""
    column = Column("pacing_p99_ms", "late", lambda v: v, "ms", 2)
    assert Table((column,), ({"pacing_p99_ms": 0.123},)).text_rows(20.0) == [["0.12"]]


def test_reasons_of_invalid_pacing_are_told_and_not_piled_up():
    """Two of them and how many more; the JSON has every one."""
    reasons = tuple(f"p99 lateness {i}.0 ms > 10 ms" for i in range(20, 26))
    (cell,) = score_run([score_session(heard(), normaliser("basic"))], seed=1)
    cell = replace(cell, left_out=6, pacing=replace(cell.pacing, reasons=reasons))
    (note,) = [note for note in cells_table([cell]).notes if "left out" in note]
    assert note.endswith("(p99 lateness 20.0 ms > 10 ms; p99 lateness 21.0 ms > 10 ms; and 4 more)")
    assert cell_json(cell)["pacing"]["reasons"] == list(reasons)


def test_messages_that_could_not_be_read_are_told_wherever_a_run_is_shown(tmp_path):
    """Table, JSON and page: how many breaches, in how many sessions."""
    from workbench.reporting.html_report import render_report
    from workbench.reporting.tables.cells import cell_json, summary_table

    records = batch(3)
    records[0].violations, records[1].violations = ("unknown message: x",) * 20, ("unknown message: x",) * 8
    result = stored(tmp_path, records)
    (cell,) = result.cells
    says = "the service broke its contract 28 times in 2 sessions"
    assert any(says in note for note in summary_table(result.cells).notes)
    assert (cell_json(cell)["violations"], cell_json(cell)["violation_sessions"]) == (28, 2)
    assert says in render_report(result)
    assert not any("contract" in note for note in summary_table(stored(tmp_path / "b", batch(3)).cells).notes)
