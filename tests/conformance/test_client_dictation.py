"""Client rules of the dictation socket: handshake, messages, order, reconnects."""

import json
from asyncio import run
from itertools import pairwise

import pytest

from tests.conformance.client_traces import (
    ANSWERS,
    PCM,
    against,
    all_traces,
    dictation,
    job,
    play,
    talk,
    utterances,
)
from tests.service import SESSION, TERMINAL, envelope, final, partial
from workbench.protocol.live import decode_server
from workbench.protocol.messages import EndOfResults, Final, UnknownMessage
from workbench.recording.frame import FrameKind
from workbench.recording.record import Outcome
from workbench.settings import Limits

rule = pytest.mark.rule


@rule("S-59")
def test_a_dictation_upgrade_carries_token_and_session_as_headers():
    """And no subprotocol."""
    upgrade = dictation().service.upgrades[0]
    assert (upgrade["sdp_suki_token"], upgrade["transcription_session_id"]) == ("token-1", SESSION)
    assert "sec-websocket-protocol" not in upgrade


@rule("S-60")
def test_credentials_are_in_no_message_and_no_address():
    """Of any product."""
    for trace in all_traces():
        for frame in [frame for frames in trace.frames for frame in frames]:
            assert "token" not in str(frame)
            assert SESSION not in str(frame)
        assert not any("?" in url or "token" in url for url in trace.urls)


@rule("S-65")
@pytest.mark.parametrize("status", [400, 401, 403, 409, 412, 429, 500, 503])
def test_any_answer_but_101_is_a_refusal_with_its_status_and_text(status):
    """No particular one is expected."""

    async def stream(ws):
        await ws.send_denial_response(envelope(status, "not_now: reason"))

    _, (record,) = run(against(stream))
    assert record.outcome is Outcome.REFUSED
    assert f"{status} not_now: reason" in record.error


@rule("S-72")
def test_each_message_is_one_text_frame_with_one_object():
    """Of every product."""
    for trace in all_traces():
        for frames in trace.frames:
            assert all(isinstance(json.loads(frame), dict) for frame in frames)


@rule("S-73")
def test_no_binary_frame_is_sent():
    """Never."""
    assert all(isinstance(f, str) for trace in all_traces() for frames in trace.frames for f in frames)


@rule("S-75")
def test_dictation_audio_is_called_audiodata():
    """And never data."""
    audio = [m for m in dictation().messages if m["type"] == "AUDIO"]
    assert all(set(m) == {"type", "audioData"} for m in audio)


@rule("S-77")
def test_dictation_audio_is_padded_standard_base64_of_the_samples():
    """Little-endian, as they are."""
    assert b"".join(dictation().audio("audioData")) == PCM.astype("<i2").tobytes()
    assert all(len(m["audioData"]) % 4 == 0 for m in dictation().messages if m["type"] == "AUDIO")


@rule("S-78")
def test_no_chunk_splits_a_sample():
    """Even counts."""
    assert all(len(pcm) % 2 == 0 for pcm in dictation().audio("audioData"))


@rule("S-79")
def test_dictation_has_no_start_time():
    """It belongs to the other socket."""
    assert {m["type"] for m in dictation().messages} == {"AUDIO", "EVENT"}


@rule("S-80")
def test_dictation_does_not_use_the_other_sockets_marker():
    """RU9G."""
    assert not any("RU9G" in frame for frame in dictation().frames[0])


@rule("S-81")
def test_dictation_ends_with_audio_end():
    """As written."""
    assert json.loads(dictation().frames[0][-1]) == {"type": "EVENT", "event": "AUDIO_END"}


@rule("S-82")
def test_no_audio_follows_the_end():
    """It is the last of all."""
    for frames in talk().frames:
        assert [json.loads(f)["type"] for f in frames].index("EVENT") == len(frames) - 1


@rule("S-83")
def test_each_connection_ends_its_audio_once():
    """Two connections, two ends."""
    assert [sum("AUDIO_END" in f for f in frames) for frames in talk().frames] == [1, 1]


@rule("S-84")
def test_audio_leaves_as_it_becomes_available():
    """Chunk after chunk at the pace of speech, none before its last sample could exist."""
    audio = [f for f in dictation().record.frames.frames() if f.kind is FrameKind.AUDIO]
    assert all(f.sent_ns >= f.due_ns for f in audio)
    assert [b.due_ns - a.due_ns for a, b in pairwise(audio)] == [100_000_000, 100_000_000, 50_000_000]


@rule("S-85")
def test_dictation_chunks_are_a_tenth_of_a_second():
    """The last one may be shorter."""
    assert [len(pcm) for pcm in dictation().audio("audioData")] == [3200, 3200, 3200, 1600]


