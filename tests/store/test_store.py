"""Runs on disk: whole, private, locked, readable by others."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes import PLAIN, RAW, make_manifest, make_record
from workbench.errors import StoreError
from workbench.recording.frame_log import FrameLog
from workbench.recording.record import Outcome
from workbench.store import RunWriter, list_runs, open_run
from workbench.store import files as store_files

HERE = Path(__file__).parents[2]
SCORES = [{"utterance": "u1", "errors": 1, "wer": 0.25, "thin": False, "reason": None}]


def committed(root, *records, scores=SCORES):
    with RunWriter.create(root, make_manifest()) as writer:
        for record in records:
            writer.add(record)
        return writer.commit(scores)


def test_records_come_back_equal(tmp_path):
    """What was added is what is read, frames, failures and unknown values included."""
    records = [
        make_record("u1"),
        make_record("u2", outcome=Outcome.CLOSED_EARLY),
        make_record("u3", frames=FrameLog(), speaker=None, tags=(), final_transcript=None, create_ns=None),
        make_record("u1", repeat=1, attempt=2, heard="no chess pain é — 5 µg"),
    ]
    committed(tmp_path, *records)
    assert open_run(tmp_path).records() == records


texts = st.text(max_size=30)
stamps = st.integers(0, 2**62)


@st.composite
def logs(draw):
    log = FrameLog()
    for _ in range(draw(st.integers(0, 6))):
        match draw(st.sampled_from(["audio", "control", "text", "binary", "close"])):
            case "audio":
                log.audio_sent(*(draw(stamps) for _ in range(6)))
            case "control":
                log.control_sent(draw(texts), draw(stamps), draw(stamps), draw(stamps))
            case "text":
                log.received(draw(texts), draw(stamps))
            case "binary":
                log.received(draw(st.binary(max_size=9)), draw(stamps))
            case "close":
                log.closed(draw(st.integers(1000, 4999)), draw(texts), draw(stamps))
    return log


facts = st.dictionaries(
    texts, st.none() | st.integers(-(2**60), 2**60) | texts | st.floats(allow_nan=False), max_size=4
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(logs(), facts, st.none() | texts, st.lists(texts, max_size=3), st.sampled_from(Outcome)), max_size=4
    )
)
def test_any_record_survives_the_journal_and_the_commit(tmp_path_factory, drawn):
    """Whatever a session recorded, the journal and the Parquet files both give it back."""
    root = tmp_path_factory.mktemp("runs")
    records = [
        make_record(f"u{i}", frames=log, facts=fact, error=error, violations=tuple(broken), outcome=outcome)
        for i, (log, fact, error, broken, outcome) in enumerate(drawn)
    ]
    with RunWriter.create(root, make_manifest()) as writer:
        for record in records:
            writer.add(record)
        assert open_run(root).records() == records
        writer.commit([])
    assert open_run(root).records() == records


def test_a_lone_surrogate_is_replaced_and_costs_nothing_else(tmp_path):
    """Text that UTF-8 cannot hold becomes U+FFFD; the run goes on."""
    odd = make_record("u1", final_transcript="a \ud800 b")
    odd.frames.received("x \udfff", 9_000_000_000)
    committed(tmp_path, odd, make_record("u2"))
    stored, other = open_run(tmp_path).records()
    assert stored.final_transcript == "a \ufffd\ufffd\ufffd b"
    assert stored.frames.texts()[-1].startswith("x \ufffd")
    assert other == make_record("u2")


def test_frames_of_many_sessions_cross_row_groups(tmp_path, monkeypatch):
    """A session whose frames lie in two row groups is put together again."""
    from workbench.store import parquet as tables

    monkeypatch.setattr(tables, "_GROUP_ROWS", 20)
    records = [make_record(f"u{i}", start_ns=10**9 * (i + 1)) for i in range(7)]
    committed(tmp_path, *records)
    assert open_run(tmp_path).records() == records


def test_a_live_run_is_read_while_it_is_written(tmp_path):
    """A second reader sees finished sessions of a run that still goes on."""
    with RunWriter.create(tmp_path, make_manifest()) as writer:
        writer.add(make_record("u1"))
        run = open_run(tmp_path)
        assert run.status == "live"
        assert run.records() == [make_record("u1")]
        assert run.scores() == []
        assert run.normaliser is None
        writer.add(make_record("u2"))
        assert len(run.records()) == 2
        writer.commit(SCORES)
        assert len(run.records()) == 2, "a reader that opened the live run reads on after the commit"


def test_a_block_that_ends_without_commit_leaves_an_interrupted_run(tmp_path):
    """Ctrl-C keeps every session that had ended."""

    def interrupted():
        with RunWriter.create(tmp_path, make_manifest()) as writer:
            writer.add(make_record("u1"))
            writer.add(make_record("u2", outcome=Outcome.CANCELLED))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    run = open_run(tmp_path)
    assert run.status == "interrupted"
    assert (run.manifest.counts.sessions, run.manifest.counts.failed) == (2, 1)
    assert len(run.records()) == 2


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from tests.fakes import make_manifest, make_record
from workbench.store import RunWriter
writer = RunWriter.create(sys.argv[1], make_manifest())
for i in range(3):
    writer.add(make_record(f"u{i}"))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_run_keeps_its_sessions(tmp_path):
    """After SIGKILL the lock is free, the run is interrupted, and its sessions are whole."""
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), str(HERE)], check=False, timeout=300)
    run = open_run(tmp_path)
    assert run.status == "interrupted"
    assert run.records() == [make_record(f"u{i}") for i in range(3)]


def test_what_a_crash_cut_off_is_left_out(tmp_path):
    """Half an entry at the end of a segment hides nothing that stands before it."""
    with RunWriter.create(tmp_path, make_manifest()) as writer:
        for i in range(3):
            writer.add(make_record(f"u{i}"))
    segment = next((writer.path / "journal").iterdir())
    whole = segment.read_bytes()
    for cut in (1, 5, len(whole) // 4):
        segment.write_bytes(whole[:-cut])
        assert open_run(tmp_path).records() == [make_record("u0"), make_record("u1")]


def test_rescoring_changes_the_scores_and_nothing_else(tmp_path):
    """Scores and their normaliser are replaced; every other file keeps its bytes."""
    path = committed(tmp_path, make_record("u1"))
    before = {file.name: file.read_bytes() for file in path.iterdir()}
    run = open_run(tmp_path)
    assert (run.scores(), run.normaliser) == (SCORES, RAW)
    run.replace_scores([{"utterance": "u1", "wer": 0.0}], PLAIN)
    assert (run.scores(), run.normaliser) == ([{"utterance": "u1", "wer": 0.0}], PLAIN)
    after = {file.name: file.read_bytes() for file in path.iterdir()}
    assert {name for name in after if after[name] != before.get(name)} <= {"scores.parquet", ".writer.lock"}


def test_scores_with_different_columns_share_a_table(tmp_path):
    """A value that a session does not have is unknown, not an error."""
    committed(tmp_path, make_record("u1"), scores=[{"a": 1}, {"b": "x", "a": 2.5}, {"c": [1, 2]}])
    assert open_run(tmp_path).scores() == [
        {"a": 1.0, "b": None, "c": None},
        {"a": 2.5, "b": "x", "c": None},
        {"a": None, "b": None, "c": [1, 2]},
    ]


def test_scores_that_make_no_table_are_refused_and_the_journal_stays(tmp_path):
    """A column of numbers and text is a fault of the scorer; the sessions survive it."""
    with RunWriter.create(tmp_path, make_manifest()) as writer:
        writer.add(make_record("u1"))
        with pytest.raises(StoreError, match="scores cannot be stored"):
            writer.commit([{"a": 1}, {"a": "x"}])
    assert open_run(tmp_path).records() == [make_record("u1")]


def test_a_run_is_private(tmp_path):
    """Transcripts are patient data: nobody but the owner reads them."""
    path = committed(tmp_path, make_record("u1"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in path.iterdir())
    assert not (path / "journal").exists()


def test_a_second_writer_is_refused(tmp_path):
    """One run, one writer; the error names the process that holds it."""
    manifest = make_manifest()
    with RunWriter.create(tmp_path, manifest) as writer:
        writer.add(make_record("u1"))
        with pytest.raises(StoreError, match=f"another writer.*process {os.getpid()}"):
            RunWriter.create(tmp_path, manifest)
        with pytest.raises(StoreError, match="another writer"):
            open_run(tmp_path).replace_scores([], PLAIN)
        writer.commit(SCORES)
    with pytest.raises(StoreError, match="exists already"):
        RunWriter.create(tmp_path, manifest)
    assert open_run(tmp_path).records() == [make_record("u1")]


def test_a_session_is_stored_once(tmp_path):
    """The same key twice is refused; another attempt is another session."""
    with RunWriter.create(tmp_path, make_manifest()) as writer:
        writer.add(make_record("u1"))
        with pytest.raises(StoreError, match=r"clean/u1#0\.0: the session is stored already"):
            writer.add(make_record("u1"))
        writer.add(make_record("u1", attempt=1))
        writer.commit([])
        with pytest.raises(StoreError, match="committed"):
            writer.add(make_record("u2"))


def test_a_full_disk_is_one_clear_line_and_keeps_what_was_stored(tmp_path, monkeypatch):
    """ENOSPC halfway through an entry leaves the entries before it readable."""
    writer = RunWriter.create(tmp_path, make_manifest())
    writer.add(make_record("u1"))
    real_write = os.write

    def write_half(descriptor, data):
        if len(data) < 1000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real_write(descriptor, data[: len(data) - 900])

    monkeypatch.setattr(os, "write", write_half)
    with pytest.raises(StoreError, match=r"the disk is full.*Free some space") as caught:
        writer.add(make_record("u2"))
    assert "\n" not in str(caught.value)
    monkeypatch.undo()
    writer.add(make_record("u3"))
    assert open_run(tmp_path).records() == [make_record("u1"), make_record("u3")]
    writer.commit([])
    assert open_run(tmp_path).records() == [make_record("u1"), make_record("u3")]


def test_a_disk_that_fills_up_during_the_commit_costs_nothing(tmp_path, monkeypatch):
    """The journal stays until every file of the commit is on the disk."""

    def no_space(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    writer = RunWriter.create(tmp_path, make_manifest())
    writer.add(make_record("u1"))
    with monkeypatch.context() as patched:
        patched.setattr(store_files.os, "fsync", no_space)
        with pytest.raises(StoreError, match="the disk is full"):
            writer.commit(SCORES)
    assert not list(writer.path.glob(".*.partial"))
    assert open_run(tmp_path).records() == [make_record("u1")]


@pytest.fixture
def powerless():
    """Root may write anywhere, so while the test runs we are nobody."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    yield
    os.seteuid(was)


