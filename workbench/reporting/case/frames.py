"""Frames of a session as lines of JSON: every time and id, and what was said only where it is not redacted.

Recorded frames hold no token. A case leaves the house, so it looks once more: a value whose name speaks of a secret,
what looks like a token, and the secrets of this environment are cut out of every text.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from workbench.client.live_secrets import LiveSecrets
from workbench.protocol.messages import Final, Partial
from workbench.protocol.stream import codec_for
from workbench.recording.frame import Frame, FrameKind
from workbench.recording.record import SessionRecord
from workbench.reporting.case.words import utc_text, wall_ns
from workbench.settings import TOKEN, secrets_of

__all__ = ["Cleaner", "frame_lines", "remote_ids"]

_BLOT = "***"
_SECRET_NAME = re.compile(r"token|secret|passw|authori[sz]|credential|api.?key|jwt|cookie", re.IGNORECASE)
_ID_NAME = re.compile(r"(?:^|_)(?:id|uuid)$|[a-z]I[dD]$", re.ASCII)
_ID = re.compile(r"[\w.:-]{1,100}", re.ASCII)
"""An id is one word: whatever a service calls so, a sentence is none."""
_STAMPS = ("due_ns", "sent_ns", "flushed_ns", "received_ns")


class Cleaner:
    """Cuts secrets out of texts; repeats none of them."""

    def __init__(self) -> None:
        self._secrets = LiveSecrets(secret.reveal() for secret in secrets_of(os.environ))

    def cut(self, text: str) -> str:
        """The text without what is a secret here, and without what looks like a token."""
        return TOKEN.sub(_BLOT, self._secrets.cut(text))

    def frame(self, text: str) -> str:
        """The text of a frame, cut; of JSON, values whose name speaks of a secret are left out, too."""
        with contextlib.suppress(msgspec.DecodeError, UnicodeError, RecursionError):  # no JSON: it is cut as it is
            text = msgspec.json.encode(_without_secrets(msgspec.json.decode(text))).decode()
        return self.cut(text)


def _without_secrets(value: object) -> object:
    if isinstance(value, dict):
        return {k: _BLOT if _SECRET_NAME.search(str(k)) else _without_secrets(v) for k, v in value.items()}
    return [_without_secrets(one) for one in value] if isinstance(value, list) else value


def frame_lines(record: SessionRecord, cleaner: Cleaner, *, redact: bool) -> Iterator[dict[str, Any]]:
    """One dictionary a frame, in order: direction, kind, times in ns from time zero and in UTC, ids and text.

    Args:
        record: the session.
        cleaner: for every text.
        redact: leave out what a text says; a transcript message has its number of words instead.
    """
    zero = record.start_ns or record.mono_start_ns
    codec = codec_for(record.dialect)
    for number, frame in enumerate(record.frames.frames()):
        line: dict[str, Any] = {
            "frame": number,
            "from": "client" if frame.sent else "service",
            "kind": frame.kind.value,
        }
        line |= {name: value for name in ("chunk", "end_sample") if (value := getattr(frame, name)) is not None}
        line |= {name: value - zero for name in _STAMPS if (value := getattr(frame, name)) is not None}
        at_ns = frame.sent_ns if frame.received_ns is None else frame.received_ns
        line["utc"] = None if at_ns is None else utc_text(wall_ns(record, at_ns), date=True)
        line["bytes"] = frame.wire_bytes
        if frame.kind is FrameKind.TEXT and frame.text is not None:
            line["message"] = _message(codec.decode_server(frame.text))
        if frame.kind is FrameKind.REST and frame.text is not None:
            line |= _rest(frame, cleaner)
        if not redact and frame.text is not None:
            line["text"] = cleaner.frame(frame.text)
        yield line


def _message(message: object) -> dict[str, Any]:
    """What a message is: its kind, its id and how many words it has."""
    found: dict[str, Any] = {"is": type(message).__name__}
    if isinstance(message, Partial | Final):
        found["words"] = len(message.text.split())
        if message.transcript_id is not None and _ID.fullmatch(message.transcript_id):
            found["id"] = message.transcript_id
    return found


def _rest(frame: Frame, cleaner: Cleaner) -> dict[str, Any]:
    """Call, status and ids of a request and its answer."""
    try:
        held = msgspec.json.decode(cleaner.frame(frame.text or ""))
    except (msgspec.DecodeError, RecursionError):
        return {}
    if not isinstance(held, dict):
        return {}
    found = {name: held.get(name) for name in ("call", "status")}
    return {**found, "ids": sorted(set(_ids(held.get("body"))))}


def _ids(value: object, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, held in value.items():
            yield from _ids(held, str(key))
    elif isinstance(value, list):
        for one in value:
            yield from _ids(one, name)
    elif isinstance(value, str) and _ID_NAME.search(name) and _ID.fullmatch(value) and value != _BLOT:
        yield f"{name}={value}"


def remote_ids(record: SessionRecord, cleaner: Cleaner) -> list[str]:
    """Ids by which the service knows the session: its own first, then those of all answers, each once."""
    own = [] if record.remote_id is None else [f"session={record.remote_id}"]
    frames = (frame for frame in record.frames.frames(audio=False) if frame.kind is FrameKind.REST)
    return list(dict.fromkeys([*own, *(one for frame in frames for one in _rest(frame, cleaner).get("ids", ()))]))
