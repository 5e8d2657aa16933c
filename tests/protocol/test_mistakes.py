"""What is said of a frame that is no message: for every product and dialect, a clause and a remedy without content."""

import json

import pytest

from workbench.protocol.messages import Dialect, Final, Partial, Product, TranscriptWord, UnknownMessage
from workbench.protocol.mistakes import end_marker
from workbench.protocol.stream import codec_for, is_terminal_text

CONTENT = "Ada Lovelace has chest pain"
FRAMES = [
    {"type": "AUDIO"},
    {"type": "AUDIO", "data": "AAA="},
    {"type": "AUDIO", "audioData": "AAA="},
    {"type": "AUDIO", "audioData": "", "data": ""},
    {"type": "EVENT"},
    {"type": "EVENT", "data": CONTENT},
    {"type": "EVENT", "event": "PAUSE"},
    {"type": "EVENT", "event": "EOF"},
    {"type": "EVENT", "event": "AUDIO_END"},
    {"type": "EVENT", "event": CONTENT},
    {"type": "START_TIME"},
    {"type": "start_time"},
    {"type": "end_of_stream"},
    {"type": CONTENT},
]


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize("product", Product)
@pytest.mark.parametrize("frame", FRAMES, ids=json.dumps)
def test_every_unknown_frame_has_a_remedy_and_no_content(dialect, product, frame):
    """A message of the product, or a clause and what to send instead."""
    message = codec_for(dialect).decode_client(json.dumps(frame), product)
    if isinstance(message, UnknownMessage):
        assert message.reason
        assert message.remedy
        assert CONTENT not in message.reason + message.remedy
        assert CONTENT not in repr(message)


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize("product", Product)
def test_the_marker_of_a_remedy_ends_the_audio(dialect, product):
    """What is proposed is what the codec takes."""
    codec = codec_for(dialect)
    message = codec.decode_client(end_marker(product), product)
    assert json.loads(codec.encode_client(message, product)) == json.loads(end_marker(product))


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (Partial("EOF"), True),
        (Final("EOF", (), "t"), True),
        (Final("EOF", (TranscriptWord("EOF"),)), False),
        (Final("eof"), False),
        (UnknownMessage("x", "EOF"), False),
    ],
)
def test_a_terminal_frame_in_disguise(message, expected):
    """By its text and its want of words, in the live dialect; the other one has a type for it (S-220)."""
    assert is_terminal_text(message, Dialect.LIVE) is expected
    assert not is_terminal_text(message, Dialect.ASYNCAPI)
