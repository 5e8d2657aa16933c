"""The replay recogniser: says what the real decoder said when it once heard the very same audio.

What is said after a chunk is looked up by the running hash of the audio so far
(:mod:`workbench.simulator.recognition.timelines`),
so an answer never runs ahead of the audio that it depends on: at chunk k only the first k chunks are known and only
they decide. Hundreds of sessions over a known corpus cost a hash a chunk.

**When it is said.** With each step the processor time of its decoding was kept. A session is answered as by a decoder
and a core of its own: an answer is due when its chunk has arrived and the answer before it was due, plus that time.
The delays are those of the machine that decoded, without the contention of many sessions; results of a replay say
"replayed" for that reason.

**Audio that is not known** differs from everything known at one chunk for the first time. Up to there all answers were
right, because they depend on what came before. From there a real decoder takes over: it is given the stream from its
beginning, what it says again is dropped, and what it says anew is sent when it is decoded, late by what the catching
up takes. At its end the stream's steps are known. Where no decoder is free, or ``decode`` is off, the stream is broken
off with a reason instead: to hold its audio back until one is free would pass as latency.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from workbench.errors import ServiceError
from workbench.playing.pacer import Pacer
from workbench.playing.plan import SessionPlan
from workbench.simulator.recognition.decoding import Hypothesis
from workbench.simulator.recognition.pool import PoolStream, WorkerPool
from workbench.simulator.recognition.recognisers import Listener, StreamFailed
from workbench.simulator.recognition.timelines import Step, Timelines, after, begin, ended

__all__ = ["Replay", "chunks_of", "learn"]

_log = logging.getLogger(__name__)


class Replay:
    """The ``replay`` recogniser.

    Args:
        timelines: what is known.
        pool: decodes what is not known; None refuses it.
    """

    def __init__(self, timelines: Timelines, pool: WorkerPool | None) -> None:
        self.timelines = timelines
        self.pool = pool
        self.pacer = Pacer()
        self.pcm: dict[bytes, bytes] = {}
        self.counts = {"replayed": 0, "decoded": 0, "refused": 0}
        self._saving: set[asyncio.Task[None]] = set()

    @property
    def name(self) -> str:
        """As in ``--recogniser``."""
        return "replay"

    async def start(self) -> None:
        """Open the timer, and start the workers where unknown audio is decoded."""
        await self.pacer.__aenter__()
        if self.pool is not None:
            await self.pool.start()

    async def close(self) -> None:
        """End both; what was learnt is written first."""
        await asyncio.gather(*self._saving)
        if self.pool is not None:
            await self.pool.close()
        await self.pacer.__aexit__(None, None, None)

    def open(self, session_id: str, sample_rate_hz: int) -> _ReplayStream:
        """A new stream; whether its audio is known shows as it comes."""
        del session_id
        return _ReplayStream(self, sample_rate_hz)

    def learnt(self, steps: Sequence[Step]) -> None:
        """Keep what a decoder said, here and in the folder."""
        self.timelines.keep(steps)
        saving = asyncio.create_task(self._save(steps))
        self._saving.add(saving)
        saving.add_done_callback(self._saving.discard)

    async def _save(self, steps: Sequence[Step]) -> None:
        try:
            await asyncio.to_thread(self.timelines.save, steps)
        except OSError as error:
            _log.warning("decodings cannot be cached: %s", error.strerror or error)

    def backlog_ms(self, session_id: str) -> int | None:
        """None: nothing waits to be decoded."""
        del session_id
        return None

    def health(self) -> dict[str, object]:
        """Steps known, how streams were answered, and the load of the decoders."""
        load = self.pool.health() if self.pool is not None else {}
        return {"steps": len(self.timelines), "fingerprint": self.timelines.fingerprint, **self.counts, **load}


class _ReplayStream:
    """One connection's audio, followed along what is known of it."""

    def __init__(self, replay: Replay, sample_rate_hz: int) -> None:
        self._replay = replay
        self._rate_hz = sample_rate_hz
        self._digest = begin(replay.timelines.fingerprint, sample_rate_hz)
        self._known: list[bytes] = []
        self._free_ns = 0
        self._listener: Listener | None = None
        self._decoding: _Decoding | None = None
        self._broken_off = False
        self.on_decoded: Callable[[], None] = lambda: None

    def listen(self, listener: Listener) -> None:
        self._listener = listener

    def feed(self, pcm: bytes, arrived_ns: int) -> bool:
        if self._broken_off:
            return True
        self._digest = after(self._digest, pcm)
        if self._decoding is None:
            step = self._replay.timelines.find(self._digest)
            if step is not None:
                self._answer(step, arrived_ns)
                if self._replay.pool is not None:
                    # One copy for all sessions: a decoder may have to be given the stream from its beginning.
                    self._replay.pcm.setdefault(self._digest, pcm)
                    self._known.append(self._digest)
                return True
            self._decoding = self._take_over()
        return self._decoding is None or self._decoding.feed(self._digest, pcm)

    def finish(self, arrived_ns: int) -> None:
        if self._broken_off or self._listener is None:
            return
        self._digest = ended(self._digest)
        if self._decoding is None:
            step = self._replay.timelines.find(self._digest)
            if step is not None:
                self._answer(step, arrived_ns)
                self._later(self._free_ns, partial(self._over, None))
                self._replay.counts["replayed"] += 1
                return
            self._decoding = self._take_over()
        if self._decoding is not None:
            self._decoding.finish(self._digest)

    def drop(self) -> None:
        self._listener = None
        if self._decoding is not None:
            self._decoding.drop()

    # -- answers ----------------------------------------------------------------------------------------------

    def _answer(self, step: Step, arrived_ns: int) -> None:
        self._free_ns = max(arrived_ns, self._free_ns) + step.cpu_ns
        if step.heard:
            self._later(self._free_ns, partial(self._say, step.heard))

    def _later(self, due_ns: int, do: partial[None]) -> None:
        self._replay.pacer.call_at_ns(due_ns, do)

    def _say(self, heard: Sequence[Hypothesis]) -> None:
        for item in heard:
            if self._listener is not None:
                self._listener.heard(item)

    def _over(self, failure: StreamFailed | None) -> None:
        if self._listener is not None:
            self._listener.over(failure)

    # -- audio that is not known ------------------------------------------------------------------------------

    def _take_over(self) -> _Decoding | None:
        """A decoder that has been given everything known of the stream; None if the stream is broken off."""
        pool, counts = self._replay.pool, self._replay.counts
        if pool is None:
            reason = "replay: this audio is not known and was not to be decoded"
        else:
            try:
                stream = pool.open("", self._rate_hz)
            except ServiceError as error:
                reason = f"replay: this audio is not known and {error.problem}"
            else:
                counts["decoded"] += 1
                return _Decoding(self, stream, [self._replay.pcm[digest] for digest in self._known])
        counts["refused"] += 1
        self._broken_off = True
        asyncio.get_running_loop().call_soon(self._over, StreamFailed(reason, status=503))
        return None

    def decoded(self, heard: tuple[Hypothesis, ...]) -> None:
        """What the decoder said, behind answers that are still due."""
        if time.perf_counter_ns() >= self._free_ns:
            self._say(heard)
        else:
            self._later(self._free_ns, partial(self._say, heard))

    def room(self) -> None:
        """The decoder takes audio again."""
        if self._listener is not None:
            self._listener.room()

    def over(self, failure: StreamFailed | None, steps: list[Step]) -> None:
        """The decoder is through."""
        if failure is None:
            self._replay.learnt(steps)
        if time.perf_counter_ns() >= self._free_ns:
            self._over(failure)
        else:
            self._later(self._free_ns, partial(self._over, failure))


