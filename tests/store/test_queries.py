"""Queries: DuckDB over the files of committed runs."""

from __future__ import annotations

import pytest

from tests.fakes import make_log, make_manifest, make_record, transcript
from workbench.errors import InputError, StoreError
from workbench.recording.frame_log import FrameLog
from workbench.store import RunWriter, lateness_by_cell, query, score_percentiles


def committed(root, *late_ns, column="wer"):
    with RunWriter.create(root, make_manifest()) as writer:
        for number, late in enumerate(late_ns):
            cell = "odd" if number % 2 else "even"
            writer.add(make_record(f"u{number}", cell, frames=make_log(transcript("no pain"), late_ns=late)))
        scores = [{"cell": k.cell, "utterance": k.utterance, column: n / 10} for n, k in enumerate(writer.outcomes())]
        return writer.commit([*scores, {"cell": "odd", "utterance": "failed", column: None}])


def test_lateness_is_sent_minus_due_by_cell(tmp_path):
    """Ten chunks a session; percentiles are interpolated; what a network held back does not count."""
    path = committed(tmp_path, 10, 20, 30)
    even, odd = lateness_by_cell([path])
    assert (even.cell, even.chunks, even.p50_ns, even.max_ns) == ("even", 20, 20.0, 30)
    assert (odd.cell, odd.chunks, odd.p50_ns, odd.p99_ns) == ("odd", 10, 20.0, 20.0)


def test_a_hold_on_purpose_is_not_lateness(tmp_path):
    """The profile's hold is taken off, chunk by chunk."""
    record = make_record()
    columns = record.frames.columns()
    columns["hold_ns"][columns["chunk"] >= 0] = 40_000
    record.frames = FrameLog.of(columns, record.frames.texts())
    with RunWriter.create(tmp_path, make_manifest()) as writer:
        writer.add(record)
        path = writer.commit([])
    assert lateness_by_cell([path])[0].max_ns == 0


def test_many_runs_are_asked_at_once(tmp_path):
    """Also where their scores have different columns; each row knows its run."""
    one, two = committed(tmp_path, 10), committed(tmp_path, 20, column="cer")
    assert lateness_by_cell([one, two])[0].chunks == 20
    assert score_percentiles([one, two], "wer")[0][:2] == ("even", 1)
    runs = query([one, two], "SELECT DISTINCT run_id FROM sessions ORDER BY 1").fetchall()
    assert runs == [(one.name,), (two.name,)]
    joined = "SELECT count(*) FROM frames JOIN sessions USING (run_id, session) WHERE outcome = 'completed'"
    assert query([one, two], joined).fetchone()[0] == query([one, two], "SELECT count(*) FROM frames").fetchone()[0]


def test_unknown_scores_are_left_out(tmp_path):
    """A missing value is no zero."""
    path = committed(tmp_path, 10, 20, 30)
    (even, n, p50, _, _), (odd, m, *_) = score_percentiles([path], "wer")
    assert (even, n, p50, odd, m) == ("even", 2, 0.1, "odd", 1)


def test_a_quote_in_a_path_is_only_a_quote(tmp_path):
    """Folder names are data."""
    path = committed(tmp_path / "o'brien's", 10)
    assert len(lateness_by_cell([path])) == 1


def test_what_cannot_be_answered_is_one_line(tmp_path):
    """A missing column, a wrong statement, and no run at all."""
    path = committed(tmp_path, 10)
    with pytest.raises(InputError, match=r"nope: scores have no such column .*cell, utterance, wer"):
        score_percentiles([path], "nope")
    with pytest.raises(InputError, match="the query cannot be answered") as caught:
        query([path], "SELEC 1")
    assert "\n" not in str(caught.value)
    (path / "scores.parquet").write_bytes(b"no table")
    with pytest.raises(StoreError, match=r"scores: the runs cannot be queried .*runs verify"):
        score_percentiles([path], "wer")
    assert len(lateness_by_cell([path])) == 1, "only the files that a question needs are opened"
    assert lateness_by_cell([]) == []
    with pytest.raises(InputError, match="no such column"):
        score_percentiles([], "wer")
