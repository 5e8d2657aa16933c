"""Verify: what can be derived again is, and what differs is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.fakes import make_manifest, make_record
from workbench.recording.frame_log import FrameLog
from workbench.recording.record import Outcome
from workbench.scoring.metrics.normalize import normaliser
from workbench.scoring.session import score_session
from workbench.store import CellFacts, RunWriter, open_run, verify_run
from workbench.store.parquet import write_scores
from workbench.store.writer import write_manifest

RECORDS = [make_record("u1", heard="no chess pain"), make_record("u2", outcome=Outcome.CLOSED_EARLY, violations=())]


def rescore(record):
    return score_session(record, normaliser("basic")).to_row()


def committed(root, records=RECORDS, planned=2):
    with RunWriter.create(root, make_manifest(planned=planned)) as writer:
        for record in records:
            writer.add(record)
        writer.commit([rescore(record) for record in records])
    return open_run(root)


def problems(root, **changes):
    return [str(finding) for finding in verify_run(open_run(root), rescore, **changes)]


def test_a_sound_run_is_clean(tmp_path):
    """Hashes, rows, frames, certificates and scores come out the same."""
    committed(tmp_path)
    assert problems(tmp_path) == []


def test_a_service_that_broke_its_contract_is_named_and_is_no_damage(tmp_path):
    """Each breach once, with how often it was seen; the sessions are what was measured all the same."""
    unread = "unknown message: no member transcript"
    records = [make_record("u1", violations=(unread,) * 20), make_record("u2", violations=(unread,) * 8 + ("other",))]
    run = committed(tmp_path, records)
    findings = verify_run(run, rescore)
    assert [finding.damage for finding in findings] == [False, False]
    assert [finding.problem for finding in findings] == [
        f"the service broke its contract 28 times: {unread}",
        "the service broke its contract 1 time: other",
    ]


@pytest.mark.parametrize("name", ["sessions.parquet", "frames.parquet"])
def test_any_changed_byte_of_a_file_is_found(tmp_path, name):
    """Also where Parquet itself would not notice."""
    path = committed(tmp_path).path / name
    data = bytearray(path.read_bytes())
    for at in (4, len(data) // 3, len(data) - 20):
        path.write_bytes(bytes(data[:at]) + bytes([data[at] ^ 1]) + bytes(data[at + 1 :]))
        assert problems(tmp_path)[0] == f"{name}: the file is not the one that was written: its hash differs"
    path.unlink()
    assert problems(tmp_path)[0] == f"{name}: the file is missing"


def test_scores_that_no_longer_follow_from_the_record_are_named(tmp_path):
    """The columns that differ are listed, the session is named, and no value is shown."""
    run = committed(tmp_path)
    rows = run.scores()
    column = next(
        name for name, value in rows[0].items() if isinstance(value, int) and not isinstance(value, bool) and value
    )
    rows[0][column] += 1
    write_scores(run.path, rows, run.normaliser)
    assert problems(tmp_path) == [f"scores.parquet, clean/u1#0.0: scored again, these differ: {column}"]
    write_scores(run.path, [rows[1]], run.normaliser)
    assert problems(tmp_path) == ["scores.parquet, clean/u1#0.0: the session has no scores"]
    write_scores(run.path, [*run.scores(), rescore(RECORDS[0]), rescore(make_record("u9"))], run.normaliser)
    assert problems(tmp_path) == ["scores.parquet: scores of a session that is not stored: ('clean', 'u9', 0, 0)"]
    (run.path / "scores.parquet").unlink()
    assert problems(tmp_path) == ["scores.parquet: the run has no scores; score it"]


def change_manifest(run, change):
    manifest = run.manifest
    change(manifest)
    write_manifest(run.path, manifest)


def test_a_configuration_that_was_edited_is_named(tmp_path):
    """The hash is of the settings."""
    run = committed(tmp_path)
    change_manifest(run, lambda m: m.cells[0].config.update(chunk_ms=20))
    assert problems(tmp_path) == ["manifest, cell clean: the configuration is not the one its hash was made of"]
    change_manifest(run, lambda m: m.cells.__setitem__(0, CellFacts.of("clean", {})))
    assert problems(tmp_path) == []


def test_counts_that_are_wrong_are_named(tmp_path):
    """Sessions, rows and what is missing."""
    run = committed(tmp_path, planned=5)
    unfinished = verify_run(run, rescore)
    assert [str(f) for f in unfinished] == [f"{run.run_id}: 3 of 5 sessions missing"]
    assert not unfinished[0].damage
    change_manifest(run, lambda m: (setattr(m.counts, "sessions", 7), setattr(m.files["frames.parquet"], "rows", 1)))
    found = problems(tmp_path)
    assert found[0].startswith("frames.parquet: ")
    assert found[0].endswith(" rows, the manifest says 1")
    assert found[1] == "manifest: 2 sessions and 0 earlier attempts are stored, it counts 7 and 0"


def damaged_log(column, row, value):
    log = make_record().frames
    columns = log.columns()
    columns[column][row] = value
    return FrameLog.of(columns, log.texts())


@pytest.mark.parametrize(
    ("log", "problem"),
    [
        (damaged_log("chunk", 2, 9), "chunk 1 is not where it belongs"),
        (damaged_log("end_sample", 2, 9), "chunk 1 is not where it belongs"),
        (damaged_log("flushed_ns", 0, 9), "a frame was flushed before it was sent"),
        (damaged_log("received_ns", 3, 9), "a frame arrived before the one ahead of it"),
        (FrameLog(), "completed with 0 of 10 chunks"),
    ],
)
def test_a_recording_that_cannot_be_is_named(tmp_path, log, problem):
    """Chunks in their places, nothing flushed before it was sent, arrivals in order."""
    committed(tmp_path, [make_record("u1", frames=log)], planned=1)
    assert f"frames.parquet, clean/u1#0.0: {problem}" in problems(tmp_path)


def test_an_interrupted_run_is_unfinished_and_not_damaged(tmp_path):
    """What was cut off in the middle of a write is damage; that there is no commit is not."""
    with RunWriter.create(tmp_path, make_manifest()) as writer:
        writer.add(make_record("u1"))
        writer.add(make_record("u2"))
    findings = verify_run(open_run(tmp_path))
    assert [str(f) for f in findings] == [f"{writer.path.name}: not committed, interrupted"]
    assert not findings[0].damage
    segment = next((writer.path / "journal").glob("*.sessions"))
    segment.write_bytes(segment.read_bytes()[:-1])
    assert [f.item for f in verify_run(open_run(tmp_path)) if f.damage] == ["journal"]


def test_a_journal_that_was_left_behind_is_said(tmp_path):
    """A commit whose clearing up was cut off is whole."""
    run = committed(tmp_path)
    (run.path / "journal").mkdir()
    assert problems(tmp_path) == ["journal: left over from before the commit"]


def test_a_run_of_the_first_schema_has_no_hashes_of_files(tmp_path):
    """It is said, and is no damage."""
    shutil.copytree(Path(__file__).parent / "fixtures" / "schema-1", tmp_path / "runs")
    findings = verify_run(open_run(tmp_path / "runs"))
    assert next(f.item for f in findings if not f.damage) == "manifest"
    assert not [f for f in findings if f.damage]


def test_a_session_that_is_stored_twice_is_found(tmp_path):
    """Two rows of one key cannot both be the session."""
    from workbench.store.parquet import write_records

    run = committed(tmp_path)
    write_records(run.path, [RECORDS[0], RECORDS[0], RECORDS[1]])
    assert "sessions.parquet: a session is stored twice" in problems(tmp_path)


def test_values_are_compared_with_care():
    """Rounding is no damage, a changed number is; lists are compared item by item."""
    from workbench.store.verify import _same

    assert _same(0.1 + 0.2, 0.3)
    assert _same(float("nan"), float("nan"))
    assert _same([1.0, None], (1.0, None))
    assert not _same([1.0], [1.0, 2.0])
    assert not _same(0.3, 0.31)
    assert not _same(None, 0)
    assert _same(1.0, 1)
