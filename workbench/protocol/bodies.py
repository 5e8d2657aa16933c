"""REST bodies and the error envelope, as the live documentation writes them.

Requests name only documented fields, responses tolerate missing ones (S-6, S-54). Unknown fields are ignored everywhere
(S-7 for the simulator, S-6 for the client).
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from workbench.protocol.context import Uuid

__all__ = [
    "AudioConfigBody",
    "CreateDictation",
    "CreatedDictation",
    "DictationResult",
    "ErrorEnvelope",
    "LoggedIn",
    "Login",
    "Register",
    "envelope_message",
    "error_id_of",
]


RATES_HZ = (8_000, 48_000)
"""Least and greatest rate that is accepted. Only 16 kHz is documented; others serve experiments."""


class ErrorEnvelope(msgspec.Struct):
    """Body of every 4xx and 5xx (S-30)."""

    code: int = 0
    message: str = ""


class Login(msgspec.Struct, omit_defaults=True):
    """POST /api/v1/auth/login (S-8, S-21)."""

    partner_id: str
    partner_token: str
    provider_id: str | None = None


class LoggedIn(msgspec.Struct, omit_defaults=True):
    """Answer to login (S-9, S-10)."""

    suki_token: str
    jwt_bearer: str | None = None


class Register(msgspec.Struct, omit_defaults=True):
    """POST /api/v1/auth/register (S-19, S-20)."""

    partner_id: str
    partner_token: str
    provider_name: str
    provider_org_id: str
    provider_id: str | None = None
    provider_specialty: str = "FAMILY_MEDICINE"


class AudioConfigBody(msgspec.Struct, omit_defaults=True):
    """``audio_config`` of a dictation session (S-45…S-47)."""

    audio_encoding: Literal["LINEAR16"] | None = None
    audio_language: Literal["en-US"] | None = None
    sample_rate_hertz: Annotated[int, msgspec.Meta(ge=RATES_HZ[0], le=RATES_HZ[1])] | None = None


class CreateDictation(msgspec.Struct, omit_defaults=True):
    """POST /api/v1/transcription/session/create (S-40…S-44)."""

    transcription_session_id: Uuid | None = None
    audio_config: AudioConfigBody | None = None


class CreatedDictation(msgspec.Struct):
    """Answer to create."""

    transcription_session_id: str


class DictationResult(msgspec.Struct, omit_defaults=True):
    """Answer to end; any field may be missing (S-52…S-55)."""

    transcription_session_id: str | None = None
    status: str | None = None
    final_transcript: str | None = None
    duration: int | float | None = None
    ended_at: str | None = None


def envelope_message(body: bytes) -> str:
    """The message of an error envelope, empty where the body is none.

    >>> envelope_message(b'{"code":401,"message":"invalid_sdp_token"}'), envelope_message(b"<html>")
    ('invalid_sdp_token', '')
    """
    try:
        return msgspec.json.decode(body, type=ErrorEnvelope).message
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""


def error_id_of(message: str) -> str | None:
    """The stable error id at the start of an envelope's message, or None for free text (S-31, S-32).

    >>> error_id_of("invalid_sdp_token: expired"), error_id_of("invalid request")
    ('invalid_sdp_token', None)
    """
    head = message.split(":", 1)[0].strip()
    return head if head and "_" in head and head.replace("_", "").isalnum() else None
