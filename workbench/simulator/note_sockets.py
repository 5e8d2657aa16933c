"""Admission to ``/ws/stream``: everything that is decided before the 101 (S-144…S-147)."""

from __future__ import annotations

import asyncio

from starlette.websockets import WebSocket, WebSocketDisconnect

from workbench.errors import ServiceError
from workbench.protocol.messages import Product
from workbench.protocol.states import NoteEvent, NoteState
from workbench.simulator.accounts import Accounts
from workbench.simulator.handshake import SocketCredentials, read_credentials
from workbench.simulator.limits import SimulatorLimits
from workbench.simulator.note_maker import NoteMaker
from workbench.simulator.note_stream import NoteStream
from workbench.simulator.notes import NoteSession, NoteStore
from workbench.simulator.recognisers import Recogniser, RecogniserStream
from workbench.simulator.refusals import refusal
from workbench.simulator.segments import RATE_HZ
from workbench.simulator.sockets import refuse_handshake
from workbench.simulator.tokens import TokenAuthority

__all__ = ["NoteSockets"]


class NoteSockets:
    """The socket endpoint that ambient and form filling share."""

    def __init__(
        self,
        accounts: Accounts,
        tokens: TokenAuthority,
        notes: NoteStore,
        maker: NoteMaker,
        recogniser: Recogniser,
        limits: SimulatorLimits,
    ) -> None:
        self._accounts = accounts
        self._tokens = tokens
        self._notes = notes
        self._maker = maker
        self._recogniser = recogniser
        self._limits = limits

    async def stream(self, websocket: WebSocket) -> None:
        """``/ws/stream``."""
        try:
            asked = read_credentials(websocket.headers, websocket.scope["subprotocols"], Product.AMBIENT, legacy=False)
            session, recognition = self._admit(asked, websocket.headers.get("sdp_provider_id"))
        except ServiceError as error:
            await refuse_handshake(websocket, error)
            return
        try:
            await websocket.accept(asked.subprotocol)
            await NoteStream(websocket, session, recognition, self._limits).run()
        except WebSocketDisconnect:
            recognition.drop()  # left between asking and the 101
        finally:
            session.stop = None
        if session.state is NoteState.ABORTED:
            self._maker.announce(session)

    def _admit(self, asked: SocketCredentials, provider_header: str | None) -> tuple[NoteSession, RecogniserStream]:
        """The session, with this as its only socket, and a stream of the recogniser for it. Raises ServiceError."""
        caller = self._tokens.verify(asked.token)
        # How a browser names the provider is not documented; it has no headers to do it with.
        caller = self._accounts.acting(caller, provider_header, required=asked.subprotocol is None)
        if asked.session_id is None:
            raise refusal(400, "invalid_request: header ambient_session_id is missing")
        session = self._notes.find(asked.session_id, caller)
        if session.stop is not None:
            raise refusal(self._limits.refusal_status, "FailedPrecondition: a stream of this session is open")
        self._notes.make_room()
        before = session.state
        session.demand(NoteEvent.CONNECT, self._limits.refusal_status)
        try:
            recognition = self._recogniser.open(session.id, RATE_HZ)
        except ServiceError:
            session.state = before  # the refused socket was never there
            raise
        session.stop = asyncio.Event()
        return session, recognition
