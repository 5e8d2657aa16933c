"""Bounds and times of the simulator, with the documented or safest defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import msgspec

from workbench.errors import InputError

__all__ = ["SimulatorLimits", "changed_limits"]


@dataclass(frozen=True, slots=True)
class SimulatorLimits:
    """How much and how long.

    Attributes:
        message_bytes: greatest socket message; larger ones close the socket with 1009. The documents are silent.
        body_bytes: greatest REST body; larger ones are refused with 413.
        idle_s: without audio for this long a stream is closed with 1008 (documented for ``/ws/stream``).
        release_s: from the loss of a socket in mid-stream to the session accepting another (S-108).
        token_life_s: life of a Suki token (S-12).
        refusal_status: HTTP status of a handshake that finds the session in the wrong state (S-64).
        legacy_subprotocol: whether the name ``SukiTranscriptionAuth`` of older pages is accepted (S-71).
        keep_alive_s: longest silence of a paused stream before it is closed; the documents name 5 s and 15 s (S-163).
        paused_s: after so long a pause a stream is closed although it is kept alive (S-165).
        staged_s: how long a form-filling session that has ended waits for its processing (S-182).
        processing_s: from then on to its result; of an ambient session from its end. The documents say 5 to 10 s.
        least_audio_s: an ambient session with less audio is skipped (S-137). The service may skip below a minute.
        recordings_bytes: bytes of audio held in memory; beyond it the oldest recordings of ended sessions are gone.
        recording_life_s: life of a recording; then it is gone (410).
        context_required: whether a form-filling stream is refused before a template is in the context (S-217).
        strict: whether frames and requests that break the contract are refused where they would be ignored (S-214).
        kept_sessions: sessions held in memory; beyond it the oldest one that is over is forgotten.
    """

    message_bytes: int = 1_048_576
    body_bytes: int = 1_048_576
    idle_s: float = 25.0
    release_s: float = 2.0
    token_life_s: float = 3600.0
    refusal_status: int = 412
    legacy_subprotocol: bool = False
    keep_alive_s: float = 5.0
    paused_s: float = 1800.0
    staged_s: float = 0.5
    processing_s: float = 7.0
    least_audio_s: float = 1.0
    recordings_bytes: int = 1_073_741_824
    recording_life_s: float = 604_800.0
    context_required: bool = False
    strict: bool = False
    kept_sessions: int = 10_000


def changed_limits(limits: SimulatorLimits, texts: Mapping[str, str]) -> SimulatorLimits:
    """Limits with some of them set.

    Args:
        limits: the others.
        texts: values as typed, by the names of :class:`SimulatorLimits`.

    Raises:
        InputError: no such limit, or a value of another type.

    >>> changed_limits(SimulatorLimits(), {"idle_s": "5"}).idle_s
    5.0
    """
    changes: dict[str, Any] = {}
    kinds = {field.name: type(getattr(limits, field.name)) for field in fields(limits)}
    for name, value in texts.items():
        if name not in kinds:
            raise InputError("no such limit", item=f"limits.{name}", expected="one of " + ", ".join(kinds))
        try:
            changes[name] = msgspec.convert(value, kinds[name], strict=False)
        except msgspec.ValidationError:
            raise InputError("not a value", item=f"limits.{name}", got=value, expected=kinds[name].__name__) from None
    return replace(limits, **changes)
