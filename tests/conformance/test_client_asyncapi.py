"""Client rules of the AsyncAPI dialect's frames."""

import json

import pytest

from workbench.protocol.messages import Audio, Dialect, EndOfResults, Final, Partial, Product, StartTime
from workbench.protocol.stream import Role, StreamSession


@pytest.mark.rule("S-203")
def test_start_time_is_plain_and_flat_frames_are_read():
    """``startTime`` out; ``type``, ``transcript``, ``isFinal`` in."""
    ambient = StreamSession(Role.CLIENT, Product.AMBIENT, Dialect.ASYNCAPI)
    start = json.loads(ambient.send(StartTime("2026-04-25T12:34:56Z")))
    assert start == {"type": "START_TIME", "startTime": "2026-04-25T12:34:56Z"}
    dictation = StreamSession(Role.CLIENT, Product.DICTATION, Dialect.ASYNCAPI)
    dictation.send(Audio(b"\0\0"))
    frames = [
        {"type": "PARTIAL", "transcript": "a", "isFinal": False, "sessionId": "s"},
        {"type": "FINAL", "transcript": "a b", "isFinal": True, "sessionId": "s"},
        {"type": "EOF"},
    ]
    found = [dictation.receive_server(json.dumps(frame)) for frame in frames]
    assert found == [Partial("a"), Final("a b"), EndOfResults()]
    assert dictation.violations == []
