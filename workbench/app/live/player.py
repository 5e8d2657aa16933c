"""The process that plays: ``python -m workbench.app.live.player``.

It keeps one service open for its life, so that a session begins at once, and paces in an event loop that nobody else
uses. Commands come on standard input and events leave on standard output; when the input ends, so does the process.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import BinaryIO

import msgspec

from workbench.app.live.request import Clip, Microphone, run_of_clip
from workbench.app.live.services import Services
from workbench.app.live.together import Together
from workbench.app.live.wire import (
    Begun,
    Done,
    Down,
    Event,
    Framed,
    Over,
    Play,
    Ready,
    Refused,
    Silence,
    Sound,
    Stop,
    Zero,
    decode_command,
    encode,
)
from workbench.audio.files import write_audio
from workbench.audio.peaks import peaks
from workbench.audio.speech import speech_facts
from workbench.child_process import read_body
from workbench.errors import WorkbenchError
from workbench.playing.job import Job
from workbench.playing.microphone import Capture
from workbench.playing.pacer import run
from workbench.playing.runner import play_many
from workbench.recording.record import SessionKey, SessionRecord
from workbench.runs.prepare import prepare_jobs
from workbench.settings import Settings, load_settings
from workbench.store.files import private_folder
from workbench.store.schema import storable
from workbench.store.segments import encode_record

__all__ = ["RECORDINGS", "main"]

RECORDINGS = "recordings"
"""Folder inside the store; holds what microphones sent and files that were uploaded."""

_PEAKS = 600


class _Output:
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

    def __init__(self, services: Services, output: _Output) -> None:
        self._services = services
        self._output = output
        self._captures: dict[str, list[Capture]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def obey(self, body: bytes) -> None:
        match decode_command(body):
            case Play(id=id, ask=ask, places=places):
                if isinstance(ask, Microphone):
                    # Before anything else runs: the next command may bring its first samples, or its end.
                    facts = dict(_flat(ask.facts))
                    self._captures[id] = [Capture(ask.name, ask.lanes[place].name, facts=facts) for place in places]
                task = asyncio.get_running_loop().create_task(self._play(id, ask, places))
                self._tasks[id] = task
                task.add_done_callback(lambda _: self._tasks.pop(id, None))
            case Sound(id=id, pcm=pcm):
                now_ns = time.perf_counter_ns()
                for capture in self._captures.get(id, ()):
                    capture.push(pcm, now_ns)
            case Silence(id=id):
                now_ns = time.perf_counter_ns()
                for capture in self._captures.get(id, ()):
                    capture.end(now_ns)
            case Stop(id=id):
                if id in self._tasks:
                    self._tasks[id].cancel()

    async def finish(self) -> None:
        """End what is being played; its records are handed over first."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _play(self, id: str, ask: Clip | Microphone, places: tuple[int, ...]) -> None:  # noqa: A002
        problem = audio = None
        try:
            if isinstance(ask, Clip):
                # Reading and degrading is work for another thread: other sessions are being paced here.
                prepared = await asyncio.to_thread(lambda: prepare_jobs(run_of_clip(ask)))
                by_name = {job.key.cell: job for job in prepared}
                jobs = {place: by_name[ask.lanes[place].name] for place in places}
            else:
                captures = zip(places, self._captures[id], strict=True)
                jobs = {
                    place: Job(SessionKey(ask.lanes[place].name, ask.name), capture.plan, capture=capture)
                    for place, capture in captures
                }
            await self._play_lanes(id, ask, jobs)
        except asyncio.CancelledError:
            problem = "stopped"
        except WorkbenchError as error:
            problem = str(error)
        except Exception as error:  # noqa: BLE001  one session must not end the others; the text may hold a transcript
            problem = f"{type(error).__name__} inside the workbench; please report it"
        finally:
            captured = self._captures.pop(id, None)
            if captured and captured[0].pcm.size:
                audio = self._keep(id, captured[0])
            self._output.say(Over(id, problem, audio))

    async def _play_lanes(self, id: str, ask: Clip | Microphone, jobs: dict[int, Job]) -> None:  # noqa: A002
        """Play every lane; those of one service share a pacer, all begin together."""
        count_in_s = ask.count_in_s if isinstance(ask, Clip) else 0.0
        together = Together(tuple(jobs), count_in_s, lambda at_ns: self._output.say(Zero(id, at_ns)))
        groups: dict[tuple[str, str | None] | None, dict[int, Job]] = {}
        for place, job in jobs.items():
            groups.setdefault(ask.lanes[place].elsewhere, {})[place] = job
        # A microphone's lanes begin with its first sample, each as soon as it is connected.
        barrier = together if isinstance(ask, Clip) else None
        async with asyncio.TaskGroup() as playing:
            for where, group in groups.items():
                playing.create_task(self._play_group(id, where, group, barrier))

    async def _play_group(
        self,
        id: str,  # noqa: A002
        where: tuple[str, str | None] | None,
        jobs: dict[int, Job],
        together: Together | None,
    ) -> None:
        """Lanes of one service; what makes it unusable refuses them and leaves the other lanes alone."""
        places = {job.key.cell: place for place, job in jobs.items()}
        waiting = set(jobs)

        async def ready(record: SessionRecord) -> None:
            if together is not None:
                await together.ready(places[record.key.cell])

        def done(record: SessionRecord) -> None:
            lane = places[record.key.cell]
            waiting.discard(lane)
            if together is not None:
                together.leave(lane)
            self._output.say(Done(id, lane, encode_record(record)))

        try:
            service, recogniser = await self._services.at(where)

            def begin(record: SessionRecord) -> None:
                lane = places[record.key.cell]
                self._begin(id, lane, record, jobs[lane], service.address.name, recogniser)

            await play_many(
                list(jobs.values()), service, concurrency=len(jobs), on_begin=begin, on_done=done, ready=ready
            )
        except WorkbenchError as error:
            for lane in waiting:
                self._output.say(Refused(id, lane, str(error)))
        finally:
            if together is not None:
                for lane in jobs:
                    together.leave(lane)

    def _begin(
        self,
        id: str,  # noqa: A002
        lane: int,
        record: SessionRecord,
        job: Job,
        endpoint: str,
        recogniser: str | None,
    ) -> None:
        if job.capture is None and not record.reference.words:
            # Where nobody knows when the words were said, the sound says when somebody spoke.
            record.facts |= speech_facts(job.plan.pcm, job.plan.sample_rate_hz)
        outline = tuple(peaks(job.plan.pcm, _PEAKS).ravel().tolist())
        self._output.say(Begun(id, lane, encode_record(record), outline, endpoint, recogniser))
        record.frames.listener = lambda row, wide, text: self._output.say(Framed(id, lane, row, wide, text))

    def _keep(self, id: str, capture: Capture) -> str | None:  # noqa: A002
        folder = self._services.settings.store / RECORDINGS / id
        try:
            private_folder(folder)
            path = folder / f"{capture.plan.utterance_id}.wav"
            write_audio(path, capture.pcm, capture.plan.sample_rate_hz)
        except WorkbenchError:
            return None
        return str(path.resolve())


def _flat(facts: dict[str, str | int | float | bool | None]) -> dict[str, str | int | float | None]:
    return {key: ("on" if value else "off") if isinstance(value, bool) else value for key, value in facts.items()}


async def _serve(settings: Settings, source: BinaryIO, output: _Output) -> None:
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    async with Services(settings) as services:
        service, recogniser = await services.at(None)
        player = _Player(services, output)

        def read() -> None:
            while (body := read_body(source)) is not None:
                loop.call_soon_threadsafe(player.obey, body)
            loop.call_soon_threadsafe(over.set)

        threading.Thread(target=read, daemon=True).start()
        output.say(Ready(service.address.name, recogniser))
        await over.wait()
        await player.finish()


def main() -> int:
    """Play until the standard input ends; the exit status."""
    # Whatever else prints goes to standard error: the output carries events and nothing but.
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    output = _Output(sink)
    try:
        settings = load_settings(os.environ, store=Path(sys.argv[1]) if len(sys.argv) > 1 else None)
        run(_serve(settings, sys.stdin.buffer, output))
    except WorkbenchError as error:
        output.say(Down(str(error)))
        output.close()
        return error.exit_code
    except KeyboardInterrupt:
        pass
    output.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
