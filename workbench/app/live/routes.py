"""The two sockets of live sessions: one pushes what is told, one takes what a microphone sends.

House rules: the guard has checked host, origin and token before anything here runs. A slow viewer gets several
messages in one frame and holds up nobody; a microphone that goes away ends its audio, never its session.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import msgspec

from workbench.app.access import PREFIX
from workbench.app.live.asking import Value
from workbench.app.live.registry import close_registry, live_registry
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from starlette.routing import BaseRoute
    from starlette.websockets import WebSocket

__all__ = ["LIVE", "MICROPHONE", "live_routes", "live_service"]

LIVE = "/live"
"""Below the prefix of our routes; the id of a session follows."""

MICROPHONE = "/microphone"

_OVER, _REFUSED, _GONE, _TOO_BIG = 1000, 1008, 4404, 1009
_MAX_SOUND_BYTES = 64 * 1024
_MAX_GREETING = 4096


class _Hello(msgspec.Struct, forbid_unknown_fields=True):
    """The first message of a microphone: what the recording is called and how the sound is taken."""

    name: str
    facts: dict[str, Value] = {}


def live_routes() -> list[BaseRoute]:
    """Both sockets."""
    from starlette.routing import WebSocketRoute

    return [
        WebSocketRoute(f"{PREFIX}{LIVE}/{{id}}", _follow),
        WebSocketRoute(f"{PREFIX}{MICROPHONE}", _listen),
    ]


@contextlib.asynccontextmanager
async def live_service() -> AsyncIterator[None]:
    """Start the player with the app, so that the first session begins at once; end it with the app."""
    await asyncio.to_thread(lambda: live_registry().warm())
    try:
        yield
    finally:
        await asyncio.to_thread(close_registry)


async def _follow(socket: WebSocket) -> None:
    """Push everything that a session told and tells."""
    await socket.accept()
    loop, there = asyncio.get_running_loop(), asyncio.Event()
    waiting: deque[bytes] = deque()

    def told(message: bytes) -> None:
        waiting.append(message)
        # The loop is gone when the app ends while a session is being played.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(there.set)

    leave = live_registry().listen(socket.path_params["id"], told)
    if leave is None:
        await socket.close(_GONE, "no such session")
        return
    reading = asyncio.create_task(_until_gone(socket))
    try:
        while not reading.done():
            woken = asyncio.create_task(there.wait())
            await asyncio.wait((woken, reading), return_when=asyncio.FIRST_COMPLETED)
            woken.cancel()
            there.clear()
            if waiting and not reading.done():
                messages = [waiting.popleft() for _ in range(len(waiting))]
                await socket.send_text(f"[{b','.join(messages).decode()}]")
    finally:
        leave()
        reading.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await reading


async def _until_gone(socket: WebSocket) -> None:
    """A viewer has nothing to say; reading notices that it left."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _listen(socket: WebSocket) -> None:
    """Begin a session with what a microphone sends: a JSON greeting, then samples, then the text ``end``."""
    await socket.accept()
    first = await socket.receive()
    greeting = first.get("text") or ""
    try:
        hello = msgspec.json.decode(greeting if len(greeting) <= _MAX_GREETING else "", type=_Hello)
    except msgspec.DecodeError:
        await socket.close(_REFUSED, "a greeting was expected")
        return
    registry = live_registry()
    try:
        session = await asyncio.to_thread(registry.microphone, hello.name, hello.facts)
    except WorkbenchError as error:
        await socket.send_text(msgspec.json.encode({"problem": str(error)}).decode())
        await socket.close(_REFUSED)
        return
    await socket.send_text(msgspec.json.encode({"session": session}).decode())
    try:
        while (message := await socket.receive())["type"] != "websocket.disconnect":
            sound = message.get("bytes")
            if sound is None:
                break
            if len(sound) > _MAX_SOUND_BYTES or len(sound) % 2:
                await socket.close(_TOO_BIG, "not a frame of samples")
                break
            registry.sound(session, sound)
    finally:
        registry.silence(session)
    with contextlib.suppress(RuntimeError):
        await socket.close(_OVER)