def test_a_read_only_folder_is_one_clear_line(powerless):
    """The error names the folder and what to do."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o500)
        with pytest.raises(StoreError, match=rf"{folder}/\S+: no permission .*\. Check who owns the folder"):
            RunWriter.create(Path(folder), make_manifest())


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EROFS, "read-only"),
        (errno.EFBIG, "may not grow"),
        (errno.EACCES, "no permission"),
        (errno.EDQUOT, "quota"),
        (errno.EIO, "refused"),
    ],
)
def test_every_refusal_of_the_system_has_its_sentence(number, words):
    """The user reads what happened and what to do, not an errno."""
    with pytest.raises(StoreError, match=rf"here: .*{words}.*\. \w+"), store_files.storing("here"):
        raise OSError(number, os.strerror(number))


@pytest.mark.parametrize("name", ["sessions.parquet", "frames.parquet", "scores.parquet"])
@pytest.mark.parametrize("harm", ["missing", "cut"])
def test_damage_is_named(tmp_path, name, harm):
    """A file that is gone or cut short is named in one line."""
    path = committed(tmp_path, make_record("u1"), make_record("u2"))
    data = (path / name).read_bytes()
    (path / name).unlink() if harm == "missing" else (path / name).write_bytes(data[: len(data) // 2])
    run = open_run(tmp_path)
    if (name, harm) == ("scores.parquet", "missing"):
        assert run.scores() == []
        return
    with pytest.raises(StoreError, match=name) as caught:
        run.scores() if name == "scores.parquet" else run.records()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "step"), [("sessions.parquet", 31), ("frames.parquet", 13), ("scores.parquet", 5)])
def test_a_flipped_byte_never_becomes_a_traceback(tmp_path, name, step):
    """Wherever a byte of a data page or of the footer flips, the reader gets the data or one clear error."""
    path = committed(tmp_path, make_record("u1"))
    data = (path / name).read_bytes()
    errors = []
    for at in range(4, len(data), 2 * step):
        (path / name).write_bytes(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :])
        try:
            open_run(tmp_path).scores()
            open_run(tmp_path).records()
        except StoreError as error:
            errors.append(str(error))
    assert len(errors) > 20
    assert all(name in error and "\n" not in error for error in errors)


def test_altered_scores_are_not_read_as_if_they_were_the_written_ones(tmp_path):
    """Another table under the same name has no hash of ours."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = committed(tmp_path, make_record("u1"))
    pq.write_table(pa.table({"wer": [0.0]}), path / "scores.parquet")
    with pytest.raises(StoreError, match="have changed since they were written"):
        open_run(tmp_path).scores()


