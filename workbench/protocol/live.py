"""Codec of the vendor's live documentation (rules S-72…S-98 and S-148…S-174).

House rules: one text frame holds exactly one JSON object. The server side is strict and says what it refuses; the
client side is tolerant and never raises, because a paid session must not die of a field it does not know.
"""

from __future__ import annotations

import binascii
from typing import TypeVar

import msgspec
import pybase64

from workbench.errors import LocalProtocolError, RemoteProtocolError
from workbench.protocol.messages import (
    Audio,
    ClientMessage,
    EndOfAudio,
    EndOfResults,
    Event,
    EventName,
    Final,
    Partial,
    Product,
    ServerMessage,
    StartTime,
    TranscriptWord,
    UnknownMessage,
)
from workbench.protocol.mistakes import ClientFrame, no_samples, unknown_message

__all__ = [
    "END_MARKER",
    "base64_audio",
    "decode_client",
    "decode_server",
    "encode_audio",
    "encode_client",
    "encode_server",
    "one_object",
]

_T = TypeVar("_T")

END_MARKER = "RU9G"
"""Base64 of the three bytes ``EOF``; odd, so it cannot collide with 16-bit audio (S-159, S-161)."""

_DICTATION_HEAD, _STREAM_HEAD, _AUDIO_TAIL = '{"type":"AUDIO","audioData":"', '{"type":"AUDIO","data":"', '"}'
"""What stands around the Base64 of an AUDIO frame as :func:`encode_audio` and most clients write it."""

_DICTATION = Product.DICTATION  # looked up for every frame, and a member takes a call

_AUDIO_END = b'{"type":"EVENT","event":"AUDIO_END"}'
_END_OF_STREAM = b'{"type":"AUDIO","data":"RU9G"}'
_TERMINAL = b'{"transcript":{"transcript":"EOF"}}'


class _Speaker(msgspec.Struct):
    id: str


class _Word(msgspec.Struct, omit_defaults=True):
    word: str
    speaker: _Speaker | None = None


class _Transcript(msgspec.Struct):
    transcript: str
    words: msgspec.Raw = msgspec.Raw(b"[]")


class _ServerFrame(msgspec.Struct):
    transcript: _Transcript
    is_final: bool | None = None
    transcript_id: str | None = None


class _WrittenTranscript(msgspec.Struct):
    transcript: str
    words: list[_Word]


class _WrittenFrame(msgspec.Struct, omit_defaults=True):
    """A transcript as it is written; a struct takes half of what dictionaries take."""

    transcript: _WrittenTranscript
    is_final: bool
    transcript_id: str | None = None


_client_decoder = msgspec.json.Decoder(ClientFrame)
_server_decoder = msgspec.json.Decoder(_ServerFrame)
_words_decoder = msgspec.json.Decoder(list[_Word])
_encode = msgspec.json.Encoder().encode


def encode_audio(pcm: bytes, product: Product) -> bytes:
    """The AUDIO frame for ``pcm`` (mono PCM_S16LE).

    Plain concatenation around base64 costs 2 us for 100 ms of audio; a JSON encoder costs 5 to 35.
    """
    head = _DICTATION_HEAD if product is Product.DICTATION else _STREAM_HEAD
    return head.encode() + pybase64.b64encode(pcm) + _AUDIO_TAIL.encode()


def encode_client(message: ClientMessage, product: Product) -> bytes:
    """A client message as UTF-8 bytes. Raises LocalProtocolError for one that the product does not have."""
    match message:
        case Audio(pcm):
            return encode_audio(pcm, product)
        case EndOfAudio():
            return _AUDIO_END if product is Product.DICTATION else _END_OF_STREAM
        case StartTime(at) if product is not Product.DICTATION:
            return _encode({"type": "START_TIME", "data": pybase64.b64encode(at.encode()).decode()})
        case Event(name) if product is not Product.DICTATION:
            return _encode({"type": "EVENT", "event": name.value})
    raise LocalProtocolError(
        "message does not exist for this product",
        item=product.value,
        got=type(message).__name__,
        expected="Audio or EndOfAudio",
    )


def decode_client(raw: str | bytes, product: Product) -> ClientMessage | UnknownMessage:
    """A client's frame as the server reads it.

    Returns UnknownMessage for well-formed JSON that is no message of this product (S-76). Raises
    RemoteProtocolError for what is not one JSON object (S-74), bad Base64 (S-155) or split samples (S-78).
    """
    plain = _plain_audio(raw, product)
    if plain is not None:
        return plain
    frame, text = one_object(raw, _client_decoder)
    if frame.type == "AUDIO":
        return _decode_audio(frame, product, text)
    if frame.type == "EVENT":
        return _decode_event(frame, product, text)
    if frame.type == "START_TIME" and product is not Product.DICTATION:
        return StartTime(_base64_bytes(frame.data or "").decode("utf-8", "replace"))
    return unknown_message(frame, text, product)