@rule("S-88")
def test_words_need_not_cover_the_text():
    """The text is what counts."""
    frame = json.dumps({
        "transcript": {"transcript": "one two three", "words": [{"word": "one"}]},
        "is_final": True,
        "transcript_id": "t",
    })  # fmt: skip
    assert run(play([job()], answers=(frame, TERMINAL))).record.hypothesis() == "one two three"


@rule("S-90")
def test_a_transcript_id_neither_joins_nor_drops_frames():
    """Two finals of one id are two finals."""
    same = [
        json.dumps({"transcript": {"transcript": t, "words": []}, "is_final": True, "transcript_id": "x"}) for t in "ab"
    ]
    assert run(play([job()], answers=(*same, TERMINAL))).record.hypothesis() == "a b"


@rule("S-91")
def test_a_partial_replaces_the_one_before_and_goes_when_its_final_comes():
    """As a screen would show it."""
    assert [text for _, text in dictation().record.visible_text()] == ["blood", "blood press", "blood pressure"]


@rule("S-92")
def test_finals_are_appended_in_their_order_of_arrival():
    """And stay as they are."""
    record = run(play([job()], answers=(final("b"), partial("x"), final("a"), TERMINAL))).record
    assert record.finals_text() == "b a"


@rule("S-97")
def test_the_terminal_frame_is_no_text():
    """It never reaches the transcript."""
    assert "EOF" not in dictation().record.hypothesis()
    assert not any("EOF" in text for _, text in dictation().record.visible_text())


@rule("S-98")
def test_a_spoken_eof_is_not_the_terminal_frame():
    """That has neither id nor words."""
    assert isinstance(decode_server(TERMINAL), EndOfResults)
    spoken = {"transcript": {"transcript": "EOF", "words": []}, "is_final": True, "transcript_id": "t"}
    assert isinstance(decode_server(json.dumps(spoken)), Final)
    spoken = {"transcript": {"transcript": "EOF", "words": [{"word": "EOF"}]}, "is_final": True}
    assert isinstance(decode_server(json.dumps(spoken)), Final)


@rule("S-99")
def test_the_next_utterance_waits_for_the_terminal_frame():
    """One socket after the other, each with its whole answer."""
    first, second = talk().records
    ended = [m.received_ns for m in first.messages() if isinstance(m.message, EndOfResults)]
    opened = second.start_ns
    assert ended[0] < opened
    assert len(second.messages()) == len(ANSWERS)


@rule("S-100")
def test_a_close_without_a_terminal_frame_is_an_interrupted_stream():
    """Whatever its code."""
    record = run(play([job()], answers=(final("blood"),))).record
    assert record.outcome is Outcome.CLOSED_EARLY


@rule("S-101")
def test_the_wait_for_the_terminal_frame_is_bounded():
    """And the bound can be set."""
    limits = Limits(terminal_s=0.1, close_s=0.1)
    record = run(play([job()], answers=(final("blood"),), close=False, limits=limits)).record
    assert record.outcome is Outcome.NO_TERMINAL
    assert "0.1 s" in record.error


@rule("S-102")
def test_frames_that_cannot_be_read_do_not_end_the_stream():
    """They are kept and counted."""
    odd = ("not json", '{"no":"transcript"}', '{"transcript":5}', "[1]")
    record = run(play([job()], answers=(*odd, *ANSWERS))).record
    assert record.outcome is Outcome.COMPLETED
    assert sum(isinstance(m.message, UnknownMessage) for m in record.messages()) == len(odd)


def refusing(times):
    """A session that streams once and then refuses so many handshakes."""
    seen = []

    async def stream(ws):
        seen.append(dict(ws.headers))
        if 1 < len(seen) <= 1 + times:
            await ws.send_denial_response(envelope(412, "not accepting"))
            return
        await ws.accept()
        while "AUDIO_END" not in await ws.receive_text():
            pass
        await ws.send_text(TERMINAL)
        await ws.close()

    return seen, stream


@rule("S-106")
def test_a_refused_reconnect_is_tried_again_until_a_deadline():
    """With growing waits."""
    _, stream = refusing(1)
    _, records = run(against(stream, utterances()))
    assert [r.outcome for r in records] == [Outcome.COMPLETED] * 2
    _, stream = refusing(99)
    _, records = run(against(stream, utterances(), Limits(reconnect_s=0.3)))
    assert records[1].outcome is Outcome.REFUSED


@rule("S-107")
def test_a_reconnect_uses_the_same_session_and_a_valid_token():
    """Every try of it."""
    seen, stream = refusing(1)
    run(against(stream, utterances()))
    assert {(h["transcription_session_id"], h["sdp_suki_token"]) for h in seen} == {(SESSION, "token-1")}
    assert len(seen) == 3
