"""Codec of the AsyncAPI 1.0.0 dialect: a third party's description, never mixed with the live one (S-200…S-204).

The same two ends as in :mod:`workbench.protocol.live`: the server side refuses, the client side never raises. The
dialect has no control events; a message that it lacks is a fault of the caller.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from workbench.errors import LocalProtocolError, RemoteProtocolError
from workbench.protocol.live import END_MARKER, base64_audio, encode_audio, one_object
from workbench.protocol.messages import (
    Audio,
    ClientMessage,
    Dialect,
    EndOfAudio,
    EndOfResults,
    Final,
    Partial,
    Product,
    ServerMessage,
    StartTime,
    StreamStatus,
    UnknownMessage,
)
from workbench.protocol.mistakes import ClientFrame, no_samples, unknown_message

__all__ = ["decode_client", "decode_server", "encode_client", "encode_server"]

_STATUSES = ("STATUS", "ERROR", "READY", "ENDED")
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.IGNORECASE)
_encode = msgspec.json.Encoder().encode


class _ServerFrame(msgspec.Struct):
    type: str | None = None
    transcript: str | None = None
    isFinal: bool | None = None  # noqa: N815  the wire's own spelling
    message: str | None = None


_client_decoder = msgspec.json.Decoder(ClientFrame)
_server_decoder = msgspec.json.Decoder(_ServerFrame)


def encode_client(message: ClientMessage, product: Product) -> bytes:
    """A client message as UTF-8 bytes. Raises LocalProtocolError for one that the dialect does not have."""
    match message:
        case Audio(pcm):
            return encode_audio(pcm, product)
        case EndOfAudio() if product is Product.DICTATION:
            return _encode({"type": "EVENT", "event": "AUDIO_END"})
        case EndOfAudio():
            return _encode({"type": "AUDIO", "data": END_MARKER})
        case StartTime(at) if product is not Product.DICTATION:
            return _encode({"type": "START_TIME", "startTime": at})
    raise LocalProtocolError(
        "message does not exist in the asyncapi dialect",
        item=product.value,
        got=type(message).__name__,
        expected="StartTime, Audio or EndOfAudio",
    )


def decode_client(raw: str | bytes, product: Product) -> ClientMessage | UnknownMessage:
    """A client's frame as the server reads it. Raises RemoteProtocolError where the dialect refuses it."""
    frame, raw = one_object(raw, _client_decoder)
    dictation = product is Product.DICTATION
    if frame.type == "AUDIO":
        text = frame.audioData if dictation else frame.data
        if text is None:
            return unknown_message(frame, raw, product, Dialect.ASYNCAPI)
        if text == END_MARKER and not dictation:
            return EndOfAudio()
        pcm = base64_audio(text)
        return Audio(pcm) if pcm else no_samples(raw)
    if frame.type == "EVENT" and dictation and frame.event == "AUDIO_END":
        return EndOfAudio()
    if frame.type == "START_TIME" and not dictation and frame.startTime is not None:
        if not _DATE_TIME.fullmatch(frame.startTime):
            raise RemoteProtocolError("startTime is not a date-time", expected="RFC 3339", close_code=1007)
        return StartTime(frame.startTime)
    return unknown_message(frame, raw, product, Dialect.ASYNCAPI)


def encode_server(message: ServerMessage, session_id: str) -> bytes:
    """A server message as UTF-8 bytes; words and transcript ids have no place in this dialect."""
    frame: dict[str, Any]
    match message:
        case Partial(text):
            frame = {"type": "PARTIAL", "transcript": text, "isFinal": False}
        case Final(text):
            frame = {"type": "FINAL", "transcript": text, "isFinal": True}
        case EndOfResults():
            frame = {"type": "EOF"}
        case StreamStatus(kind, words):
            frame = {"type": kind, "message": words}
        case _:
            raise LocalProtocolError(
                "message does not exist in the asyncapi dialect", got=type(message).__name__, expected="a response"
            )
    return _encode(frame | {"sessionId": session_id})


def decode_server(raw: str | bytes) -> ServerMessage:
    """A server's frame as the client reads it; never raises (S-203)."""
    if isinstance(raw, bytes):
        return UnknownMessage("binary frame", raw)
    try:
        frame = _server_decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        return UnknownMessage(f"not a frame of the asyncapi dialect: {error}", raw)
    if frame.type == "EOF":
        return EndOfResults()
    if frame.type in _STATUSES:
        return StreamStatus(frame.type, frame.message or "")
    if frame.transcript is not None and frame.type in ("PARTIAL", "FINAL"):
        if frame.type == "FINAL" or frame.isFinal:
            return Final(frame.transcript)
        return Partial(frame.transcript)
    return UnknownMessage("neither a response nor a status", raw)