def test_frames_that_are_missing_are_counted(tmp_path):
    """A frames file of another run does not pass for this one's."""
    path = committed(tmp_path, make_record("u1"), make_record("u2"))
    other = committed(tmp_path / "other", make_record("u1"))
    (path / "frames.parquet").write_bytes((other / "frames.parquet").read_bytes())
    with pytest.raises(StoreError, match="frames are missing"):
        open_run(tmp_path, path).records()


def test_runs_are_found_by_id_by_path_and_as_the_last(tmp_path):
    """The newest run is the last one; ids sort by age."""
    first = committed(tmp_path, make_record("u1"))
    second = committed(tmp_path, make_record("u2"))
    assert open_run(tmp_path).path == second
    assert open_run(tmp_path, "last").path == second
    assert open_run(tmp_path, first.name).path == first
    assert open_run(tmp_path / "elsewhere", first).path == first
    assert [run.path for run in list_runs(tmp_path)] == [first, second]
    assert repr(list_runs(tmp_path)[0]) == f"StoredRun({first.name}, committed)"


def test_a_run_that_is_not_there_is_said_so(tmp_path):
    """No run, no such run, and a folder that is none are three sentences."""
    assert list_runs(tmp_path / "none") == []
    with pytest.raises(StoreError, match="there is no run yet"):
        open_run(tmp_path)
    with pytest.raises(StoreError, match="nope: there is no such run"):
        open_run(tmp_path, "nope")


def test_a_store_that_is_made_is_private_and_one_that_was_there_is_left_alone(tmp_path):
    """Names of corpora and endpoints are in its list of runs."""
    made, there = tmp_path / "made", tmp_path / "there"
    there.mkdir()
    there.chmod(0o755)  # whatever this process's umask is
    for store in (made, there):
        with RunWriter.create(store, make_manifest()):
            pass
    assert [stat.S_IMODE(path.stat().st_mode) for path in (made, there)] == [0o700, 0o755]