class _Decoding:
    """A stream of the pool that continues a stream of ours; hears what it says and keeps it as steps."""

    def __init__(self, owner: _ReplayStream, stream: PoolStream, known: Sequence[bytes]) -> None:
        self._owner = owner
        self._stream = stream
        self._again = len(known)
        self._digests: deque[bytes] = deque()
        self._steps: list[Step] = []
        stream.observe = self._observe
        stream.listen(self)
        for pcm in known:
            stream.feed(pcm, 0)

    def feed(self, digest: bytes, pcm: bytes) -> bool:
        self._digests.append(digest)
        return self._stream.feed(pcm, 0)

    def finish(self, digest: bytes) -> None:
        self._digests.append(digest)
        self._stream.finish(0)

    def drop(self) -> None:
        self._stream.drop()

    def _observe(self, heard: tuple[Hypothesis, ...], cpu_ns: int) -> None:
        if self._again:
            self._again -= 1  # said already, from what is known
            return
        self._steps.append(Step(self._digests.popleft(), cpu_ns, heard))
        self._owner.on_decoded()
        if heard:
            self._owner.decoded(heard)

    def heard(self, heard: Hypothesis) -> None:
        """Taken chunk by chunk in ``_observe``."""

    def room(self) -> None:
        self._owner.room()

    def over(self, failure: StreamFailed | None) -> None:
        self._owner.over(failure, self._steps)