def _plain_audio(raw: str | bytes, product: Product) -> Audio | None:
    """A frame written as :func:`encode_audio` does, at a third of what a JSON decoder costs; None for any other.

    Nothing but Base64 between these two ends is such an object, and a faulty one is told from the whole frame.
    """
    head = _DICTATION_HEAD if product is _DICTATION else _STREAM_HEAD
    size = len(head)
    if isinstance(raw, bytes) or raw[:size] != head or raw[-2:] != _AUDIO_TAIL:
        return None
    try:
        pcm = pybase64.b64decode(raw[size:-2], None, True)
    except (binascii.Error, ValueError):
        return None
    return Audio(pcm) if pcm and not len(pcm) % 2 else None


def one_object(raw: str | bytes, decoder: msgspec.json.Decoder[_T]) -> tuple[_T, str]:
    """The object of a client's frame, and the frame's text.

    Raises:
        RemoteProtocolError: a binary frame (S-73), or text that is not one such object (S-72, S-74).
    """
    if isinstance(raw, bytes):
        raise RemoteProtocolError("binary frame", expected="one JSON object in a text frame", close_code=1003)
    try:
        return decoder.decode(raw), raw
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        # msgspec names the JSON path and the type, never the value; that is safe to pass on.
        raise RemoteProtocolError(
            "frame is not a message",
            got=str(error),
            expected="exactly one JSON object",
            close_code=1007,
        ) from None


def _decode_audio(frame: ClientFrame, product: Product, raw: str) -> ClientMessage | UnknownMessage:
    text = frame.audioData if product is Product.DICTATION else frame.data
    if text is None:
        return unknown_message(frame, raw, product)
    if text == END_MARKER and product is not Product.DICTATION:
        return EndOfAudio()
    pcm = base64_audio(text)
    return Audio(pcm) if pcm else no_samples(raw)


def base64_audio(text: str) -> bytes:
    """Samples of an AUDIO frame. Raises RemoteProtocolError for what is no Base64 (S-155) or splits a sample (S-78)."""
    pcm = _base64_bytes(text)
    if len(pcm) % 2:
        raise RemoteProtocolError(
            "audio splits a 16-bit sample",
            got=f"{len(pcm)} bytes",
            expected="AUDIO_END: that marker ends audio on /ws/stream alone" if text == END_MARKER else "an even count",
            close_code=1007,
        )
    return pcm


def _decode_event(frame: ClientFrame, product: Product, raw: str) -> ClientMessage | UnknownMessage:
    if product is Product.DICTATION:
        if frame.event == "AUDIO_END":
            return EndOfAudio()
    elif frame.event is not None and frame.event in EventName.__members__:
        return Event(EventName[frame.event])
    return unknown_message(frame, raw, product)


def _base64_bytes(text: str) -> bytes:
    try:
        return pybase64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise RemoteProtocolError(
            "payload is not Base64",
            got=f"{len(text)} characters",
            expected="the padded standard alphabet of RFC 4648 section 4",
            close_code=1007,
        ) from None


def encode_server(message: ServerMessage, session_id: str) -> bytes:
    """A server message as UTF-8 bytes (S-86, S-87, S-94)."""
    match message:
        case EndOfResults():
            return _TERMINAL
        case Partial(text, transcript_id):
            return _encode(_WrittenFrame(_WrittenTranscript(text, []), False, transcript_id))
        case Final(text, words, transcript_id):
            return _encode(_WrittenFrame(_WrittenTranscript(text, [_word(w) for w in words]), True, transcript_id))
    raise LocalProtocolError(
        "message does not exist in the live dialect",
        got=type(message).__name__,
        expected="a transcript",
    )


def _word(word: TranscriptWord) -> _Word:
    return _Word(word.text, None if word.speaker is None else _Speaker(word.speaker))


def decode_server(raw: str | bytes) -> ServerMessage:
    """A server's frame as the client reads it; never raises (S-102)."""
    if isinstance(raw, bytes):
        return UnknownMessage("binary frame", raw)
    try:
        frame = _server_decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        return UnknownMessage(f"not a transcript frame: {error}", raw)
    text = frame.transcript.transcript
    words: tuple[TranscriptWord, ...] = ()
    if frame.is_final or text == "EOF":  # a partial has none (S-86)
        words = _decode_words(frame.transcript.words)
    if text == "EOF" and not words and (frame.is_final is None or frame.transcript_id is None):
        return EndOfResults()  # what else looks so, an id and a flag with it, the order of the stream decides (S-220)
    if frame.is_final is None:
        return UnknownMessage("transcript without is_final", raw)
    if frame.is_final:
        return Final(text, words, frame.transcript_id)
    return Partial(text, frame.transcript_id)


def _decode_words(raw: msgspec.Raw) -> tuple[TranscriptWord, ...]:
    """Words of a final; malformed entries cost the words, never the text."""
    try:
        words = _words_decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return ()
    return tuple(TranscriptWord(w.word, w.speaker.id if w.speaker else None) for w in words)
