"""The live recogniser as the server sees it: worker processes, bounded, replaced when they die.

The event loop never waits for a decoder. Audio goes to a worker through a pipe, hypotheses come back through another,
both asynchronous. What is not decoded yet is counted in seconds of audio: above the bound new streams are refused and
the sender of a stream that is itself behind is slowed down, so that falling behind is never silent.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec

from workbench.child_process import next_body, python_command
from workbench.errors import ServiceError
from workbench.simulator.recognition import worker as wire
from workbench.simulator.recognition.decoding import Hypothesis
from workbench.simulator.recognition.models import engine_of
from workbench.simulator.recognition.recognisers import Listener, StreamFailed, busy

__all__ = ["PoolStream", "WorkerPool"]

NICENESS = 19
"""Workers yield to the process that paces audio, which is what is being measured."""

_FAILED_STARTS = 3
_KEPT_BACKLOGS = 10_000
_END_S = 5.0
_BYTES_PER_SAMPLE = 2

_log = logging.getLogger(__name__)
_answers = msgspec.msgpack.Decoder(wire.Answer)


@dataclass(slots=True, eq=False)
class _Worker:
    """One worker process; ``process`` is None while it is being replaced."""

    number: int
    free: int
    process: asyncio.subprocess.Process | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    streams: dict[int, PoolStream] = field(default_factory=dict)
    broken: bool = False

    def send(self, request: wire.Request) -> None:
        if self.process is not None and self.process.stdin is not None and not self.process.stdin.is_closing():
            self.process.stdin.write(wire.pack(request))


class PoolStream:
    """One stream on one worker. Implements :class:`workbench.simulator.recognition.recognisers.RecogniserStream`.

    Attributes:
        observe: called with what was heard after each chunk, nothing too, and after the end, and with the processor
            time that it took in ns; None for no call.
        largest_backlog_s: most seconds of audio that were received and not decoded so far.
    """

    def __init__(
        self,
        number: int,
        worker: _Worker,
        sample_rate_hz: int,
        max_backlog_s: float,
        on_end: Callable[[float], object],
    ) -> None:
        self._on_end = on_end
        self._number = number
        self._worker = worker
        self._bytes_per_s = _BYTES_PER_SAMPLE * sample_rate_hz
        self._max_backlog_s = max_backlog_s
        self._undecoded_bytes = 0
        self.largest_backlog_s = 0.0
        self._full = False
        self._listener: Listener | None = None
        self._over = False
        self.observe: Callable[[tuple[Hypothesis, ...], int], None] | None = None

    @property
    def backlog_s(self) -> float:
        """Seconds of audio that the worker has not decoded."""
        return self._undecoded_bytes / self._bytes_per_s

    def listen(self, listener: Listener) -> None:
        """Who hears."""
        self._listener = listener

    def feed(self, pcm: bytes, arrived_ns: int) -> bool:
        """Send a chunk to the worker."""
        del arrived_ns  # hypotheses follow the audio, not the clock
        if not self._over:
            self._undecoded_bytes += len(pcm)
            self._worker.send(wire.Decode(self._number, pcm))
            # The chunk itself is no backlog: it is received whole before it can be decoded.
            self.largest_backlog_s = max(self.largest_backlog_s, self.backlog_s - len(pcm) / self._bytes_per_s)
            self._full = self.backlog_s > self._max_backlog_s
        return not self._full

    def finish(self, arrived_ns: int) -> None:
        """Tell the worker that the audio has ended."""
        del arrived_ns
        if not self._over:
            self._worker.send(wire.Finish(self._number))

    def drop(self) -> None:
        """Give the decoder back."""
        if not self._over:
            self._worker.send(wire.Drop(self._number))
            self._listener = None
            self._release(None)

    def take(self, answer: wire.Progress | wire.Drained | wire.Failed) -> None:
        """An answer of the worker."""
        match answer:
            case wire.Progress(_, size, heard, cpu_ns):
                self._undecoded_bytes -= size
                self._say(heard, cpu_ns)
                self._make_room()
            case wire.Drained(_, heard, cpu_ns):
                self._say(heard, cpu_ns)
                self._release(None)
            case wire.Failed(_, reason):
                self._release(StreamFailed(reason))

    def lose(self) -> None:
        """The worker is gone."""
        self._release(StreamFailed("recogniser process ended"))

    def _say(self, heard: list[Hypothesis], cpu_ns: int) -> None:
        if self.observe is not None:
            self.observe(tuple(heard), cpu_ns)
        for item in heard:
            if self._listener is not None:
                self._listener.heard(item)

    def _make_room(self) -> None:
        if self._full and self.backlog_s <= self._max_backlog_s:
            self._full = False
            if self._listener is not None:
                self._listener.room()

    def _release(self, last: StreamFailed | None) -> None:
        if not self._over:
            self._over = True
            self._undecoded_bytes = 0
            self._on_end(self.largest_backlog_s)
            # Before the terminal frame is sent, so that whoever waits for it finds the place free.
            self._worker.streams.pop(self._number, None)
            self._worker.free += 1
            self._make_room()
            if self._listener is not None:
                self._listener.over(last)


class WorkerPool:
    """Live decoding.

    Args:
        workers: processes of pocketsphinx, or threads of the one process of Whisper; one a core is as many as help.
        sessions: streams at the same time; more are refused.
        max_backlog_s: seconds of undecoded audio above which new streams are refused.
        model: see :mod:`workbench.simulator.recognition.models`.
        partials: what Whisper's partials show, see :data:`workbench.simulator.recognition.whisper.stream.PARTIALS`.
        partial_every_s: seconds of audio between two passes of Whisper.
        passes: file of Whisper's passes that need not be computed again; None keeps none.
    """

    def __init__(
        self,
        workers: int,
        sessions: int,
        max_backlog_s: float,
        model: str = "general",
        partials: str = "settled",
        partial_every_s: float = 0.5,
        passes: Path | None = None,
    ) -> None:
        self._model = model
        self._sessions = sessions
        self._max_backlog_s = max_backlog_s
        if engine_of(model) == "whisper":
            self._decoders, processes = sessions, 1
            module = "workbench.simulator.recognition.whisper.worker"
            arguments = [str(NICENESS), model, str(workers), partials, str(partial_every_s)]
            arguments += [] if passes is None else [str(passes)]
        else:
            self._decoders, processes = -(-sessions // workers), min(workers, sessions)
            module = "workbench.simulator.recognition.worker"
            arguments = [str(self._decoders), str(NICENESS), model]
        self._command = python_command(module, *arguments)
        self._workers = [_Worker(i, self._decoders) for i in range(processes)]
        self._backlogs: OrderedDict[str, float] = OrderedDict()
        self._numbers = itertools.count(1)
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = False
        self._refused = 0
        self._replaced = 0

    @property
    def name(self) -> str:
        """As in ``--recogniser``."""
        return "live"

    async def start(self) -> None:
        """Start all workers and wait until their decoders are loaded.

        Raises:
            ServiceError: a worker does not start.
        """
        self._tasks = [asyncio.create_task(self._keep(worker)) for worker in self._workers]
        await asyncio.gather(*(worker.ready.wait() for worker in self._workers))
        if any(worker.broken for worker in self._workers):
            await self.close()
            raise ServiceError(
                "recogniser does not start",
                item=f"model {self._model}",
                got=f"{_FAILED_STARTS} failed starts of a worker process",
                action="Run `workbench doctor`, or use the model general or the scripted recogniser",
            )

    async def close(self) -> None:
        """End the workers: their input ends, and so do they; a bounded wait, then a kill by id."""
        self._closing = True
        for worker in self._workers:
            if worker.process is not None and worker.process.stdin is not None:
                worker.process.stdin.close()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=_END_S)
            for worker in self._workers if late else ():
                if worker.process is not None and worker.process.returncode is None:
                    worker.process.kill()
            await asyncio.gather(*self._tasks)

    def open(self, session_id: str, sample_rate_hz: int) -> PoolStream:
        """A new stream on the worker with most decoders free.

        Raises:
            ServiceError: 503 when all decoders are taken or too much audio is undecoded.
        """
        running = sum(len(worker.streams) for worker in self._workers)
        alive = [worker for worker in self._workers if worker.ready.is_set() and not worker.broken and worker.free]
        reason = None
        if running >= self._sessions or not alive:
            reason = f"{running} of {self._sessions} streams are open"
        elif self.backlog_s > self._max_backlog_s:
            reason = f"{self.backlog_s:.1f} s of audio wait, the bound is {self._max_backlog_s:g} s"
        if reason is not None:
            self._refused += 1
            raise busy(reason)
        worker = max(alive, key=lambda w: w.free)
        number = next(self._numbers)
        stream = PoolStream(number, worker, sample_rate_hz, self._max_backlog_s, partial(self._measured, session_id))
        worker.free -= 1
        worker.streams[number] = stream
        worker.send(wire.Open(number, sample_rate_hz))
        return stream

    def backlog_ms(self, session_id: str) -> int | None:
        """Largest backlog of a session's streams so far, ms of audio; None if nothing of it was decoded here."""
        largest_s = self._backlogs.get(session_id)
        return None if largest_s is None else round(1000 * largest_s)

    def _measured(self, session_id: str, backlog_s: float) -> None:
        self._backlogs[session_id] = max(backlog_s, self._backlogs.pop(session_id, 0.0))
        if len(self._backlogs) > _KEPT_BACKLOGS:
            self._backlogs.popitem(last=False)

    @property
    def backlog_s(self) -> float:
        """Seconds of undecoded audio over all streams."""
        return sum(stream.backlog_s for worker in self._workers for stream in worker.streams.values())

    def health(self) -> dict[str, object]:
        """Load and bounds."""
        return {
            "workers": [w.process.pid for w in self._workers if w.process is not None and w.ready.is_set()],
            "streams": sum(len(w.streams) for w in self._workers),
            "max_streams": self._sessions,
            "model": self._model,
            "backlog_s": round(self.backlog_s, 3),
            "max_backlog_s": self._max_backlog_s,
            "refused": self._refused,
            "replaced_workers": self._replaced,
        }

    async def _keep(self, worker: _Worker) -> None:
        """Run one worker for as long as the pool lives, replacing the process when it dies."""
        failed_starts = 0
        while not self._closing and failed_starts < _FAILED_STARTS:
            worker.process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
            await self._read(worker, worker.process)
            status = await worker.process.wait()
            failed_starts = 0 if worker.ready.is_set() else failed_starts + 1
            worker.ready.clear()
            for stream in list(worker.streams.values()):
                stream.lose()
            if not self._closing:
                self._replaced += 1
                _log.warning("recogniser worker %d ended with status %s and is replaced", worker.number, status)
        worker.broken = not self._closing
        worker.ready.set()

    async def _read(self, worker: _Worker, process: asyncio.subprocess.Process) -> None:
        """Hand answers to their streams until the process ends."""
        assert process.stdout is not None  # noqa: S101  asked for above
        try:
            while True:
                answer = _answers.decode(await next_body(process.stdout))
                if isinstance(answer, wire.Ready):
                    worker.ready.set()
                elif (stream := worker.streams.get(answer.stream)) is not None:
                    stream.take(answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