def chunks_of(plan: SessionPlan) -> list[bytes]:
    """The samples of each chunk of a plan, as a service receives them."""
    data = plan.pcm.tobytes()
    return [data[2 * start : 2 * end] for start, end in zip((0, *plan.ends[:-1]), plan.ends, strict=True)]


async def learn(
    streams: Sequence[tuple[int, Sequence[bytes]]],
    timelines: Timelines,
    workers: int,
    on_progress: Callable[[int, int], object] | None = None,
) -> int:
    """Decode the streams that are not known, as fast as ``workers`` processes can.

    What Whisper has decoded of a stream when it is stopped is not decoded again the next time; that of
    pocketsphinx begins again.

    Args:
        streams: rate in Hz and chunks of each, cut as they will be sent.
        timelines: what is decoded is added.
        workers: processes, or threads of Whisper.
        on_progress: called with how many chunks of those streams are decoded, and of how many.

    Returns:
        Streams that had to be decoded.

    Raises:
        ServiceError: a worker does not start, or loses a stream.
    """
    unknown: dict[bytes, tuple[int, Sequence[bytes]]] = {}
    for rate_hz, chunks in streams:
        path = timelines.path(rate_hz, chunks)
        if not timelines.knows(path):
            unknown[path[-1]] = (rate_hz, chunks)
    if not unknown:
        return 0
    workers = min(workers, len(unknown))
    unfinished = _unfinished(timelines)
    how = (timelines.model, timelines.partials, timelines.partial_every_s, unfinished)
    pool = WorkerPool(workers, workers, float("inf"), *how)
    replay = Replay(timelines, pool)
    waiting = iter(unknown.values())
    total, done = sum(len(chunks) for _, chunks in unknown.values()), 0

    def answered() -> None:
        nonlocal done
        done += 1
        if on_progress is not None:
            on_progress(min(done, total), total)

    await replay.start()
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(_learn_in_turn(replay, waiting, answered))
    except* ServiceError as failures:
        raise next(error for error in failures.exceptions if isinstance(error, ServiceError)) from None
    finally:
        await replay.close()
    if unfinished is not None:
        unfinished.unlink(missing_ok=True)
    return len(unknown)


def _unfinished(timelines: Timelines) -> Path | None:
    """Where Whisper keeps what it has of streams that are not over; None where nothing can be written."""
    try:
        return timelines.unfinished()
    except OSError:
        return None


async def _learn_in_turn(
    replay: Replay, waiting: Iterator[tuple[int, Sequence[bytes]]], answered: Callable[[], None]
) -> None:
    for rate_hz, chunks in waiting:
        stream, learner = replay.open("", rate_hz), _Learner()
        stream.on_decoded = answered
        stream.listen(learner)
        for pcm in chunks:
            stream.feed(pcm, time.perf_counter_ns())
        stream.finish(time.perf_counter_ns())
        await learner.done
        stream.drop()


class _Learner:
    """Waits for the end of a stream; what it says is kept elsewhere."""

    def __init__(self) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def heard(self, heard: Hypothesis) -> None:
        pass

    def room(self) -> None:
        pass

    def over(self, failure: StreamFailed | None) -> None:
        if self.done.done():  # nobody waits any more: decoding was stopped, and its worker ends
            return
        if failure is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(failure)
