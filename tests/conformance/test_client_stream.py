"""Client rules of ``/ws/stream``: handshake, messages and order of ambient and form filling."""

import base64
import json
from asyncio import run
from datetime import datetime
from itertools import pairwise

import numpy as np
import pytest
import soundfile

from tests.conformance.client_traces import PCM, against, ambient, form, job, plan, play
from tests.service import SESSION
from workbench.audio.files import read_audio
from workbench.playing.plan import build_plan
from workbench.protocol.live import decode_server
from workbench.protocol.messages import Dialect, EventName, Product, UnknownMessage
from workbench.recording.record import Outcome
from workbench.reference import Reference
from workbench.settings import Limits

rule = pytest.mark.rule


STREAMS = (ambient, form)


@rule("S-145")
def test_a_stream_upgrade_carries_token_and_session_as_headers():
    """And no subprotocol."""
    for trace in (ambient(), form()):
        upgrade = trace.service.upgrades[0]
        assert (upgrade["sdp_suki_token"], upgrade["ambient_session_id"]) == ("token-1", SESSION)
        assert "sec-websocket-protocol" not in upgrade
        assert "transcription_session_id" not in upgrade


@rule("S-146")
def test_the_session_is_seeded_before_the_socket_is_opened():
    """Created first, then told."""
    assert ambient().calls_at_upgrade == [["login", "create_ambient", "seed_ambient_context"]]
    assert form().calls_at_upgrade == [["login", "create_form", "seed_form_context"]]


@rule("S-148")
def test_a_stream_begins_with_start_time():
    """Before any audio."""
    assert all(trace().messages[0]["type"] == "START_TIME" for trace in STREAMS)


@rule("S-149")
def test_start_time_is_sent_once():
    """Also after a pause."""
    assert all(sum(m["type"] == "START_TIME" for m in trace().messages) == 1 for trace in STREAMS)


@rule("S-150")
def test_start_time_is_base64_of_an_rfc_3339_time():
    """In UTC, close to now."""
    for trace in STREAMS:
        text = base64.b64decode(trace().messages[0]["data"], validate=True).decode()
        at = datetime.fromisoformat(text)
        assert text.endswith("Z")
        assert abs(at.timestamp() - trace().record.wall_start_ns / 1e9) < 5


@rule("S-152")
def test_stream_audio_is_called_data():
    """And never audioData."""
    for trace in STREAMS:
        assert all(set(m) == {"type", "data"} for m in trace().messages if m["type"] == "AUDIO")


@rule("S-153")
def test_stream_chunks_are_a_tenth_of_a_second():
    """3,200 bytes; the last one may be shorter."""
    for trace in STREAMS:
        assert [len(pcm) for pcm in trace().audio("data")[:-1]] == [3200, 3200, 3200, 1600]


@rule("S-154")
def test_a_wav_header_is_not_streamed(tmp_path):
    """Samples only."""
    soundfile.write(tmp_path / "a.wav", PCM, 16_000)
    audio = read_audio(tmp_path / "a.wav")
    made = build_plan(
        audio.pcm,
        audio.sample_rate_hz,
        utterance_id="u",
        cell="c",
        reference=Reference("", ""),
        product=Product.AMBIENT,
    )
    first = base64.b64decode(json.loads(made.frames[0])["data"])
    assert first == PCM[:1600].astype("<i2").tobytes()


@rule("S-155")
def test_data_is_standard_base64():
    """Samples whose encoding has both odd letters of the alphabet."""
    pcm = np.full(1600, -1, np.int16)
    pcm[::2] = -1025
    made = build_plan(pcm, 16_000, utterance_id="u", cell="c", reference=Reference("", ""), product=Product.AMBIENT)
    data = json.loads(made.frames[0])["data"]
    assert set("+/") & set(data)
    assert not set("-_") & set(data)
    assert base64.b64decode(data, validate=True) == pcm.tobytes()


@rule("S-156")
def test_control_messages_have_their_name_in_event_and_no_data():
    """Every one of them."""
    events = [m for m in ambient().messages if m["type"] == "EVENT"]
    assert events
    assert all(set(m) == {"type", "event"} for m in events)


@rule("S-157")
def test_only_five_event_names_exist():
    """And only these can be sent."""
    assert {e.value for e in EventName} == {"PAUSE", "RESUME", "KEEP_ALIVE", "CANCEL", "ABORT"}
    assert {m["event"] for m in ambient().messages if m["type"] == "EVENT"} == {"PAUSE", "KEEP_ALIVE", "RESUME"}


@rule("S-159")
def test_a_stream_ends_with_the_marker():
    """Nothing follows it."""
    for trace in STREAMS:
        assert trace().messages[-1] == {"type": "AUDIO", "data": "RU9G"}
        assert sum(m.get("data") == "RU9G" for m in trace().messages) == 1


@rule("S-160")
def test_older_ways_to_end_are_never_sent():
    """Three of them."""
    for trace in STREAMS:
        for m in trace().messages:
            assert m["type"] != "end_of_stream"
            assert m.get("data") != "EOF"
            assert m.get("event") != "EOF"


@rule("S-162")
def test_a_paused_stream_is_kept_alive_often_enough():
    """By default every four seconds; here every 40 ms."""
    assert Limits().keep_alive_s <= 5.0
    events = [f for f in ambient().record.frames.frames() if f.text and '"EVENT"' in f.text]
    names = [json.loads(f.text)["event"] for f in events]
    assert names == ["PAUSE", "KEEP_ALIVE", "KEEP_ALIVE", "KEEP_ALIVE", "RESUME"]
    assert all(b.due_ns - a.due_ns <= 40_000_000 for a, b in pairwise(events))


@rule("S-168")
def test_each_connection_of_an_id_begins_with_its_own_start_time():
    """The player sends it once a connection, whatever came before on that id."""
    trace = run(play([job(Product.AMBIENT, session_id=SESSION) for _ in range(2)]))
    assert [json.loads(frames[0])["type"] for frames in trace.frames] == ["START_TIME", "START_TIME"]


@rule("S-169")
def test_after_the_marker_the_client_closes_and_ends():
    """The bare service never closes this socket itself."""
    for trace, end in ((ambient(), "end_ambient"), (form(), "end_form")):
        assert trace.calls_at_close
        assert end not in trace.calls_at_close[0]
        assert end in trace.service.calls


@rule("S-171")
def test_no_server_message_is_needed():
    """None was sent."""
    for trace in STREAMS:
        assert trace().record.messages() == []
        assert trace().record.outcome is Outcome.COMPLETED


@rule("S-173")
def test_text_on_the_stream_socket_is_kept_and_changes_nothing(caplog):
    """Nor is it written to a log."""

    async def stream(ws):
        await ws.accept()
        await ws.send_text('{"note":"chest pain"}')
        while "RU9G" not in await ws.receive_text():
            pass
        await ws.receive()

    _, (record,) = run(against(stream, [job(Product.AMBIENT)]))
    assert record.outcome is Outcome.COMPLETED
    assert "chest pain" not in caplog.text + " ".join(record.violations)
    assert len(record.messages()) == 1


@rule("S-174")
def test_events_are_never_named_in_data():
    """The older notation."""
    for trace in STREAMS:
        assert not any(m["type"] == "EVENT" and "data" in m for m in trace().messages)


@rule("S-204")
def test_live_sessions_do_not_depend_on_status_events():
    """One that comes is an unknown message."""
    assert isinstance(decode_server('{"type":"ENDED","message":"","sessionId":"x"}'), UnknownMessage)
    assert ambient().record.outcome is Outcome.COMPLETED
    assert plan().dialect is Dialect.LIVE
