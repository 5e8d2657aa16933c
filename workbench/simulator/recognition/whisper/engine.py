"""Many streams on one model: a pool of threads, the chunks of each stream in their order.

Nothing is skipped. What was received and is not decoded yet is counted in seconds of audio, for each stream and in all,
and its largest value is kept: a latency that was measured while it was large says something about this machine and
nothing about a service. A stream that is behind asks its sender to wait; a new one is refused.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from math import inf

from workbench.simulator.recognition.decoding import Hypothesis
from workbench.simulator.recognition.recognisers import busy
from workbench.simulator.recognition.whisper.kept_passes import KeptPasses
from workbench.simulator.recognition.whisper.model import WhisperModel
from workbench.simulator.recognition.whisper.stream import Settings, WhisperStream

__all__ = ["Decoded", "Engine", "EngineStream", "Listener"]

Listener = Callable[["Decoded"], object]
"""Told of each chunk in order, and of the end, from a thread of the engine; never after a drop."""

_BYTES_PER_SAMPLE = 2


@dataclass(frozen=True, slots=True)
class Decoded:
    """One chunk of a stream, or its end, after it was decoded.

    Attributes:
        heard: in it, in order.
        pcm_bytes: bytes that were decoded; 0 at the end.
        took_ns: on the clock; passes compute in threads of CTranslate2, whose processor time nobody tells.
        is_end: nothing comes after it.
        failure: what broke the stream, None if nothing did.
    """

    heard: Sequence[Hypothesis]
    pcm_bytes: int
    took_ns: int
    is_end: bool = False
    failure: Exception | None = None


@dataclass(slots=True, eq=False)
class EngineStream:
    """One stream of an engine.

    Attributes:
        over: after its end, a drop or a failure.
        most_backlog_s: largest backlog so far, in seconds of audio.
    """

    bytes_per_s: int
    listener: Listener = field(repr=False)
    decoder: WhisperStream = field(repr=False)
    over: bool = False
    most_backlog_s: float = 0.0
    waiting: deque[bytes | None] = field(default_factory=deque, repr=False)
    running: bool = False
    undecoded_bytes: int = 0

    @property
    def backlog_s(self) -> float:
        """Seconds of audio that were received and are not decoded."""
        return self.undecoded_bytes / self.bytes_per_s


class Engine:
    """Streams on one model. Its methods may be called from any thread.

    Args:
        model: loaded for as many threads.
        settings: settings of every stream.
        threads: threads that decode; one a core is as many as help.
        max_streams: greatest number of streams; more are refused.
        max_backlog_s: backlog of all streams above which new ones are refused, and of one above which its sender waits.
        kept: passes that need not be computed again.
    """

    def __init__(
        self,
        model: WhisperModel,
        settings: Settings,
        threads: int,
        max_streams: float = inf,
        max_backlog_s: float = inf,
        kept: KeptPasses | None = None,
    ) -> None:
        self._model = model
        self._kept = kept
        self._settings = settings
        self._max_streams = max_streams
        self._max_backlog_s = max_backlog_s
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="whisper")
        self._lock = threading.Lock()
        self._streams: set[EngineStream] = set()

    def open(self, sample_rate_hz: int, listener: Listener) -> EngineStream:
        """A new stream.

        Raises:
            ServiceError: 503 when there are too many or too much audio is undecoded.
        """
        stream = EngineStream(
            _BYTES_PER_SAMPLE * sample_rate_hz,
            listener,
            WhisperStream(self._model, self._settings, sample_rate_hz, self._kept),
        )
        with self._lock:
            if len(self._streams) >= self._max_streams:
                raise busy(f"{len(self._streams)} of {self._max_streams} streams are open")
            if (behind := self._backlog_s()) > self._max_backlog_s:
                raise busy(f"{behind:.1f} s of audio wait, the bound is {self._max_backlog_s:g} s")
            self._streams.add(stream)
        return stream

    def feed(self, stream: EngineStream, pcm: bytes) -> bool:
        """Take a chunk. False when its sender is to wait until the backlog of the stream is small again."""
        return self._put(stream, pcm)

    def finish(self, stream: EngineStream) -> None:
        """No more audio will come."""
        self._put(stream, None)

    def drop(self, stream: EngineStream) -> None:
        """Forget the stream; nothing is told of it any more, but a pass that runs comes to its end."""
        with self._lock:
            self._release(stream)

    @property
    def backlog_s(self) -> float:
        """Seconds of undecoded audio of all streams."""
        with self._lock:
            return self._backlog_s()

    def close(self) -> None:
        """Drop all streams; returns when the passes that run have ended."""
        with self._lock:
            for stream in list(self._streams):
                self._release(stream)
        self._threads.shutdown()

    def _backlog_s(self) -> float:
        return sum(stream.backlog_s for stream in self._streams)

    def _put(self, stream: EngineStream, pcm: bytes | None) -> bool:
        with self._lock:
            if stream.over:
                return True
            stream.waiting.append(pcm)
            stream.undecoded_bytes += len(pcm or b"")
            stream.most_backlog_s = max(stream.most_backlog_s, stream.backlog_s)
            if not stream.running:
                stream.running = True
                self._threads.submit(self._step, stream)
            return stream.backlog_s <= self._max_backlog_s

    def _step(self, stream: EngineStream) -> None:
        """Decode one item of a stream, then let the others have their turn."""
        with self._lock:
            if stream not in self._streams:
                return
            pcm = stream.waiting.popleft()
        heard: Sequence[Hypothesis] = ()
        begun_ns, failure = time.perf_counter_ns() + stream.decoder.kept_ns, None
        try:
            heard = stream.decoder.finish() if pcm is None else stream.decoder.feed(pcm)
        except Exception as error:  # noqa: BLE001  whatever breaks one stream leaves the others alone
            failure = error
        took_ns = time.perf_counter_ns() + stream.decoder.kept_ns - begun_ns
        with self._lock:
            if stream not in self._streams:
                return
            stream.undecoded_bytes -= len(pcm or b"")
            is_end = pcm is None or failure is not None
            if is_end:
                self._release(stream)
        # Outside the lock, but before the next item: the order holds, and who is told may feed.
        stream.listener(Decoded(heard, len(pcm or b""), took_ns, is_end, failure))
        with self._lock:
            stream.running = bool(stream.waiting) and not stream.over
            if stream.running:
                self._threads.submit(self._step, stream)

    def _release(self, stream: EngineStream) -> None:
        stream.over = True
        stream.undecoded_bytes = 0
        stream.waiting.clear()
        self._streams.discard(stream)
