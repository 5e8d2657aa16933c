"""Admission to ``/ws/stream``: everything that is decided before the 101 (S-144…S-147)."""

from __future__ import annotations

import asyncio

from starlette.websockets import WebSocket, WebSocketDisconnect

from workbench.errors import ServiceError
from workbench.protocol.messages import Dialect, Product
from workbench.protocol.states import NoteEvent, NoteState
from workbench.simulator.admission import Admission
from workbench.simulator.notes.maker import NoteMaker
from workbench.simulator.notes.segments import RATE_HZ
from workbench.simulator.notes.store import NoteSession, NoteStore
from workbench.simulator.notes.stream import NoteStream
from workbench.simulator.recognition.recognisers import RecogniserStream
from workbench.simulator.refusals import refusal
from workbench.simulator.sockets.handshake import SocketCredentials, check_handshake, read_credentials, session_of
from workbench.simulator.sockets.sockets import refuse_handshake

__all__ = ["NoteSockets"]


class NoteSockets:
    """The socket endpoint that ambient and form filling share; in the AsyncAPI dialect each has one."""

    def __init__(self, admission: Admission, notes: NoteStore, maker: NoteMaker) -> None:
        self._admission = admission
        self._limits = admission.limits
        self._notes = notes
        self._maker = maker

    async def stream(self, websocket: WebSocket) -> None:
        """``/ws/stream``."""
        await self._serve(websocket, None)

    async def ambient(self, websocket: WebSocket) -> None:
        """The socket of ambient sessions alone."""
        await self._serve(websocket, Product.AMBIENT)

    async def form_filling(self, websocket: WebSocket) -> None:
        """The socket of form-filling sessions alone."""
        await self._serve(websocket, Product.FORM_FILLING)

    async def _serve(self, websocket: WebSocket, product: Product | None) -> None:
        try:
            offered = websocket.scope["subprotocols"]
            credentials = read_credentials(websocket.headers, offered, Product.AMBIENT, legacy=False)
            session, recognition = self._admit(websocket, credentials, product)
        except ServiceError as error:
            await refuse_handshake(websocket, error)
            return
        try:
            await websocket.accept(credentials.subprotocol)
            await NoteStream(websocket, session, recognition, self._limits, self._admission.dialect).run()
        except WebSocketDisconnect:
            recognition.drop()  # left between asking and the 101
        finally:
            session.stop = None
        if session.state is NoteState.ABORTED:
            self._maker.announce(session)

    def _admit(
        self, websocket: WebSocket, credentials: SocketCredentials, product: Product | None
    ) -> tuple[NoteSession, RecogniserStream]:
        """The session, with this as its only socket, and a stream of the recogniser for it. Raises ServiceError."""
        # How a browser, which has no headers, names the provider is not documented; the AsyncAPI dialect has no way.
        required = credentials.subprotocol is None and self._admission.dialect is Dialect.LIVE
        caller = self._admission.caller(credentials.token, websocket.headers.get("sdp_provider_id"), required=required)
        named = session_of(credentials, websocket.path_params, Product.AMBIENT)
        session = self._notes.find(named, caller, product)
        check_handshake(websocket, session.id, strict=self._limits.strict)
        if self._limits.context_required and session.product is Product.FORM_FILLING and not session.template_ids:
            raise refusal(self._limits.refusal_status, "FailedPrecondition: no form template is in the context")
        if session.stop is not None:
            raise refusal(self._limits.refusal_status, "FailedPrecondition: a stream of this session is open")
        self._notes.make_room()
        before = session.state
        session.demand(NoteEvent.CONNECT, self._limits.refusal_status)
        try:
            recognition = self._admission.recogniser.open(session.id, RATE_HZ)
        except ServiceError:
            session.state = before  # the refused socket was never there
            raise
        session.stop = asyncio.Event()
        return session, recognition
