"""Records: every frame as it came, decoded when it is read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.fakes import make_record, transcript
from workbench.protocol.messages import EndOfResults, Final, Partial, UnknownMessage
from workbench.recording.frame import FrameKind
from workbench.recording.frame_log import FrameLog
from workbench.recording.record import Outcome, SessionKey, newest


def test_frames_come_back_as_they_were_recorded():
    """Each kind of event keeps its times and its text; what it has not is None."""
    log = FrameLog()
    log.audio_sent(0, 1_600, 10, 11, 12, 4_300, 5)
    log.control_sent('{"a":"é"}', 20, 21, 22)
    log.received("é", 30)
    log.received(b"\x00\xff", 31)
    log.closed(1000, "bye", 40)
    audio, control, text, binary, close = log.frames()
    assert (audio.sent, audio.kind, audio.chunk, audio.end_sample) == (True, FrameKind.AUDIO, 0, 1_600)
    assert (audio.due_ns, audio.sent_ns, audio.flushed_ns, audio.hold_ns, audio.received_ns) == (10, 11, 12, 5, None)
    assert (audio.wire_bytes, audio.text) == (4_300, None)
    assert (control.sent, control.kind, control.chunk, control.due_ns) == (True, FrameKind.CONTROL, None, 20)
    assert (control.text, control.wire_bytes) == ('{"a":"é"}', 10)
    assert (text.sent, text.kind, text.text, text.wire_bytes, text.received_ns) == (False, FrameKind.TEXT, "é", 2, 30)
    assert (binary.kind, binary.text, binary.wire_bytes) == (FrameKind.BINARY, "00ff", 2)
    assert (close.sent, close.kind, close.text, close.received_ns) == (False, FrameKind.CLOSE, "1000 bye", 40)
    assert len(log) == 5


def test_text_is_not_in_a_repr():
    """Transcripts are patient data."""
    record = make_record(said="metformin", heard="metformin")
    shown = repr(record) + repr(list(record.frames.frames())) + repr(record.messages())
    assert "metformin" not in shown.replace(repr(record.reference), "")


@given(st.lists(st.tuples(st.integers(0, 2**62), st.text()), max_size=20))
def test_equal_logs_are_equal(arrivals):
    """Logs compare by value, and one more frame makes a difference."""
    one, other = FrameLog(), FrameLog()
    for received_ns, text in arrivals:
        one.received(text, received_ns)
        other.received(text, received_ns)
    assert one == other
    other.received("", 0)
    assert one != other
    assert one != "a log"


def test_messages_are_decoded_in_order_of_arrival():
    """What arrived as text is decoded; audio, control and close frames are no messages."""
    record = make_record(said="no chest pain")
    assert [item.message for item in record.messages()] == transcript("no chest pain")
    arrivals = [item.received_ns for item in record.messages()]
    assert arrivals == sorted(arrivals)


def test_a_frame_that_cannot_be_read_stays_in_the_record():
    """An unknown message is kept, decoded as unknown, and disturbs nothing."""
    record = make_record()
    record.frames.received("{]", 1)
    assert isinstance(record.messages()[-1].message, UnknownMessage)
    assert record.finals_text() == "no chest pain"


def test_the_services_own_transcript_goes_before_the_finals():
    """The text to score is the authoritative one where there is one, the joined finals otherwise."""
    record = make_record(heard="no chess pain")
    assert record.hypothesis() == "no chess pain"
    record.final_transcript = ""
    assert record.hypothesis() == "", "an empty transcript is an answer"
    record.final_transcript = None
    assert record.hypothesis() == record.finals_text() == "no chess pain"


def test_finals_are_joined_and_empty_ones_leave_no_gap():
    """Two segments are two words apart by one blank."""
    record = make_record(frames=FrameLog())
    for text in ("one", "", "two"):
        record.frames.received(f'{{"transcript":{{"transcript":"{text}"}},"is_final":true}}', 1)
    assert record.finals_text() == "one two"


def test_a_screen_shows_finals_and_the_newest_partial():
    """A partial replaces the one before it and vanishes with its final."""
    record = make_record(said="no chest pain")
    shown = [text for _, text in record.visible_text()]
    assert shown == ["no", "no chest", "no chest pain"]
    messages = [Partial("a"), Final("a b"), Partial("c"), Partial("c d"), EndOfResults()]
    record = make_record(frames=FrameLog())
    from workbench.protocol.live import encode_server

    for at, message in enumerate(messages):
        record.frames.received(encode_server(message, "").decode(), at)
    assert record.visible_text() == [(0, "a"), (1, "a b"), (2, "a b c"), (3, "a b c d")]


def test_only_a_completed_session_has_not_failed():
    """Every other outcome counts as failed."""
    assert [outcome for outcome in Outcome if not outcome.failed] == [Outcome.COMPLETED]


def test_a_key_is_readable_and_sorts():
    """Cell, utterance, repeat, attempt."""
    assert str(SessionKey("clean", "u1", 2, 1)) == "clean/u1#2.1"
    assert SessionKey("a", "u2") > SessionKey("a", "u1", 5)


def test_of_every_session_the_newest_attempt_counts():
    """Attempts of one place are one session, whatever their order; sessions keep the order of first appearance."""
    keys = [SessionKey("a", "u1", 0, 1), SessionKey("a", "u2"), SessionKey("a", "u1", 0, 0), SessionKey("a", "u1", 1)]
    assert keys[0].place == keys[2].place == ("a", "u1", 0)
    assert newest(keys) == {("a", "u1", 0): keys[0], ("a", "u2", 0): keys[1], ("a", "u1", 1): keys[3]}
    assert list(newest(keys)) == [("a", "u1", 0), ("a", "u2", 0), ("a", "u1", 1)]
