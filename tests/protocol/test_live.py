"""The live codec: what is written is read back; the server is strict, the client never falls over."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.protocol.strategies import audio, client_messages, ids, server_messages, texts
from workbench.errors import LocalProtocolError, RemoteProtocolError
from workbench.protocol import live
from workbench.protocol.messages import (
    Audio,
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

DICTATION, AMBIENT = Product.DICTATION, Product.AMBIENT
STREAMS = [Product.AMBIENT, Product.FORM_FILLING]


@given(st.sampled_from(Product).flatmap(lambda product: st.tuples(st.just(product), client_messages(product))))
def test_what_a_client_writes_the_server_reads(drawn):
    """decode(encode(m)) == m for every message of every product, and the frame is one JSON object."""
    product, message = drawn
    frame = live.encode_client(message, product)
    assert isinstance(json.loads(frame), dict)
    assert live.decode_client(frame.decode(), product) == message


@given(server_messages)
def test_what_a_server_writes_the_client_reads(message):
    """decode(encode(m)) == m for every transcript."""
    frame = live.encode_server(message, "session")
    assert isinstance(json.loads(frame), dict)
    assert live.decode_server(frame.decode()) == message


@given(audio, st.sampled_from(Product))
def test_audio_is_padded_standard_base64_in_the_products_field(message, product):
    """``audioData`` for dictation, ``data`` elsewhere, never both (S-75, S-77)."""
    frame = json.loads(live.encode_audio(message.pcm, product))
    field = "audioData" if product is DICTATION else "data"
    assert frame == {"type": "AUDIO", field: base64.b64encode(message.pcm).decode()}


def test_the_frames_are_those_of_the_documentation():
    """End of audio, terminal frame, partial and final, letter by letter (S-81, S-86, S-87, S-94, S-159)."""
    assert live.encode_client(EndOfAudio(), DICTATION) == b'{"type":"EVENT","event":"AUDIO_END"}'
    assert live.encode_client(EndOfAudio(), AMBIENT) == b'{"type":"AUDIO","data":"RU9G"}'
    assert live.encode_client(Event(EventName.PAUSE), AMBIENT) == b'{"type":"EVENT","event":"PAUSE"}'
    assert json.loads(live.encode_client(StartTime("2025-01-01T00:00:00Z"), AMBIENT)) == {
        "type": "START_TIME",
        "data": base64.b64encode(b"2025-01-01T00:00:00Z").decode(),
    }
    assert live.encode_server(EndOfResults(), "") == b'{"transcript":{"transcript":"EOF"}}'
    assert live.encode_server(Partial("no", "p1"), "") == (
        b'{"transcript":{"transcript":"no","words":[]},"is_final":false,"transcript_id":"p1"}'
    )
    final = Final("no pain", (TranscriptWord("no", "S1"), TranscriptWord("pain")))
    assert live.encode_server(final, "") == (
        b'{"transcript":{"transcript":"no pain","words":[{"word":"no","speaker":{"id":"S1"}},{"word":"pain"}]},'
        b'"is_final":true}'
    )


@pytest.mark.parametrize(
    ("message", "product"),
    [
        (StartTime("x"), DICTATION),
        (Event(EventName.PAUSE), DICTATION),
        (Partial("x"), AMBIENT),
        (EndOfResults(), DICTATION),
    ],
)
def test_a_message_that_the_product_does_not_have_is_our_fault(message, product):
    """Writing it is refused before it reaches a socket (S-79)."""
    with pytest.raises(LocalProtocolError, match="does not exist for this product"):
        live.encode_client(message, product)


@pytest.mark.parametrize("message", [StreamStatus("READY"), UnknownMessage("why", "raw")])
def test_a_status_is_not_written_in_this_dialect(message):
    """Status events belong to the other dialect (S-172)."""
    with pytest.raises(LocalProtocolError, match="live dialect"):
        live.encode_server(message, "")


SAMPLE = base64.b64encode(b"\x01\x02").decode()
BAD_FRAMES = {
    "two objects": ('{"type":"EVENT","event":"AUDIO_END"}{"type":"EVENT","event":"AUDIO_END"}', 1007),
    "nested brackets": ("[" * 10_000, 1007),
    "nested brackets in a field": ('{"type":"AUDIO","x":' + "[" * 10_000 + "}", 1007),
    "not JSON": ("hello", 1007),
    "nothing": ("", 1007),
    "an array": ("[]", 1007),
    "a number": ("1", 1007),
    "no type": ("{}", 1007),
    "a type that is no text": ('{"type":1}', 1007),
    "a lone surrogate": ('{"type":"\ud800"}', 1007),
    "binary": (b'{"type":"EVENT","event":"AUDIO_END"}', 1003),
}


@pytest.mark.parametrize("product", Product)
@pytest.mark.parametrize("name", BAD_FRAMES)
def test_a_frame_that_is_not_one_object_is_refused(name, product):
    """The refusal says what was expected, holds one line, and names the close code (S-72…S-74)."""
    raw, code = BAD_FRAMES[name]
    with pytest.raises(RemoteProtocolError, match=r"exactly one JSON object|one JSON object in a text frame") as caught:
        live.decode_client(raw, product)
    assert caught.value.close_code == code
    assert "\n" not in str(caught.value)


BAD_PAYLOADS = {
    "URL-safe alphabet": "_-8A",
    "no padding": "AQI",
    "a line feed": "AQ\nI=",
    "a blank": "AQ I=",
    "too much padding": "AQI==",
    "letters beyond ASCII": "é===",
}


@pytest.mark.parametrize("product", Product)
@pytest.mark.parametrize("name", BAD_PAYLOADS)
def test_a_payload_that_is_not_padded_standard_base64_is_refused(name, product):
    """The payload is counted in the error, never shown (S-77, S-155)."""
    payload = BAD_PAYLOADS[name]
    field = "audioData" if product is DICTATION else "data"
    with pytest.raises(RemoteProtocolError, match="payload is not Base64") as caught:
        live.decode_client(json.dumps({"type": "AUDIO", field: payload}), product)
    assert caught.value.close_code == 1007
    assert payload not in str(caught.value)


@pytest.mark.parametrize("product", Product)
@pytest.mark.parametrize("count", [1, 3, 3_199])
def test_audio_that_splits_a_sample_is_refused(count, product):
    """An odd byte count is half a sample (S-78)."""
    with pytest.raises(RemoteProtocolError, match=f"splits a 16-bit sample .*{count} bytes") as caught:
        live.decode_client(live.encode_audio(b"\x01" * count, product).decode(), product)
    assert caught.value.close_code == 1007


payloads = st.one_of(
    st.binary(max_size=9).map(lambda pcm: base64.b64encode(pcm).decode()),
    st.text('AQI=/+_- \n\\u0041"{}:,', max_size=12),
    st.text(max_size=6),
    st.just("RU9G"),
    st.just('AQI=","type":"EVENT'),
)


@given(payloads, st.sampled_from(Product))
def test_the_short_way_through_plain_audio_is_no_other_contract(payload, product):
    """A blank more sends a frame the long way round; message, or refusal and close code, are the same."""

    def read(raw):
        try:
            return live.decode_client(raw, product)
        except RemoteProtocolError as error:
            return error.problem, error.expected, error.close_code

    plain = live.encode_audio(b"", product).decode()
    assert plain.endswith('""}')
    raw = f'{plain[:-2]}{payload}"}}'
    short, long = read(raw), read(raw.replace('{"type"', '{ "type"', 1))
    if isinstance(short, UnknownMessage) and isinstance(long, UnknownMessage):
        short, long = short.reason, long.reason
    assert short == long


def test_a_mebibyte_of_audio_is_still_a_frame():
    """Size alone is for the transport to bound; the codec reads what it is given."""
    pcm = bytes(1024 * 1024)
    assert live.decode_client(live.encode_audio(pcm, DICTATION).decode(), DICTATION) == Audio(pcm)


def test_a_mebibyte_of_rubbish_is_refused_in_one_short_line():
    """The error does not repeat what it was given."""
    with pytest.raises(RemoteProtocolError) as caught:
        live.decode_client("x" * 1024 * 1024, DICTATION)
    assert len(str(caught.value)) < 300
    with pytest.raises(RemoteProtocolError) as caught:
        live.decode_client('{"type":"' + "x" * 1024 * 1024, DICTATION)
    assert len(str(caught.value)) < 300
    unknown = live.decode_client(json.dumps({"type": "x" * 1024 * 1024}), DICTATION)
    assert len(unknown.reason) < 100


@pytest.mark.parametrize(
    ("frame", "product"),
    [
        ({"type": "AUDIO", "data": SAMPLE}, DICTATION),
        ({"type": "AUDIO", "audioData": SAMPLE}, AMBIENT),
        ({"type": "AUDIO"}, DICTATION),
        ({"type": "AUDIO", "audioData": ""}, DICTATION),
        ({"type": "AUDIO", "data": ""}, AMBIENT),
        ({"type": "START_TIME", "data": ""}, DICTATION),
        ({"type": "EVENT", "event": "PAUSE"}, DICTATION),
        ({"type": "EVENT", "event": "AUDIO_END"}, AMBIENT),
        ({"type": "EVENT", "event": "SLEEP"}, AMBIENT),
        ({"type": "EVENT"}, AMBIENT),
        ({"type": "EVENT"}, DICTATION),
        ({"type": "audio", "audioData": SAMPLE}, DICTATION),
    ],
)
def test_a_message_of_another_product_is_not_taken_for_audio(frame, product):
    """Well-formed JSON that means nothing here is unknown: neither audio nor an error (S-76, S-152)."""
    message = live.decode_client(json.dumps(frame), product)
    assert isinstance(message, UnknownMessage)
    assert message.raw == json.dumps(frame)


@pytest.mark.parametrize("product", STREAMS)
def test_the_end_marker_ends_audio_only_where_it_is_one(product):
    """``RU9G`` is the end on ``/ws/stream`` and three odd bytes of audio on ``/ws/transcribe`` (S-80, S-161)."""
    assert live.decode_client('{"type":"AUDIO","data":"RU9G"}', product) == EndOfAudio()
    with pytest.raises(RemoteProtocolError, match="splits a 16-bit sample"):
        live.decode_client('{"type":"AUDIO","audioData":"RU9G"}', DICTATION)


def test_fields_that_are_not_known_are_ignored():
    """A newer client may say more (S-7)."""
    raw = f'{{"type":"AUDIO","audioData":"{SAMPLE}","later":{{"x":[1]}}}}'
    assert live.decode_client(raw, DICTATION) == Audio(b"\x01\x02")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
transcript_like = st.fixed_dictionaries(
    {},
    optional={
        "transcript": anything | st.fixed_dictionaries({"transcript": texts | anything}, optional={"words": anything}),
        "is_final": st.booleans() | anything,
        "transcript_id": ids | anything,
    },
)


@given(texts | st.binary(max_size=40) | anything.map(json.dumps) | transcript_like.map(json.dumps))
@example("[" * 10_000)
@example('{"transcript":' * 5_000)
@example("\ud800")
@example(b"\xff")
@example('{"transcript":{"transcript":"a","words":' + "[" * 10_000 + "}}")
@example('{"transcript":{"transcript":"a","words":' + "[" * 900 + "]" * 900 + '},"is_final":true}')
def test_no_frame_makes_the_client_raise(raw):
    """Whatever comes, the client gets a message (S-102)."""
    message = live.decode_server(raw)
    assert isinstance(message, Partial | Final | EndOfResults | UnknownMessage)
    if isinstance(message, UnknownMessage):
        assert message.raw == raw
        assert message.reason


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("null", ()),
        ('"no"', ()),
        ('[{"word":1}]', ()),
        ('[{"word":"no","speaker":"S1"}]', ()),
        ('[{"word":"no","speaker":null}]', (TranscriptWord("no"),)),
        ('[{"word":"no","confidence":0.5}]', (TranscriptWord("no"),)),
    ],
)
def test_malformed_words_cost_the_words_and_not_the_text(words, expected):
    """A final is kept whatever its words look like (S-88)."""
    raw = f'{{"transcript":{{"transcript":"no pain","words":{words}}},"is_final":true}}'
    assert live.decode_server(raw) == Final("no pain", expected)


def test_a_terminal_frame_is_exactly_that():
    """EOF with an id or with words is a word somebody said (S-98)."""
    assert live.decode_server('{"transcript":{"transcript":"EOF"}}') == EndOfResults()
    assert live.decode_server('{"transcript":{"transcript":"EOF","words":[]},"is_final":true}') == EndOfResults()
    said = '{"transcript":{"transcript":"EOF","words":[{"word":"EOF"}]},"is_final":true}'
    assert live.decode_server(said) == Final("EOF", (TranscriptWord("EOF"),))
    named = '{"transcript":{"transcript":"EOF"},"is_final":false,"transcript_id":"7"}'
    assert live.decode_server(named) == Partial("EOF", "7")


def test_a_transcript_without_its_kind_is_unknown():
    """Neither partial nor final: kept as it came."""
    message = live.decode_server('{"transcript":{"transcript":"no"}}')
    assert message == UnknownMessage("transcript without is_final", '{"transcript":{"transcript":"no"}}')
