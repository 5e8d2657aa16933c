"""Faults of one socket: moments are recognised in what passes, and what is due at a moment is done there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from starlette.types import Message, Receive, Scope, Send
from websockets.frames import Opcode

from workbench.errors import RemoteProtocolError
from workbench.protocol.endpoints import SOCKET_PATHS
from workbench.protocol.messages import (
    Audio,
    Dialect,
    EndOfAudio,
    EndOfResults,
    Final,
    Partial,
    Product,
    ServerMessage,
)
from workbench.protocol.stream import codec_for
from workbench.simulator.faults.scenario import (
    Clock,
    Close,
    Deaf,
    Drop,
    Expire,
    Fragment,
    Moment,
    Replace,
    Reset,
    Silence,
    Stall,
    StreamFault,
)
from workbench.simulator.faults.scenario import Send as SendFault
from workbench.simulator.sockets.wire import WIRE, Wire

if TYPE_CHECKING:
    from workbench.simulator.faults.faults import Faults

__all__ = ["FaultyStream", "is_socket_path"]

_BYTES_PER_MS = 32
"""Of 16 kHz audio."""

_RAW: dict[str, tuple[Opcode, bytes]] = {
    "invalid-utf8": (Opcode.TEXT, b'{"transcript":{"transcript":"\xff\xfe\xc3"},"is_final":false}'),
    "invalid-json": (Opcode.TEXT, b'{"transcript":{"transcript":"cut o'),
    "not-an-object": (Opcode.TEXT, b"[1,2,3]"),
    "nested": (Opcode.TEXT, b'{"transcript":{"transcript":"x","words":[],"more":' + b"[" * 50_000),
    "unknown-type": (Opcode.TEXT, b'{"type":"WEATHER","data":{"sun":true}}'),
    "wrong-types": (Opcode.TEXT, b'{"transcript":{"transcript":5,"words":"no"},"is_final":"yes","isFinal":7}'),
    "binary": (Opcode.BINARY, b"\x00\x01\x02\xff"),
    "ping": (Opcode.PING, b"are you there"),
    "pong": (Opcode.PONG, b"nobody asked"),
}

_MESSAGES: dict[str, ServerMessage] = {
    "partial": Partial("words behind their turn", "late"),
    "final": Final("words behind their turn", (), "late"),
    "empty": Final("", (), "empty"),
    "terminal": EndOfResults(),
}

_PATHS = frozenset(SOCKET_PATHS.values())


def is_socket_path(path: str) -> bool:
    """Whether sessions stream here, in either dialect."""
    return path in _PATHS or (path.startswith("/api/v1/") and path.endswith("/audio"))


class FaultyStream:
    """Stands between the application and one socket.

    Args:
        faults: faults of the scenario; this connection takes its opportunities when it is accepted.
        scope: ASGI scope of the socket.
        receive, send: ASGI functions of the server.
    """

    def __init__(self, faults: Faults, scope: Scope, receive: Receive, send: Send) -> None:
        self._faults, self._receive, self._send = faults, receive, send
        self._scope = scope
        path = scope["path"]
        self._dialect = Dialect.LIVE if path in _PATHS else Dialect.ASYNCAPI
        dictation = path == SOCKET_PATHS[Product.DICTATION] or "/dictation/" in path
        self._product = Product.DICTATION if dictation else Product.AMBIENT
        self._codec = codec_for(self._dialect)
        self._wire: Wire = scope["extensions"][WIRE]
        self._due: list[StreamFault] = []
        self._drops: set[str] = set()
        self._texts: dict[str, int] = {}
        self._fragment: Fragment | None = None
        self._audio_bytes = 0
        self._last = b""
        self._over = False

    # -- what the client sends --------------------------------------------------------------------------------

    async def receive(self) -> Message:
        """A message of the client, its moments done first."""
        event = await self._receive()
        text = event.get("text") if event["type"] == "websocket.receive" else None
        if text is not None and not self._over:
            try:
                message = self._codec.decode_client(text, self._product)
            except RemoteProtocolError:
                return event  # the application refuses it
            if isinstance(message, Audio):
                self._audio_bytes += len(message.pcm)
                self._moment("audio")
            elif isinstance(message, EndOfAudio):
                self._moment("end")
        return event

    # -- what the simulator says ------------------------------------------------------------------------------

    async def send(self, event: Message) -> None:
        """An event of the application. Raises OSError when the scenario has closed the socket."""
        if self._over:
            raise OSError("closed by the scenario")
        if event["type"] == "websocket.send" and event.get("text") is not None:
            await self._say(event["text"])
            return
        await self._send(event)
        if event["type"] == "websocket.accept":
            self._take_opportunities()
            self._moment("open")

    def _take_opportunities(self) -> None:
        faults = self._faults
        self._due = faults.stream_faults()
        self._drops = {fault.what for fault in faults.struck(Drop)}
        self._texts = {fault.what: fault.characters for fault in faults.struck(Replace)}
        self._fragment = next(faults.struck(Fragment), None)
        if any(True for _ in faults.struck(Deaf)):
            self._wire.deafen()

    async def _say(self, text: str) -> None:
        message = self._codec.decode_server(text)
        if isinstance(message, EndOfResults):
            self._moment("results")
        if self._over:
            raise OSError("closed by the scenario")
        sort = _sort(message)
        if sort not in self._drops:
            if sort in self._texts:
                text = _with_text(text, self._texts[sort])
            await self._put(text)
        if isinstance(message, Final):
            self._moment("final")
        elif isinstance(message, EndOfResults):
            self._moment("terminal")

    async def _put(self, text: str) -> None:
        self._last = text.encode()
        if self._fragment is not None:
            self._wire.write_pieces(self._last, self._fragment.piece_bytes, pings=self._fragment.pings)
        else:
            await self._send({"type": "websocket.send", "text": text})

    # -- moments ----------------------------------------------------------------------------------------------

    def _moment(self, moment: Moment) -> None:
        """Do what is due now; each fault once a connection, those of finals after each."""
        for fault in list(self._due):
            if self._over or fault.at != moment:
                continue
            if moment == "audio" and self._audio_bytes < fault.at_ms * _BYTES_PER_MS:
                continue
            if moment != "final":
                self._due.remove(fault)
            self._do(fault)

    def _do(self, fault: StreamFault) -> None:
        match fault:
            case Close(code=code, reason=reason):
                self._wire.close(code, reason)
                self._over = True
            case SendFault(what=what, count=count):
                opcode, payload = self._frame(what)
                for _ in range(count):
                    self._wire.write(opcode, payload)
            case Expire() | Clock():
                self._faults.state(fault)
            case _:
                self._network(fault)

    def _network(self, fault: Reset | Silence | Stall) -> None:
        link = self._faults.link(self._scope)
        if link is None:
            return
        said_bytes = self._wire.written_bytes  # what was said before is still delivered
        match fault:
            case Reset():
                self._over = True
                link.reset(said_bytes)
            case Silence():
                link.silence(said_bytes)
            case Stall(direction=direction, for_s=for_s):
                link.stall(direction, for_s, said_bytes)

    def _frame(self, what: str) -> tuple[Opcode, bytes]:
        if what == "same":
            return Opcode.TEXT, self._last
        if what in _RAW:
            return _RAW[what]
        session_id = self._scope["path"].rsplit("/", 2)[-2]  # only the dialect whose path has it says it
        return Opcode.TEXT, self._codec.encode_server(_MESSAGES[what], session_id)


def _sort(message: ServerMessage) -> str:
    match message:
        case Partial():
            return "partials"
        case Final():
            return "finals"
        case EndOfResults():
            return "terminal"
    return ""


def _with_text(frame: str, characters: int) -> str:
    """The frame with other text in it, in either dialect."""
    body: Any = msgspec.json.decode(frame)
    words = ("long " * (characters // 5 + 1))[:characters]
    if isinstance(body["transcript"], dict):
        body["transcript"] = {"transcript": words, "words": []}
    else:
        body["transcript"] = words
    return msgspec.json.encode(body).decode()
