"""Admission to the sockets: everything that is decided before the 101 (S-58…S-71)."""

from __future__ import annotations

import asyncio

from starlette.websockets import WebSocket, WebSocketDisconnect

from workbench.errors import RemoteProtocolError, ServiceError
from workbench.protocol.messages import Product
from workbench.protocol.states import DictationEvent
from workbench.simulator.admission import Admission
from workbench.simulator.dictation_sessions import DictationSession, SessionStore, is_uuid
from workbench.simulator.recognition.recognisers import RecogniserStream
from workbench.simulator.refusals import envelope, refusal
from workbench.simulator.sockets.dictation import DictationStream
from workbench.simulator.sockets.handshake import SocketCredentials, check_handshake, read_credentials, session_of
from workbench.simulator.sockets.mistakes import report_refusal

__all__ = ["Sockets", "refuse_handshake"]


async def refuse_handshake(websocket: WebSocket, error: ServiceError) -> None:
    """Answer an upgrade request with a status and the envelope instead of 101."""
    headers = websocket.headers
    named = headers.get("transcription_session_id") or headers.get("ambient_session_id")
    report_refusal(named if named and is_uuid(named) else None, "handshake", error)
    try:
        await websocket.send_denial_response(envelope(error))
    except (WebSocketDisconnect, RuntimeError):
        return  # who asked has left


class Sockets:
    """The socket endpoints."""

    def __init__(self, admission: Admission, sessions: SessionStore) -> None:
        self._admission = admission
        self._limits = admission.limits
        self._sessions = sessions

    async def transcribe(self, websocket: WebSocket) -> None:
        """The socket of a dictation session."""
        try:
            credentials = read_credentials(
                websocket.headers,
                websocket.scope["subprotocols"],
                Product.DICTATION,
                legacy=self._limits.legacy_subprotocol,
            )
            session, recognition = self._admit(websocket, credentials)
        except ServiceError as error:
            await refuse_handshake(websocket, error)
            return
        try:
            await websocket.accept(credentials.subprotocol)
        except WebSocketDisconnect:  # left between asking and the 101
            recognition.drop()
            self._release_later(session)
            return
        stream = DictationStream(websocket, session, recognition, self._limits, self._admission.dialect)
        drained = False
        try:
            drained = await stream.run()
        finally:
            if not drained:
                stream.drained.add_done_callback(lambda _: self._release_later(session))

    def _release_later(self, session: DictationSession) -> None:
        """A lost socket is noticed late by a real service, too."""
        asyncio.get_running_loop().call_later(self._limits.release_s, session.release)

    def _admit(self, websocket: WebSocket, credentials: SocketCredentials) -> tuple[DictationSession, RecogniserStream]:
        """The session, now RUNNING, and a stream of the recogniser for it. Raises ServiceError."""
        provider = websocket.headers.get("sdp_provider_id")
        caller = self._admission.caller(credentials.token, provider, required=False)
        named = session_of(credentials, websocket.path_params, Product.DICTATION)
        session = self._sessions.dictation(named, caller)
        check_handshake(websocket, session.id, strict=self._limits.strict)
        before = session.state
        try:
            session.apply(DictationEvent.CONNECT)
        except RemoteProtocolError as error:
            raise refusal(self._limits.refusal_status, f"FailedPrecondition: {error}") from None
        try:
            return session, self._admission.recogniser.open(session.id, session.sample_rate_hz)
        except ServiceError:
            session.state = before  # the refused socket was never there
            raise
