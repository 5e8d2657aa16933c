"""What a client's well-formed frame that is no message was most probably meant to be, and how to write it (S-214).

Both codecs ask here. Nothing of what is returned is content: names are repeated only where they look like names of a
protocol, and payloads never.
"""

from __future__ import annotations

import re

import msgspec

from workbench.protocol.messages import Dialect, EventName, Product, UnknownMessage

__all__ = ["ClientFrame", "audio_field", "end_marker", "no_samples", "unknown_message"]

_TYPES = ("START_TIME", "AUDIO", "EVENT")
_END_TYPES = frozenset({"end_of_stream", "end_of_audio", "eof", "stop", "close", "audio_end", "end"})
_NAME = re.compile(r"[A-Z_]{1,24}|end_of_[a-z]{1,8}|audio|event|start_time")


class ClientFrame(msgspec.Struct):
    """A client's frame as far as any dialect reads it."""

    type: str
    audioData: str | None = None  # noqa: N815  the wire's own spelling
    data: str | None = None
    event: str | None = None
    startTime: str | None = None  # noqa: N815


def audio_field(product: Product) -> str:
    """The member that carries audio."""
    return "audioData" if product is Product.DICTATION else "data"


def end_marker(product: Product) -> str:
    """The frame that ends the audio of a connection."""
    if product is Product.DICTATION:
        return '{"type":"EVENT","event":"AUDIO_END"}'
    return '{"type":"AUDIO","data":"RU9G"}'


def no_samples(raw: str) -> UnknownMessage:
    """An AUDIO frame that is empty."""
    return UnknownMessage("AUDIO with no samples", raw, "Send a chunk when it holds samples")


def unknown_message(frame: ClientFrame, raw: str, product: Product, dialect: Dialect = Dialect.LIVE) -> UnknownMessage:
    """The frame with what is wrong with it and what to write instead.

    Args:
        frame: decoded.
        raw: as it came.
        product: what the connection carries.
        dialect: how its messages are written.
    """
    if frame.type == "AUDIO":
        reason, remedy = _audio(frame, product)
    elif frame.type == "EVENT":
        reason, remedy = _event(frame, product, dialect)
    elif frame.type == "START_TIME":
        reason, remedy = _start_time(product)
    else:
        reason, remedy = _type(frame.type, product)
    return UnknownMessage(reason, raw, remedy)


def _named(text: str) -> str:
    """A name that may be repeated, or its length."""
    return repr(text) if _NAME.fullmatch(text) else f"of {len(text)} characters"


def _audio(frame: ClientFrame, product: Product) -> tuple[str, str]:
    field = audio_field(product)
    other = frame.data if product is Product.DICTATION else frame.audioData
    if other is None:
        return f"AUDIO without {field!r}", f"Put the Base64 of the samples into {field!r}"
    wrong = "data" if product is Product.DICTATION else "audioData"
    return f"AUDIO carries {wrong!r}, which is not read for {product.value}", f"Rename the member to {field!r}"


def _event(frame: ClientFrame, product: Product, dialect: Dialect) -> tuple[str, str]:
    name = frame.event
    if name is None:
        where = "in 'data'" if frame.data is not None else "nowhere"
        return f"EVENT names its event {where}", "Put the name into 'event'"
    if product is Product.DICTATION:
        if name in EventName.__members__:
            return f"event {name!r} is not part of dictation", "Open a connection for each utterance instead of pausing"
        return f"event {_named(name)} is not part of dictation", "The only event of dictation is AUDIO_END"
    if name in ("AUDIO_END", "EOF"):
        return f"event {name!r} does not end the audio of {product.value}", f"End it with {end_marker(product)}"
    if dialect is Dialect.ASYNCAPI:
        return f"event {_named(name)}: this dialect has no events on this socket", "Leave events out"
    return f"event {_named(name)} is not part of {product.value}", "Use " + ", ".join(EventName.__members__)


def _start_time(product: Product) -> tuple[str, str]:
    if product is Product.DICTATION:
        return "START_TIME is not part of dictation", "Begin with AUDIO"
    return "START_TIME without 'startTime'", "Put the RFC 3339 text, without Base64, into 'startTime'"


def _type(name: str, product: Product) -> tuple[str, str]:
    if name.lower() in _END_TYPES:
        return f"type {_named(name)} does not end the audio", f"End it with {end_marker(product)}"
    if name.upper() in _TYPES:
        return f"type {_named(name)} is not spelled as documented", f"Write {name.upper()!r}"
    return f"type {_named(name)} is not part of {product.value}", "Use START_TIME, AUDIO or EVENT"
