"""The journal: what had arrived outlives the process, however it dies."""

from __future__ import annotations

import errno
import itertools
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes import make_manifest, make_record
from workbench.errors import StoreError
from workbench.recording.frame import UNSET, FrameKind
from workbench.recording.frame_log import FrameLog
from workbench.recording.record import Outcome, SessionKey
from workbench.store import Journal, RunWriter, index_runs, open_run, verify_run
from workbench.store import in_flight as live_module
from workbench.store.in_flight import scan_live
from workbench.store.journal import journal_records

HERE = Path(__file__).parents[2]


def replay(log, into, frames):
    """Record the first ``frames`` frames of ``log`` again, one by one, as a session does."""
    for frame in itertools.islice(log.frames(), frames):
        record_again(frame, into)


def record_again(frame, into):
    """Record one frame as a session does."""
    stamps = [UNSET if stamp is None else stamp for stamp in (frame.due_ns, frame.sent_ns, frame.flushed_ns)]
    if frame.kind is FrameKind.AUDIO:
        into.audio_sent(frame.chunk, frame.end_sample, *stamps, frame.wire_bytes, frame.hold_ns)
    elif frame.kind is FrameKind.CONTROL:
        into.control_sent(frame.text, *stamps)
    elif frame.kind is FrameKind.REST:
        into.rest(frame.text, stamps[1], UNSET if frame.received_ns is None else frame.received_ns)
    elif frame.kind is FrameKind.CLOSE:
        code, _, reason = frame.text.partition(" ")
        into.closed(int(code), reason, frame.received_ns)
    else:
        into.received(frame.text if frame.kind is FrameKind.TEXT else bytes.fromhex(frame.text), frame.received_ns)


def begun(journal, utterance, frames, attempt=0):
    """A session in flight that has recorded the first ``frames`` frames of its log."""
    whole = make_record(utterance, attempt=attempt).frames
    record = make_record(utterance, attempt=attempt, frames=FrameLog())
    journal.begin(record)
    replay(whole, record.frames, frames)
    return record


def test_frames_of_sessions_in_flight_are_there_without_a_close(tmp_path):
    """Nothing is flushed and nothing is closed, and every frame can be read."""
    journal = Journal(tmp_path, "w")
    records = [begun(journal, "u1", 5), begun(journal, "u2", 9), begun(journal, "u3", 0)]
    found = scan_live(tmp_path)
    assert [record.key.utterance for record in found] == ["u1", "u2"], "a session without a frame had nothing to lose"
    for stored, record in zip(found, records, strict=False):
        assert stored.frames == record.frames
        assert (stored.outcome, stored.error) == (Outcome.CANCELLED, live_module._CUT_OFF)
        assert (stored.remote_id, stored.start_ns) == (record.remote_id, record.start_ns)
        assert stored.reference == record.reference
    journal.close()


def test_a_finished_session_is_in_the_journal_once(tmp_path):
    """Its frames in flight give way to its record; the files they were in are removed in time."""
    journal = Journal(tmp_path, "w")
    record = begun(journal, "u1", 7)
    journal.add(record)
    other = begun(journal, "u2", 3)
    assert [r.key.utterance for r in journal_records(tmp_path, in_flight=True)] == ["u1", "u2"]
    assert [r.key.utterance for r in journal_records(tmp_path, in_flight=False)] == ["u1"]
    assert record.frames.release() is None
    journal.add(other)
    journal.close()
    assert sorted(file.suffix for file in (tmp_path / "journal").iterdir()) == [".sessions"]


def test_frames_cross_files_and_ended_files_are_removed(tmp_path, monkeypatch):
    """A long session spans files; a file goes as soon as none of its sessions is in flight."""
    monkeypatch.setattr(live_module, "_SEGMENT_BYTES", 1_024)
    journal = Journal(tmp_path, "w")
    first = begun(journal, "u1", 14)
    second = begun(journal, "u2", 14)
    assert len(list((tmp_path / "journal").glob("*.live"))) > 2
    assert [r.frames for r in scan_live(tmp_path)] == [first.frames, second.frames]
    journal.add(first)
    journal.add(second)
    assert len(list((tmp_path / "journal").glob("*.live"))) == 1, "only the file that is being written"
    journal.close()
    assert not list((tmp_path / "journal").glob("*.live"))


def test_a_frame_larger_than_a_file_has_a_file_of_its_own(tmp_path, monkeypatch):
    """A mebibyte in one message is recorded like any other."""
    monkeypatch.setattr(live_module, "_SEGMENT_BYTES", 2_048)
    journal = Journal(tmp_path, "w")
    record = begun(journal, "u1", 2)
    record.frames.received("x" * 2**20, 1)
    record.frames.received("\ud800", 2)
    record.frames.received(b"\x00", 3)
    assert [frame.text for frame in scan_live(tmp_path)[0].frames.frames()][2:] == ["x" * 2**20, "\ufffd" * 3, "00"]
    journal.close()


