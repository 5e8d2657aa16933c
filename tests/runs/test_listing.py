"""Headlines: a thousand runs are listed without opening one, and say what their scores say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.stores import copies, damaged_manifest, two_cells
from tests.stored import batch, failing, heard, store_run
from workbench.reporting.tables.runs import runs_table
from workbench.runs.listing import HEADLINES, run_listings
from workbench.runs.result import load_result
from workbench.store import open_run
from workbench.store.labels import flag_reference


def test_a_headline_says_what_the_scores_say(tmp_path: Path) -> None:
    """Error rate, percentiles and counts of each configuration, equal to those of the opened run."""
    run_id = two_cells(tmp_path, failed=2)
    (line,) = run_listings(tmp_path)
    cells = load_result(open_run(tmp_path, run_id)).cells
    assert [cell.wer for cell in line.cells] == [cell.words.rate for cell in cells]
    assert [cell.p50_ns for cell in line.cells] == [cell.word_latency_p50_ns for cell in cells]
    assert [cell.p95_ns for cell in line.cells] == [cell.word_latency_p95_ns for cell in cells]
    assert [(cell.n, cell.failed, cell.left_out) for cell in line.cells] == [(c.n, c.failed, c.left_out) for c in cells]
    assert line.best is not None
    assert line.best.name == "clean"


def test_a_run_that_is_scored_again_has_another_headline(tmp_path: Path) -> None:
    """The kept copy is known by size and time of the scores it was made from."""
    from workbench.runs.result import rescore
    from workbench.scoring.metrics.normalize import normaliser

    run_id = store_run(tmp_path, batch(4, wrong=2))
    before = run_listings(tmp_path)[0]
    rescore(open_run(tmp_path, run_id), normaliser("raw"))
    after = run_listings(tmp_path)[0]
    assert (before.normaliser, after.normaliser) == ("basic", "raw")


def test_a_reference_that_is_marked_as_wrong_counts_in_no_headline(tmp_path: Path) -> None:
    """As on the page of the run: two of six sessions have an error, one of these is marked; a mark comes and goes."""
    run_id = store_run(tmp_path, batch(6, wrong=2))
    corpus = open_run(tmp_path, run_id).manifest.corpus.name
    for text, left_out in (("no chest pain", 1), ("another text", 0), (None, 0)):
        flag_reference(tmp_path, corpus, "u00", text)
        (line,) = run_listings(tmp_path)
        (cell,) = load_result(open_run(tmp_path, run_id)).cells
        assert (line.excluded, line.cells[0].n) == (left_out, 6 - left_out)
        assert (line.cells[0].wer, line.cells[0].p50_ns) == (cell.words.rate, cell.word_latency_p50_ns)
        assert len(line.course) == 6 - left_out
        assert run_listings(tmp_path, whole=True)[0].cells[0].errors == 2


def test_without_the_kept_file_everything_is_read_again(tmp_path: Path) -> None:
    """It is a copy and never the truth; half of it is as good as none."""
    copies(tmp_path, two_cells(tmp_path), 3)
    before = run_listings(tmp_path)
    (tmp_path / HEADLINES).write_text("{")
    assert run_listings(tmp_path) == before


def test_the_newest_run_comes_first_and_a_damaged_one_is_listed_with_its_problem(tmp_path: Path) -> None:
    """Nothing is left out because it cannot be read."""
    two_cells(tmp_path)
    broken = damaged_manifest(tmp_path)
    lines = run_listings(tmp_path)
    assert lines[0].summary.run_id == broken
    assert lines[0].best is None
    assert broken in runs_table(lines).notes[0]


def test_damaged_scores_give_no_headline_and_no_error(tmp_path: Path) -> None:
    """Opening the run says what is wrong with it."""
    run_id = two_cells(tmp_path)
    (tmp_path / run_id / "scores.parquet").write_bytes(b"nothing")
    (line,) = run_listings(tmp_path)
    assert line.cells == ()
    assert runs_table([line]).rows[0]["state"] == "missing scores"


def test_sessions_without_a_certificate_are_in_no_percentile(tmp_path: Path) -> None:
    """They keep their words and lose their times, as everywhere."""
    store_run(tmp_path, [heard(utterance=f"u{i}", late_ms=80) for i in range(3)])
    (line,) = run_listings(tmp_path)
    assert line.left_out == 3
    assert line.cells[0].p95_ns is None
    assert line.cells[0].wer == 0


def test_the_course_has_at_most_24_parts_and_pools_its_words(tmp_path: Path) -> None:
    """Every part is a rate; parts of failed sessions are left out."""
    store_run(tmp_path, batch(60, wrong=30) + failing(5))
    (line,) = run_listings(tmp_path)
    assert 1 < len(line.course) <= 24
    assert sum(line.course) / len(line.course) == pytest.approx(1 / 6, abs=0.02)


def test_a_folder_that_is_not_there_has_no_runs(tmp_path: Path) -> None:
    """An empty list, no error."""
    assert run_listings(tmp_path / "none") == []
