"""The messages of the AsyncAPI 1.0.0 document as JSON Schemas, for frames in either direction."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema

__all__ = ["from_client", "from_server", "valid"]

SCHEMAS = json.loads((Path(__file__).parent / "data" / "asyncapi-1.0.0.json").read_text())


def valid(raw, name: str) -> dict:
    """The frame, after it passed its schema."""
    frame = json.loads(raw)
    jsonschema.validate(frame, SCHEMAS[name], format_checker=jsonschema.FormatChecker())
    return frame


def from_client(raw, *, dictation: bool) -> dict:
    """A frame that a client sent on a socket."""
    kind = json.loads(raw)["type"]
    if dictation:
        return valid(raw, {"AUDIO": "DictationAudioFrame", "EVENT": "DictationAudioEnd"}[kind])
    return valid(raw, {"AUDIO": "AmbientAudioFrame", "START_TIME": "AmbientStartTime"}[kind])


def from_server(raw, *, dictation: bool) -> dict:
    """A frame that a service sent on a socket."""
    return valid(raw, "TranscriptionStreamResponse" if dictation else "StreamStatusEvent")
