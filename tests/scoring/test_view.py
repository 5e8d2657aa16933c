"""The view of a session: what a score reads, decoded once and equal to what the record says."""

from __future__ import annotations

import numpy as np

from tests.fakes import make_record
from workbench.protocol import live
from workbench.recording.frame import FrameKind
from workbench.recording.frame_log import FrameLog
from workbench.scoring.metrics.normalize import NORMALISERS
from workbench.scoring.session import score_session
from workbench.scoring.view import SessionView


def test_a_view_says_what_its_record_says():
    """Frames, messages and texts are those of the record; audio is in columns alone."""
    for transcript in (None, "no chest pain today"):
        record = make_record(said="no chest pain", heard="no chess pain", final_transcript=transcript)
        view = SessionView(record)
        frames = list(record.frames.frames())
        assert list(view.frames) == [frame for frame in frames if frame.kind is not FrameKind.AUDIO]
        assert view.messages == record.messages()
        assert (view.finals_text, view.hypothesis) == (record.finals_text(), record.hypothesis())
        sent = [frame for frame in frames if frame.kind is FrameKind.AUDIO]
        assert view.audio.end_sample.tolist() == [frame.end_sample for frame in sent]
        assert view.audio.due_ns.tolist() == [frame.due_ns for frame in sent]
        assert view.audio_wire_bytes == sum(frame.wire_bytes for frame in sent)


def test_a_view_changes_nothing_of_its_columns():
    """Chunks without a hold count as held for no time, in the view of the audio alone."""
    record = make_record(frames=FrameLog())
    record.frames.audio_sent(0, 1_600, 10, 11, 12, 4_300)
    view = SessionView(record)
    held = view.columns["hold_ns"].copy()
    assert view.audio.hold_ns.tolist() == [0]
    assert np.array_equal(view.columns["hold_ns"], held)


def test_a_score_decodes_each_message_and_builds_each_frame_once(monkeypatch):
    """Whatever many metrics read them."""
    record = make_record(said="no chest pain", final_transcript=None)
    texts = [frame.text for frame in record.frames.frames() if frame.kind is FrameKind.TEXT]
    decoded, made = [], []
    decode, frames = live.decode_server, FrameLog.frames
    monkeypatch.setattr(live, "decode_server", lambda text: decoded.append(text) or decode(text))
    monkeypatch.setattr(FrameLog, "frames", lambda log, **asked: made.append(asked["audio"]) or frames(log, **asked))
    score_session(record, NORMALISERS["basic"])
    assert decoded == texts
    assert made == [False]


def test_the_repr_of_a_view_holds_no_words():
    """Transcripts are patient data."""
    assert repr(SessionView(make_record(said="metformin"))) == "SessionView(clean/u1#0.0)"