def test_a_torn_entry_ends_what_can_be_read(tmp_path):
    """An entry that was not finished is not read, nor is one with a length that cannot be."""
    journal = Journal(tmp_path, "w")
    record = begun(journal, "u1", 6)
    end = journal._live._at
    path = next((tmp_path / "journal").glob("*.live"))
    record.frames.release()
    journal.close()
    data = bytearray(path.read_bytes())
    for junk in (
        b"\0\0\0\0\x01\0\0\0\x04",
        b"\xff\xff\xff\x7f\x01\0\0\0\x06",
        b"\x05\0\0\0\0\0\0\0\x06",
        b"\x05\0\0\0\x01\0\0\0\x07",
        b"\x05\0\0\0\x01\0\0\0\0",
    ):
        data[end : end + len(junk)] = junk
        path.write_bytes(data)
        assert scan_live(tmp_path)[0].frames == record.frames


def test_a_row_that_was_not_finished_is_not_read(tmp_path):
    """A block tells how much of it is whole; more than there is room for is no more than there is room for."""
    journal = Journal(tmp_path, "w")
    record = begun(journal, "u1", 6)
    path = next((tmp_path / "journal").glob("*.live"))
    data = bytearray(path.read_bytes())
    at = next(at for at, _, what, _ in live_module._entries(path) if what == live_module._BLOCK) + 9
    assert int.from_bytes(data[at : at + 4], sys.byteorder) == 6 * FrameLog.ROW_BYTES
    for whole, frames in ((5 * FrameLog.ROW_BYTES, 5), (6 * FrameLog.ROW_BYTES - 1, 5), (3, 0), (2**32 - 1, 128)):
        data[at : at + 4] = whole.to_bytes(4, sys.byteorder)
        path.write_bytes(data)
        found = scan_live(tmp_path)[0].frames
        assert len(found) == frames
        assert list(found.frames())[:6] == list(record.frames.frames())[:frames]
    journal.close()


def test_a_stray_file_in_the_journal_is_left_alone(tmp_path):
    """Not everything that ends in .live is ours."""
    journal = Journal(tmp_path, "w")
    begun(journal, "u1", 2)
    (tmp_path / "journal" / "notes-of-mine.live").write_bytes(b"hello")
    assert len(scan_live(tmp_path)) == 1
    journal.close()


def test_the_picture_of_a_session_in_flight_knows_where_it_streams(tmp_path):
    """What became known between the first frame and the first chunk is there, too."""
    journal = Journal(tmp_path, "w")
    record = make_record(frames=FrameLog(), remote_id=None)
    record.start_ns = None
    journal.begin(record)
    record.frames.rest('{"call":"create"}', 1, 2)
    record.remote_id, record.start_ns = "the id", 3
    record.frames.audio_sent(0, 1_600, 4, 5, 6, 4_300)
    record.frames.received("{}", 7)
    (stored,) = scan_live(tmp_path)
    assert (stored.remote_id, stored.start_ns) == ("the id", 3)
    assert stored.frames == record.frames
    journal.close()


def test_texts_in_flight_lie_in_the_journal_alone(tmp_path):
    """Memory holds the rows; the texts come back when the session ends, and when the log is read before."""
    journal = Journal(tmp_path, "w")
    record = begun(journal, "u1", 20)
    whole = make_record("u1").frames
    assert record.frames._texts == []
    assert record.frames.texts() == whole.texts()
    journal.add(record)
    assert record.frames._texts == whole.texts()
    assert record.frames == whole
    journal.close()


def test_frames_without_their_session_are_left_out(tmp_path):
    """Where the first file was lost, the rest of the session cannot be told."""
    journal = Journal(tmp_path, "w")
    begun(journal, "u1", 1)
    path = next((tmp_path / "journal").glob("*.live"))
    data = bytearray(path.read_bytes())
    data[8] = live_module._TEXT
    path.write_bytes(data)
    assert scan_live(tmp_path) == []
    journal.close()


