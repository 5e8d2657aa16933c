"""Admission to ``/ws/stream``: everything that is decided before the 101 (S-144…S-147)."""

from __future__ import annotations

import asyncio

from starlette.websockets import WebSocket, WebSocketDisconnect

from workbench.errors import ServiceError
from workbench.protocol.messages import Dialect, Product
from workbench.protocol.states import NoteEvent, NoteState
from workbench.simulator.admission import Admission
from workbench.simulator.handshake import SocketCredentials, read_credentials, session_of
from workbench.simulator.note_maker import NoteMaker
from workbench.simulator.note_stream import NoteStream
from workbench.simulator.notes import NoteSession, NoteStore
from workbench.simulator.recognisers import RecogniserStream
from workbench.simulator.refusals import refusal
from workbench.simulator.segments import RATE_HZ
from workbench.simulator.sockets import refuse_handshake

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
            asked = read_credentials(websocket.headers, websocket.scope["subprotocols"], Product.AMBIENT, legacy=False)
            session, recognition = self._admit(websocket, asked, product)
        except ServiceError as error:
            await refuse_handshake(websocket, error)
            return
        try:
            await websocket.accept(asked.subprotocol)
            await NoteStream(websocket, session, recognition, self._limits, self._admission.dialect).run()
        except WebSocketDisconnect:
            recognition.drop()  # left between asking and the 101
        finally:
            session.stop = None
        if session.state is NoteState.ABORTED:
            self._maker.announce(session)

    def _admit(
        self, websocket: WebSocket, asked: SocketCredentials, product: Product | None
    ) -> tuple[NoteSession, RecogniserStream]:
        """The session, with this as its only socket, and a stream of the recogniser for it. Raises ServiceError."""
        # How a browser, which has no headers, names the provider is not documented; the AsyncAPI dialect has no way.
        required = asked.subprotocol is None and self._admission.dialect is Dialect.LIVE
        caller = self._admission.caller(asked.token, websocket.headers.get("sdp_provider_id"), required=required)
        named = session_of(asked, websocket.path_params, Product.AMBIENT)
        session = self._notes.find(named, caller, product)
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
