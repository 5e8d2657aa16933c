"""The process that plays: ``python -m workbench.app.live.player``.

It keeps one service open for its life, so that a session begins at once, and paces in an event loop that nobody else
uses. Commands come on standard input and events leave on standard output; when the input ends, so does the process.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections import deque
from pathlib import Path
from typing import BinaryIO

import msgspec

from workbench.app.live.asking import Clip, Microphone, question_of
from workbench.app.live.wire import (
    Begun,
    Done,
    Down,
    Event,
    Framed,
    Over,
    Play,
    Ready,
    Silence,
    Sound,
    Stop,
    decode_command,
    encode,
    read_frame,
)
from workbench.audio.files import write_audio
from workbench.audio.peaks import peaks
from workbench.capture import Capture
from workbench.errors import WorkbenchError
from workbench.flows import Service
from workbench.pacing import run
from workbench.pipeline import open_service
from workbench.question import prepare_jobs
from workbench.recording import SessionKey, SessionRecord
from workbench.runner import Job, play_many
from workbench.settings import Settings, load_settings
from workbench.store.columns import storable
from workbench.store.files import private_folder
from workbench.store.segments import encode_record

__all__ = ["RECORDINGS", "main"]

RECORDINGS = "recordings"
"""Folder inside the store; holds what microphones sent and files that were uploaded."""

_PEAKS = 600


class _Outlet:
    """Writes events from a thread of its own: a slow reader must not hold up the event loop that paces."""

    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink
        self._waiting: deque[Event | None] = deque()
        self._there = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def say(self, event: Event) -> None:
        """Hand over an event; it is encoded by the thread that writes it."""
        self._waiting.append(event)
        self._there.release()

    def close(self) -> None:
        self._waiting.append(None)
        self._there.release()
        self._thread.join(5)

    def _write(self) -> None:
        while True:
            self._there.acquire()
            event = self._waiting.popleft()
            if event is None:
                return
            try:
                self._sink.write(_encoded(event))
                self._sink.flush()
            except (OSError, ValueError):
                return


def _encoded(event: Event) -> bytes:
    """An event as bytes; text that UTF-8 cannot hold is mended, as the store mends it."""
    try:
        return encode(event)
    except UnicodeEncodeError:
        if isinstance(event, Framed) and event.text is not None:
            return encode(msgspec.structs.replace(event, text=storable(event.text)))
        raise


class _Player:
    """Every session of this process."""

    def __init__(self, service: Service, settings: Settings, outlet: _Outlet) -> None:
        self._service = service
        self._settings = settings
        self._outlet = outlet
        self._captures: dict[str, Capture] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def obey(self, body: bytes) -> None:
        match decode_command(body):
            case Play(id=id, ask=ask):
                if isinstance(ask, Microphone):
                    # Before anything else runs: the next command may bring its first samples, or its end.
                    self._captures[id] = Capture(ask.name, "microphone", facts=dict(_flat(ask.facts)))
                task = asyncio.get_running_loop().create_task(self._play(id, ask))
                self._tasks[id] = task
                task.add_done_callback(lambda _: self._tasks.pop(id, None))
            case Sound(id=id, pcm=pcm):
                if id in self._captures:
                    self._captures[id].push(pcm, _now_ns())
            case Silence(id=id):
                if id in self._captures:
                    self._captures[id].end(_now_ns())
            case Stop(id=id):
                if id in self._tasks:
                    self._tasks[id].cancel()

    async def finish(self) -> None:
        """End what is being played; its records are handed over first."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _play(self, id: str, ask: Clip | Microphone) -> None:  # noqa: A002  named as on the wire
        problem = audio = None
        try:
            if isinstance(ask, Clip):
                # Reading and degrading is work for another thread: other sessions are being paced here.
                jobs = await asyncio.to_thread(lambda: prepare_jobs(question_of(ask)))
                order = {cell.name: place for place, cell in enumerate(ask.lanes)}
                jobs.sort(key=lambda job: order[job.key.cell])
            else:
                capture = self._captures[id]
                jobs = [Job(SessionKey("microphone", ask.name), capture.plan, capture=capture)]
            await self._play_jobs(id, jobs)
        except asyncio.CancelledError:
            problem = "stopped"
        except WorkbenchError as error:
            problem = str(error)
        except Exception as error:  # noqa: BLE001  one session must not end the others; the text may hold a transcript
            problem = f"{type(error).__name__} inside the workbench; please report it"
        finally:
            capture_ended = self._captures.pop(id, None)
            if capture_ended is not None and capture_ended.pcm.size:
                audio = self._keep(id, capture_ended)
            self._outlet.say(Over(id, problem, audio))

    async def _play_jobs(self, id: str, jobs: list[Job]) -> None:  # noqa: A002
        lanes = {job.key.cell: place for place, job in enumerate(jobs)}
        outlines = [tuple(peaks(job.plan.pcm, _PEAKS).ravel().tolist()) for job in jobs]

        def begin(record: SessionRecord) -> None:
            lane = lanes[record.key.cell]
            self._outlet.say(Begun(id, lane, encode_record(record), outlines[lane]))
            record.frames.teller = lambda row, wide, text: self._outlet.say(Framed(id, lane, row, wide, text))

        def done(record: SessionRecord) -> None:
            self._outlet.say(Done(id, lanes[record.key.cell], encode_record(record)))

        await play_many(jobs, self._service, concurrency=len(jobs), on_begin=begin, on_done=done)

    def _keep(self, id: str, capture: Capture) -> str | None:  # noqa: A002
        folder = self._settings.store / RECORDINGS / id
        try:
            private_folder(folder)
            path = folder / f"{capture.plan.utterance_id}.wav"
            write_audio(path, capture.pcm, capture.plan.sample_rate_hz)
        except WorkbenchError:
            return None
        return str(path.resolve())


def _flat(facts: dict[str, str | int | float | bool | None]) -> dict[str, str | int | float | None]:
    return {key: ("on" if value else "off") if isinstance(value, bool) else value for key, value in facts.items()}


def _now_ns() -> int:
    import time

    return time.perf_counter_ns()


async def _serve(settings: Settings, source: BinaryIO, outlet: _Outlet) -> None:
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    async with open_service(settings) as (service, recogniser):
        player = _Player(service, settings, outlet)

        def read() -> None:
            while (body := read_frame(source)) is not None:
                loop.call_soon_threadsafe(player.obey, body)
            loop.call_soon_threadsafe(over.set)

        threading.Thread(target=read, daemon=True).start()
        outlet.say(Ready(service.address.name, recogniser))
        await over.wait()
        await player.finish()


def main() -> int:
    """Play until the standard input ends; the exit status."""
    # Whatever else prints goes to standard error: the output carries events and nothing but.
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    outlet = _Outlet(sink)
    try:
        settings = load_settings(os.environ, store=Path(sys.argv[1]) if len(sys.argv) > 1 else None)
        run(_serve(settings, sys.stdin.buffer, outlet))
    except WorkbenchError as error:
        outlet.say(Down(str(error)))
        outlet.close()
        return error.exit_code
    except KeyboardInterrupt:
        pass
    outlet.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
