"""The control API under ``/_sim/``: scripts in, stamps out. It answers peers on this machine that have its token.

It is no part of the vendor's contract; it is how a measurement is calibrated against a known truth.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Awaitable, Callable
from itertools import accumulate
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workbench.protocol.messages import Dialect
from workbench.settings import Secret, is_loopback
from workbench.simulator.call import answer_safely, read_body
from workbench.simulator.control_token import CONTROL_HEADER, new_token
from workbench.simulator.dictation_sessions import EMISSIONS, ConnectionLog, DictationSession, SessionStore
from workbench.simulator.notes.segments import RATE_HZ
from workbench.simulator.notes.store import NoteSession, NoteStore
from workbench.simulator.recognition.recognisers import Recogniser
from workbench.simulator.recognition.scripted import Script, Scripted
from workbench.simulator.refusals import json_response, refusal

__all__ = ["Control"]

_Handler: TypeAlias = Callable[[Request], Awaitable[Response]]


class Control:
    """Handlers of ``/_sim/``."""

    def __init__(
        self,
        recogniser: Recogniser,
        sessions: SessionStore,
        notes: NoteStore,
        body_bytes: int,
        dialect: Dialect = Dialect.LIVE,
        token: Secret | None = None,
    ) -> None:
        self._token = token or new_token()
        self._dialect = dialect
        self._recogniser = recogniser
        self._sessions = sessions
        self._notes = notes
        self._body_bytes = body_bytes

    def routes(self) -> list[Route]:
        """Routes of the control API."""
        return [
            Route("/_sim/health", self._safely(self._health), methods=["GET"]),
            Route("/_sim/sessions/{session_id}", self._safely(self._session), methods=["GET"]),
            Route("/_sim/scripts/{session_id}", self._safely(self._script), methods=["POST"]),
        ]

    def _safely(self, handler: _Handler) -> _Handler:
        async def answer(request: Request) -> Response:
            if request.client is None or not is_loopback(request.client.host):
                return await answer_safely(_refuse_stranger)
            given = request.headers.get(CONTROL_HEADER, "").encode("utf-8", "replace")
            if not hmac.compare_digest(given, self._token.reveal().encode()):
                return await answer_safely(_refuse_without_token)
            return await answer_safely(lambda: handler(request))

        return answer

    async def _health(self, _: Request) -> Response:
        return json_response(
            200,
            {
                "recogniser": self._recogniser.name,
                "dialect": self._dialect.value,
                "now_ns": time.perf_counter_ns(),
                "sessions": self._sessions.counts(),
                "notes": self._notes.counts(),
                **self._recogniser.health(),
            },
        )

    async def _session(self, request: Request) -> Response:
        session_id = request.path_params["session_id"]
        note, session = self._notes.any_session(session_id), self._sessions.any_dictation(session_id)
        if note is not None:
            return json_response(200, _note_description(note))
        if session is None:
            raise refusal(404, "session_not_found: no session has this id")
        return json_response(200, _description(session))

    async def _script(self, request: Request) -> Response:
        if not isinstance(self._recogniser, Scripted):
            raise refusal(409, f"not_scripted: the recogniser of this simulator is {self._recogniser.name}")
        script: Script = await read_body(request, Script, self._body_bytes)
        self._recogniser.register(request.path_params["session_id"], script)
        return json_response(201, {"session_id": request.path_params["session_id"], "messages": len(script.messages)})


async def _refuse_stranger() -> Response:
    raise refusal(403, "permission_denied: the control API answers this machine only")


async def _refuse_without_token() -> Response:
    raise refusal(401, f"invalid_control_token: header {CONTROL_HEADER} is missing or wrong")


def _description(session: DictationSession) -> dict[str, Any]:
    return {
        "session_id": session.id,
        "state": session.state.value,
        "sample_rate_hz": session.sample_rate_hz,
        "audio_bytes": session.audio_bytes,
        "finals": len(session.finals),
        "connections": [_connection(log) for log in session.connections],
    }


def _note_description(session: NoteSession) -> dict[str, Any]:
    return {
        "session_id": session.id,
        "product": session.product.value,
        "state": session.state.value,
        "sample_rate_hz": RATE_HZ,
        "audio_bytes": session.audio_bytes,
        "finals": sum(len(segment.utterances) for segment in session.segments),
        "connections": [_connection(log) for log in session.connections],
    }


def _connection(log: ConnectionLog) -> dict[str, Any]:
    return {
        "accepted_ns": log.accepted_ns,
        "arrivals": [
            {"audio_bytes": size, "arrived_ns": at}
            for size, at in zip(accumulate(log.arrived_bytes), log.arrived_ns, strict=True)
        ],
        "emissions": [
            {"kind": EMISSIONS[kind], "sent_ns": at} for kind, at in zip(log.sent_kinds, log.sent_ns, strict=True)
        ],
        "ignored": log.ignored,
        "ending": log.ending,
    }
