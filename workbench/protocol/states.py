"""States of the sessions of all products, as tables. All of their transitions live here.

This file does not know which side it is on: the simulator walks the table for every session it holds, and the
reference pages are drawn from it. Pairs that are not in the table are refused.
"""

from __future__ import annotations

from enum import Enum

from workbench.errors import RemoteProtocolError
from workbench.protocol.messages import Product

__all__ = [
    "AMBIENT_TRANSITIONS",
    "DICTATION_TRANSITIONS",
    "FORM_TRANSITIONS",
    "DictationEvent",
    "DictationState",
    "NoteEvent",
    "NoteState",
    "next_dictation_state",
    "next_note_state",
]


class DictationState(Enum):
    """States of a dictation session as the service names them (S-61, S-105)."""

    READY = "READY"
    RUNNING = "RUNNING"
    IDLE = "IDLE"
    COMPLETED = "COMPLETED"


class DictationEvent(Enum):
    """What can happen to a dictation session."""

    CONNECT = "socket opened"
    DRAINED = "results of the stream delivered"
    RELEASED = "lost socket released"
    END = "REST end"


_S, _E = DictationState, DictationEvent

DICTATION_TRANSITIONS: dict[tuple[DictationState, DictationEvent], DictationState] = {
    (_S.READY, _E.CONNECT): _S.RUNNING,
    (_S.IDLE, _E.CONNECT): _S.RUNNING,
    (_S.RUNNING, _E.DRAINED): _S.IDLE,  # S-104
    (_S.RUNNING, _E.RELEASED): _S.IDLE,  # S-108
    (_S.READY, _E.END): _S.COMPLETED,
    (_S.IDLE, _E.END): _S.COMPLETED,
    (_S.RUNNING, _E.END): _S.COMPLETED,  # S-111
    (_S.COMPLETED, _E.END): _S.COMPLETED,  # S-113: repeated end changes nothing
    (_S.COMPLETED, _E.DRAINED): _S.COMPLETED,  # the stream that REST end cut off finishes afterwards
    (_S.COMPLETED, _E.RELEASED): _S.COMPLETED,
}


def next_dictation_state(state: DictationState, event: DictationEvent) -> DictationState:
    """The state after ``event``; raises RemoteProtocolError where the contract refuses it (S-62)."""
    try:
        return DICTATION_TRANSITIONS[state, event]
    except KeyError:
        raise RemoteProtocolError(
            "transcript session is not accepting new speech sessions"
            if event is DictationEvent.CONNECT
            else f"{event.value} is not possible",
            got=state.value,
        ) from None


class NoteState(Enum):
    """States of an ambient or form-filling session."""

    CREATED = "created"
    READY = "ready"
    STREAMING = "streaming"
    STAGED = "staged"
    PROCESSING = "processing"
    COMPLETED = "completed"
    SKIPPED = "skipped"
    FAILED = "failed"
    ABORTED = "aborted"

    @property
    def status(self) -> str:
        """The value that the status endpoints give: streaming and processing are both ``running`` (S-132)."""
        return "running" if self in (NoteState.STREAMING, NoteState.PROCESSING) else self.value


class NoteEvent(Enum):
    """What can happen to an ambient or form-filling session."""

    CONTEXT = "context sent"
    CONNECT = "socket opened"
    AUDIO = "audio received"
    SEGMENT_OVER = "stream over"
    CANCEL = "CANCEL"
    END = "REST end"
    PROCESS = "processing started"
    MADE = "result made"
    NOTHING = "too little to make a result of"
    FAULT = "processing error"


_N, _M = NoteState, NoteEvent

_STREAMED: dict[tuple[NoteState, NoteEvent], NoteState] = {
    (_N.CREATED, _M.CONTEXT): _N.CREATED,
    (_N.READY, _M.CONTEXT): _N.READY,
    (_N.STREAMING, _M.CONTEXT): _N.STREAMING,
    (_N.CREATED, _M.CONNECT): _N.READY,
    (_N.READY, _M.CONNECT): _N.READY,  # after ABORT, a drop or a limit the same id streams again (S-167)
    (_N.READY, _M.AUDIO): _N.STREAMING,
    (_N.STREAMING, _M.AUDIO): _N.STREAMING,
    (_N.READY, _M.SEGMENT_OVER): _N.READY,
    (_N.STREAMING, _M.SEGMENT_OVER): _N.READY,
    (_N.READY, _M.CANCEL): _N.ABORTED,  # S-166
    (_N.STREAMING, _M.CANCEL): _N.ABORTED,
    (_N.PROCESSING, _M.MADE): _N.COMPLETED,
    (_N.PROCESSING, _M.FAULT): _N.FAILED,
}

AMBIENT_TRANSITIONS: dict[tuple[NoteState, NoteEvent], NoteState] = {
    **_STREAMED,
    (_N.CREATED, _M.END): _N.PROCESSING,
    (_N.READY, _M.END): _N.PROCESSING,
    (_N.STREAMING, _M.END): _N.PROCESSING,
    (_N.PROCESSING, _M.NOTHING): _N.SKIPPED,  # S-137
}

FORM_TRANSITIONS: dict[tuple[NoteState, NoteEvent], NoteState] = {
    **_STREAMED,
    (_N.CREATED, _M.END): _N.STAGED,
    (_N.READY, _M.END): _N.STAGED,
    (_N.STREAMING, _M.END): _N.STAGED,
    (_N.STAGED, _M.PROCESS): _N.PROCESSING,  # S-182
}


def next_note_state(product: Product, state: NoteState, event: NoteEvent) -> NoteState:
    """The state after ``event``; raises RemoteProtocolError where the contract refuses it."""
    table = FORM_TRANSITIONS if product is Product.FORM_FILLING else AMBIENT_TRANSITIONS
    try:
        return table[state, event]
    except KeyError:
        raise RemoteProtocolError(f"{event.value} is not possible", got=f"a session that is {state.value}") from None
