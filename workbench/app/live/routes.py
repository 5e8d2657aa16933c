"""Two sockets of live sessions, one pushes what is told, one takes what a microphone sends; and the sound of a lane.

The guard has checked host, origin and token before anything here runs. A slow viewer gets several
messages in one frame and holds up nobody; a microphone that goes away ends its audio, never its session. A session
that wants no more sound closes the microphone's socket from here.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Coroutine
from typing import TYPE_CHECKING, Any

import msgspec

from workbench.app.access import PREFIX
from workbench.app.live.registry import close_registry, live_registry
from workbench.app.live.request import Clip, Lane, Microphone, Value, run_of_clip
from workbench.audio.files import encode_audio
from workbench.errors import WorkbenchError
from workbench.runs.prepare import prepare_jobs

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
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
    lanes: tuple[Lane, ...] = ()


def live_routes() -> list[BaseRoute]:
    """Both sockets and the sound."""
    from starlette.routing import Route, WebSocketRoute

    return [
        Route(f"{PREFIX}{LIVE}/{{id}}/sound/{{lane:int}}", _hear, methods=["GET"]),
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


async def _hear(request: Request) -> Response:
    """What a lane hears, as a WAV file; the page has it before the first word and plays it in time."""
    from starlette.responses import Response

    session, lane = live_registry().get(request.path_params["id"]), request.path_params["lane"]
    if session is None or not 0 <= lane < len(session.lanes):
        return Response("no such session\n", 404, media_type="text/plain")
    ask, audio = session.ask, session.audio
    if isinstance(ask, Microphone):
        if audio is None:
            return Response("a microphone is heard when it has ended\n", 404, media_type="text/plain")
        ask = Clip((Lane("microphone"),), ask.name, audio=audio)
        lane = 0
    try:
        wav = await asyncio.to_thread(_wav, ask, lane)
    except WorkbenchError as error:
        return Response(f"{error}\n", 422, media_type="text/plain")
    return Response(wav, media_type="audio/wav", headers={"Cache-Control": "no-store"})


def _wav(clip: Clip, lane: int) -> bytes:
    (job,) = prepare_jobs(run_of_clip(msgspec.structs.replace(clip, lanes=(clip.lanes[lane],))))
    return encode_audio(job.plan.pcm, job.plan.sample_rate_hz, "WAV")


async def _follow(socket: WebSocket) -> None:
    """Push everything that a session told and tells."""
    await socket.accept()
    loop, there = asyncio.get_running_loop(), asyncio.Event()
    waiting: deque[bytes] = deque()

    def enqueue(message: bytes) -> None:
        waiting.append(message)
        # The loop is gone when the app ends while a session is being played.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(there.set)

    leave = live_registry().listen(socket.path_params["id"], enqueue)
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
    from starlette.websockets import WebSocketDisconnect

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
        session = await asyncio.to_thread(registry.microphone, hello.name, hello.facts, hello.lanes)
    except WorkbenchError as error:
        await socket.send_text(msgspec.json.encode({"problem": str(error)}).decode())
        await socket.close(_REFUSED)
        return
    code = _OVER
    try:
        # It may have gone while its session was begun: then this cannot be sent, and the session ends all the same.
        await socket.send_text(msgspec.json.encode({"session": session}).decode())
        code = await _first_of(_sound(socket, session), _unwanted(session))
    except WebSocketDisconnect:
        pass
    finally:
        registry.silence(session)
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        await socket.close(code)


async def _sound(socket: WebSocket, session: str) -> int:
    """Pass on what a microphone sends, to its end; returns the code to close with."""
    registry = live_registry()
    while (message := await socket.receive())["type"] != "websocket.disconnect":
        sound = message.get("bytes")
        if sound is None:
            break
        if len(sound) > _MAX_SOUND_BYTES or len(sound) % 2:
            return _TOO_BIG
        registry.sound(session, sound)
    return _OVER


async def _unwanted(session: str) -> int:
    """Wait until a session wants no more sound: it was stopped, or it ended by itself."""
    loop, silent = asyncio.get_running_loop(), asyncio.Event()

    def heard() -> None:
        # The loop is gone when the app ends before the session.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(silent.set)

    live_registry().when_silent(session, heard)
    await silent.wait()
    return _OVER


async def _first_of(*works: Coroutine[Any, Any, int]) -> int:
    """What the first to end returns; the others are given up."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(task for task in tasks if task in done).result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
