"""A recogniser worker: a process that decodes the streams it is handed, chunk by chunk in order of arrival.

Started by :mod:`workbench.simulator.recognition.pool` as ``python -m workbench.simulator.recognition.worker``.
Requests come on standard input and answers go to standard output, MessagePack objects each. The process ends when its
input does, so that it never outlives the simulator.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Any, BinaryIO, TypeAlias

import msgspec

from workbench.child_process import framed, read_body
from workbench.simulator.recognition.decoding import Hypothesis, StreamDecoder
from workbench.simulator.recognition.models import load_decoder

__all__ = ["Answer", "Decode", "Drained", "Drop", "Failed", "Finish", "Open", "Progress", "Ready", "Request", "pack"]


class Open(msgspec.Struct, tag=True, array_like=True):
    """Begin a stream on a free decoder."""

    stream: int
    sample_rate_hz: int


class Decode(msgspec.Struct, tag=True, array_like=True):
    """A chunk of audio."""

    stream: int
    pcm: bytes


class Finish(msgspec.Struct, tag=True, array_like=True):
    """No more audio: answer with the last finals and Drained."""

    stream: int


class Drop(msgspec.Struct, tag=True, array_like=True):
    """Forget the stream; no answer."""

    stream: int


class Ready(msgspec.Struct, tag=True, array_like=True):
    """All decoders are loaded."""


class Progress(msgspec.Struct, tag=True, array_like=True):
    """A chunk was decoded: its size, what was heard after it, and the processor time that it took."""

    stream: int
    pcm_bytes: int
    heard: list[Hypothesis]
    cpu_ns: int


class Drained(msgspec.Struct, tag=True, array_like=True):
    """The stream is over; its last finals, and the processor time that they took."""

    stream: int
    heard: list[Hypothesis]
    cpu_ns: int


class Failed(msgspec.Struct, tag=True, array_like=True):
    """The recogniser failed on this stream; the reason is free of content."""

    stream: int
    reason: str


Request: TypeAlias = Open | Decode | Finish | Drop
Answer: TypeAlias = Ready | Progress | Drained | Failed

_requests = msgspec.msgpack.Decoder(Request)
_encode = msgspec.msgpack.Encoder().encode


def pack(message: Request | Answer) -> bytes:
    """A message with its length in front."""
    return framed(_encode(message))


class _Worker:
    """The decoders of this process and the streams that hold them."""

    def __init__(self, decoders: int, out: BinaryIO, model: str) -> None:
        self._free = [load_decoder(model) for _ in range(decoders)]
        self._model = model
        self._streams: dict[int, tuple[StreamDecoder, Any]] = {}
        self._out = out

    def say(self, answer: Answer) -> None:
        self._out.write(pack(answer))
        self._out.flush()

    def handle(self, request: Request) -> None:
        if isinstance(request, Open):
            decoder = self._free.pop()
            self._streams[request.stream] = (StreamDecoder(decoder, request.sample_rate_hz), decoder)
            return
        held = self._streams.get(request.stream)
        if held is None:
            return  # it failed earlier; what was under way for it is ignored
        stream, begun_ns = held[0], time.thread_time_ns()
        try:
            match request:
                case Decode(number, pcm):
                    heard = stream.feed(pcm)
                    self.say(Progress(number, len(pcm), heard, time.thread_time_ns() - begun_ns))
                case Finish(number):
                    heard = stream.finish()
                    self._release(number)
                    self.say(Drained(number, heard, time.thread_time_ns() - begun_ns))
                case Drop(number):
                    stream.abandon()
                    self._release(number)
        except (RuntimeError, ValueError, IndexError) as error:  # what pocketsphinx raises
            # The decoder may be in any state: it is replaced rather than trusted.
            self._streams.pop(request.stream)
            self._free.append(load_decoder(self._model))
            self.say(Failed(request.stream, f"recogniser failed: {type(error).__name__}"))

    def _release(self, number: int) -> None:
        self._free.append(self._streams.pop(number)[1])


def main() -> None:
    """Serve requests until standard input ends. Arguments: number of decoders, niceness, model."""
    decoders, niceness, model = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    # A key press in the terminal reaches the whole group; the simulator decides when its workers end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(niceness)
    if hasattr(os, "sched_setscheduler"):
        # A batch process never preempts: with four streams on two cores the p99 of chunk lateness of the pacing
        # process fell from 3 to 11 ms at niceness 10 to 2 to 5 ms.
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    # Whatever a library prints must not land between the answers.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    source = sys.stdin.buffer
    try:
        worker = _Worker(decoders, out, model)
        worker.say(Ready())
        while (body := read_body(source)) is not None:
            worker.handle(_requests.decode(body))
    except BrokenPipeError:
        pass  # the simulator is gone
    except Exception as error:  # noqa: BLE001  the pool replaces this process; one line says why it must
        os.write(2, f"recogniser worker ends: {type(error).__name__}\n".encode())
        os._exit(1)
    os._exit(0)  # decoders hold hundreds of megabytes that need no orderly release


if __name__ == "__main__":
    main()
