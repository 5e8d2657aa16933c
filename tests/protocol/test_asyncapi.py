"""The AsyncAPI dialect: every message sent is valid by its schema, and comes back as it went."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.asyncapi_frames import valid
from workbench.errors import LocalProtocolError, RemoteProtocolError
from workbench.protocol import asyncapi, live
from workbench.protocol.messages import (
    Audio,
    Dialect,
    EndOfAudio,
    EndOfResults,
    Event,
    EventName,
    Final,
    Partial,
    Product,
    StartTime,
    StreamStatus,
    TranscriptWord,
    UnknownMessage,
)
from workbench.protocol.stream import Role, StreamSession

SESSION = "11111111-2222-4333-8444-555555555555"
PRODUCTS = list(Product)


@pytest.mark.rule("S-203")
@pytest.mark.parametrize("product", PRODUCTS)
@given(samples=st.binary(min_size=2, max_size=400).filter(lambda b: len(b) % 2 == 0))
def test_client_messages_follow_their_schemas_and_come_back(product, samples):
    """AUDIO and the end of audio of every product, START_TIME where there is one."""
    dictation = product is Product.DICTATION
    audio = asyncapi.encode_client(Audio(samples), product)
    valid(audio, "DictationAudioFrame" if dictation else "AmbientAudioFrame")
    assert asyncapi.decode_client(audio.decode(), product) == Audio(samples)
    end = asyncapi.encode_client(EndOfAudio(), product)
    valid(end, "DictationAudioEnd" if dictation else "AmbientAudioFrame")
    assert asyncapi.decode_client(end.decode(), product) == EndOfAudio()
    if not dictation:
        start = asyncapi.encode_client(StartTime("2026-04-25T12:34:56Z"), product)
        assert valid(start, "AmbientStartTime")["startTime"] == "2026-04-25T12:34:56Z"
        assert asyncapi.decode_client(start.decode(), product) == StartTime("2026-04-25T12:34:56Z")


@pytest.mark.rule("S-203")
@pytest.mark.parametrize(
    ("message", "schema"),
    [
        (Partial("blood"), "TranscriptionStreamResponse"),
        (Final("blood pressure"), "TranscriptionStreamResponse"),
        (EndOfResults(), "TranscriptionStreamResponse"),
        (StreamStatus("READY", "go"), "StreamStatusEvent"),
    ],
)
def test_server_messages_follow_their_schemas_and_come_back(message, schema):
    """Flat frames with the session's id."""
    raw = asyncapi.encode_server(message, SESSION)
    assert valid(raw, schema)["sessionId"] == SESSION
    assert asyncapi.decode_server(raw.decode()) == message


def test_words_and_ids_of_the_live_dialect_are_left_out():
    """The dialect has no place for them."""
    raw = asyncapi.encode_server(Final("a b", (TranscriptWord("a", "S1"),), "id"), SESSION)
    assert asyncapi.decode_server(raw.decode()) == Final("a b")


@pytest.mark.parametrize("message", [StartTime("x"), Event(EventName.PAUSE)])
def test_what_the_dialect_lacks_is_a_fault_of_the_caller(message):
    """No control events anywhere, no START_TIME for dictation."""
    with pytest.raises(LocalProtocolError, match="asyncapi"):
        asyncapi.encode_client(message, Product.DICTATION)
    with pytest.raises(LocalProtocolError, match="asyncapi"):
        asyncapi.encode_server(UnknownMessage("?", ""), SESSION)


@pytest.mark.parametrize(
    ("raw", "product", "code"),
    [
        (b"\x00", Product.DICTATION, 1003),
        ("nonsense", Product.DICTATION, 1007),
        ('{"type":"AUDIO","audioData":"AAA="}{}', Product.DICTATION, 1007),
        ('{"type":"AUDIO","audioData":"AA=="}', Product.DICTATION, 1007),
        ('{"type":"AUDIO","audioData":"__=="}', Product.DICTATION, 1007),
        ('{"type":"START_TIME","startTime":"yesterday"}', Product.AMBIENT, 1007),
    ],
)
def test_bad_client_frames_are_refused_with_a_close_code(raw, product, code):
    """As in the live dialect."""
    with pytest.raises(RemoteProtocolError) as caught:
        asyncapi.decode_client(raw, product)
    assert caught.value.close_code == code


@pytest.mark.parametrize(
    ("raw", "product"),
    [
        ('{"type":"AUDIO","data":"AAAA"}', Product.DICTATION),
        ('{"type":"AUDIO","audioData":""}', Product.DICTATION),
        ('{"type":"EVENT","event":"PAUSE"}', Product.AMBIENT),
        ('{"type":"START_TIME","data":"MjAyNg=="}', Product.AMBIENT),
    ],
)
def test_messages_of_the_live_dialect_are_unknown_here(raw, product):
    """S-200: never mixed."""
    assert isinstance(asyncapi.decode_client(raw, product), UnknownMessage)


@pytest.mark.rule("S-203")
@given(st.one_of(st.text(), st.binary()))
def test_no_server_frame_raises(raw):
    """A client reads on."""
    asyncapi.decode_server(raw)


def test_live_frames_are_not_read_as_transcripts():
    """S-200, the other way."""
    raw = live.encode_server(Partial("blood", "p"), SESSION).decode()
    assert isinstance(asyncapi.decode_server(raw), UnknownMessage)
    assert isinstance(asyncapi.decode_server('{"type":"FINAL"}'), UnknownMessage)


def test_both_ends_of_a_dictation_in_this_dialect():
    """Client and server sessions over a fake link."""
    client = StreamSession(Role.CLIENT, Product.DICTATION, Dialect.ASYNCAPI, SESSION)
    server = StreamSession(Role.SERVER, Product.DICTATION, Dialect.ASYNCAPI, SESSION)
    for message in (Audio(b"\0\0"), EndOfAudio()):
        assert server.receive_client(client.send(message).decode()) == message
    for message in (Partial("a"), Final("a b"), EndOfResults()):
        assert client.receive_server(server.send(message).decode()) == message
    assert client.close()
    assert client.violations == []
