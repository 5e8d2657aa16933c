"""States of a dictation session, as a table. All of its transitions live here.

This file does not know which side it is on: the simulator walks the table for every session it holds, and the
reference pages are drawn from it. Pairs that are not in the table are refused.
"""

from __future__ import annotations

from enum import Enum

from workbench.errors import RemoteProtocolError

__all__ = ["DICTATION_TRANSITIONS", "DictationEvent", "DictationState", "next_dictation_state"]


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