def test_a_disk_that_fills_up_in_flight_costs_no_session(tmp_path, monkeypatch):
    """The session plays on; that the journal could not keep up is said when it is stored."""

    def no_space(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", no_space)
    journal = Journal(tmp_path, "w")
    record = begun(journal, "u1", 5)
    assert len(record.frames) == 5
    with pytest.raises(StoreError, match="the disk is full"):
        journal.add(record)
    assert list(journal_records(tmp_path, in_flight=True)) == [record]
    assert not list((tmp_path / "journal").glob("*.live"))
    journal.close()


def test_a_disk_that_fills_up_in_mid_session_leaves_what_was_there(tmp_path, monkeypatch):
    """Texts that came before lie in the journal, later ones stay with the log, however small they are."""
    monkeypatch.setattr(live_module, "_SEGMENT_BYTES", 8_192)
    journal = Journal(tmp_path, "w")
    record = begun(journal, "u1", 3)

    def no_space(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", no_space)
    before, said = list(record.frames.frames()), ["x" * 9_000, "small", "y" * 9_000, ""]
    for at, text in enumerate(said):
        record.frames.received(text, at)
    assert [frame.text for frame in record.frames.frames()][3:] == said
    assert list(scan_live(tmp_path)[0].frames.frames()) == before
    with pytest.raises(StoreError, match="the disk is full"):
        journal.add(record)
    assert [r.frames for r in journal_records(tmp_path, in_flight=True)] == [record.frames]
    journal.close()


def test_workers_of_one_run_write_apart_and_are_committed_together(tmp_path):
    """Each process has its own files; the run's writer collects them."""
    with RunWriter.create(tmp_path, make_manifest()) as writer:
        for name in ("worker-1", "worker-2"):
            journal = Journal(writer.path, name)
            journal.add(make_record(f"of-{name}"))
            journal.close()
        writer.add(make_record("own"))
        writer.collect()
        writer.commit([])
    assert {r.key.utterance for r in open_run(tmp_path).records()} == {"own", "of-worker-1", "of-worker-2"}


def test_a_resumed_run_keeps_every_attempt_and_counts_each_session_once(tmp_path):
    """What was cut off stays beside the attempt that replaced it."""
    writer = RunWriter.create(tmp_path, make_manifest(planned=3))
    writer.add(make_record("u1"))
    cut = begun(writer, "u2", 6)
    writer._lock.release()  # as the kernel does for a process that is killed

    with RunWriter.resume(writer.path) as again:
        assert again.outcomes() == {
            SessionKey("clean", "u1"): Outcome.COMPLETED,
            SessionKey("clean", "u2"): Outcome.CANCELLED,
        }
        assert open_run(tmp_path).status == "live"
        again.add(make_record("u2", attempt=1))
        assert [str(r.key) for r in again.records()] == ["clean/u1#0.0", "clean/u2#0.1"]
        again.commit([])
    run = open_run(tmp_path)
    assert [str(r.key) for r in run.records()] == ["clean/u1#0.0", "clean/u2#0.1"]
    first_try = run.records(superseded=True)[1]
    assert (first_try.frames, first_try.outcome) == (cut.frames, Outcome.CANCELLED)
    counts = run.manifest.counts
    assert (counts.planned, counts.sessions, counts.failed, counts.superseded) == (3, 2, 0, 1)

    with RunWriter.resume(run.path) as third:
        third.add(make_record("u3"))
        third.commit([])
    assert len(open_run(tmp_path).records(superseded=True)) == 4


def test_resuming_twice_adds_nothing(tmp_path):
    """A resume that is itself interrupted leaves what was there."""
    writer = RunWriter.create(tmp_path, make_manifest())
    begun(writer, "u1", 6)
    writer._lock.release()
    for _ in range(3):
        with RunWriter.resume(writer.path):
            pass
    assert len(open_run(tmp_path).records(superseded=True)) == 1


def test_only_one_process_resumes(tmp_path):
    """A run that is being played cannot be resumed by another."""
    with RunWriter.create(tmp_path, make_manifest()) as writer, pytest.raises(StoreError, match="another writer"):
        RunWriter.resume(writer.path)


def test_a_damaged_manifest_does_not_keep_the_lock(tmp_path):
    """The failed resume leaves the run to the next one."""
    with RunWriter.create(tmp_path, make_manifest()) as writer:
        path = writer.path
    whole = (path / "manifest.json").read_bytes()
    (path / "manifest.json").write_bytes(b"{")
    with pytest.raises(StoreError, match="damaged"):
        RunWriter.resume(path)
    (path / "manifest.json").write_bytes(whole)
    with RunWriter.resume(path) as writer:
        assert writer.outcomes() == {}


PLAYING = """
import sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from tests.fakes import make_manifest, make_record
from tests.store.test_journal import record_again
from workbench.recording.frame_log import FrameLog
from workbench.store import RunWriter, open_run
root = Path(sys.argv[1])
if list(root.glob("*/manifest.json")):
    writer = RunWriter.resume(open_run(root).path)
else:
    writer = RunWriter.create(root, make_manifest())
before = len(writer.outcomes())
for number in range(before, 10_000):
    record, whole = make_record(f"u{number:05d}", frames=FrameLog()), make_record().frames
    writer.begin(record)
    for at, frame in enumerate(whole.frames()):
        record_again(frame, record.frames)
        sys.stdout.write(f"{number} {at + 1}\\n")
        sys.stdout.flush()
    writer.add(record)
"""


def kill_and_look(root, moments):
    """Kill a writing process at each moment; whatever it had announced must be there."""
    arrived = {}
    for lines in moments:
        with subprocess.Popen(
            [sys.executable, "-c", PLAYING, str(root), str(HERE)], stdout=subprocess.PIPE, text=True
        ) as process:
            for _ in range(lines):
                session, frames = map(int, process.stdout.readline().split())
                arrived[session] = frames
            process.kill()
            for line in process.stdout.read().splitlines():
                if line.count(" ") == 1:
                    session, frames = map(int, line.split())
                    arrived[session] = frames
        stored = {int(r.key.utterance[1:]): r.frames for r in open_run(root).records(superseded=True)}
        assert all(len(stored[session]) >= frames for session, frames in arrived.items())
        assert len(stored) - len(arrived) in (0, 1), "at most the frame that was recorded and not announced yet"
        whole = list(make_record().frames.frames())
        assert all(list(log.frames()) == whole[: len(log)] for log in stored.values())
    return arrived


def test_nothing_that_had_arrived_is_lost_to_a_kill(tmp_path):
    """SIGKILL at a few moments, between resumes of the same run."""
    arrived = kill_and_look(tmp_path, [1, 17, 40])
    assert len(arrived) >= 4


@pytest.mark.slow
def test_nothing_that_had_arrived_is_lost_to_fifty_kills(tmp_path):
    """SIGKILL at fifty drawn moments; then the run is committed and whole."""
    draw = random.Random(7)
    arrived = kill_and_look(tmp_path, [draw.randrange(1, 120) for _ in range(50)])
    with RunWriter.resume(open_run(tmp_path).path) as writer:
        writer.commit([])
    assert len(open_run(tmp_path).records()) >= len(arrived)


def test_a_run_that_cannot_be_closed_says_so_unless_worse_was_said(tmp_path, monkeypatch):
    """The block's own error goes first; without one the closing speaks."""
    from workbench.store import writer as writer_module

    def no_space(*_):
        raise StoreError("the disk is full")

    def block(fault):
        with RunWriter.create(tmp_path, make_manifest()):
            monkeypatch.setattr(writer_module, "write_manifest", no_space)
            if fault:
                raise ValueError(fault)

    with pytest.raises(StoreError, match="the disk is full"):
        block("")
    monkeypatch.undo()
    with pytest.raises(ValueError, match="worse"):
        block("worse")
    monkeypatch.undo()
    assert open_run(tmp_path).status == "interrupted"


COMMITTING = """
import sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from tests.fakes import make_manifest, make_record
from workbench.store import RunWriter, open_run
root = Path(sys.argv[1])
sys.stdout.write("ready\\n")
sys.stdout.flush()
while True:
    if list(root.glob("*/manifest.json")):
        writer = RunWriter.resume(open_run(root).path)
    else:
        writer = RunWriter.create(root, make_manifest())
    with writer:
        for number in range(len(writer.outcomes()), len(writer.outcomes()) + 3):
            writer.add(make_record(f"u{number:05d}"))
            sys.stdout.write(f"{number}\\n")
            sys.stdout.flush()
        names = ("cell", "utterance", "repeat", "attempt")
        writer.commit([{name: getattr(key, name) for name in names} for key in writer.outcomes()])
"""


@pytest.mark.slow
def test_commits_and_resumes_survive_kills_at_any_moment(tmp_path):
    """Create, add, commit, resume, again and again, killed at drawn moments: no session lost, none twice.

    At least thirty kills, and as many more as a busy machine needs until enough was written between them.
    """
    draw = random.Random(11)
    announced = set()
    kills = 0
    while kills < 30 or len(announced) <= 50:
        kills += 1
        with subprocess.Popen(
            [sys.executable, "-c", COMMITTING, str(tmp_path), str(HERE)], stdout=subprocess.PIPE, text=True
        ) as process:
            process.stdout.readline()
            try:
                process.wait(draw.uniform(0.0, 0.6))
            except subprocess.TimeoutExpired:
                process.kill()
            announced |= {line for line in process.stdout.read().split("\n")[:-1] if line}
        if not list(tmp_path.glob("*/manifest.json")):
            continue
        run = open_run(tmp_path)
        keys = [f"{int(record.key.utterance[1:])}" for record in run.records(superseded=True)]
        assert len(keys) == len(set(keys))
        assert announced <= set(keys)
        assert not [finding for finding in verify_run(run) if finding.damage]
        assert len(index_runs(tmp_path)) == 1
