"""The worker process of the whisper recogniser: one model, a pool of threads, any number of streams.

Started as ``python -m workbench.simulator.recognition.whisper.worker NICENESS MODEL THREADS PARTIALS EVERY_S``, and a
file of passes that need not be computed again, if there is one. It speaks what
:mod:`workbench.simulator.recognition.worker` speaks: requests on standard input, answers on standard output. The
process ends when its input does.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from workbench.child_process import read_body
from workbench.errors import WorkbenchError
from workbench.simulator.recognition.whisper.engine import Decoded, Engine, EngineStream
from workbench.simulator.recognition.whisper.kept_passes import KeptPasses
from workbench.simulator.recognition.whisper.stream import Partials
from workbench.simulator.recognition.whisper.variants import load_whisper, settings_of
from workbench.simulator.recognition.worker import (
    Answer,
    Decode,
    Drained,
    Drop,
    Failed,
    Finish,
    Open,
    Progress,
    Ready,
    Request,
    pack,
)

__all__ = ["main"]

_requests = msgspec.msgpack.Decoder(Request)


class _Worker:
    """The engine of this process, and its streams by their numbers."""

    def __init__(self, engine: Engine, out: BinaryIO) -> None:
        self._engine = engine
        self._streams: dict[int, EngineStream] = {}
        self._out = out
        self._writing = threading.Lock()

    def say(self, answer: Answer) -> None:
        with self._writing:
            self._out.write(pack(answer))
            self._out.flush()

    def handle(self, request: Request) -> None:
        if isinstance(request, Open):
            self._open(request)
            return
        stream = self._streams.get(request.stream)
        if stream is None:
            return
        match request:  # what comes for a stream that has failed is ignored by the engine
            case Decode(_, pcm):
                self._engine.feed(stream, pcm)
            case Finish():
                self._engine.finish(stream)
            case Drop(number):
                self._engine.drop(self._streams.pop(number))

    def _open(self, request: Open) -> None:
        number = request.stream

        def tell(decoded: Decoded) -> None:
            if decoded.is_end:
                self._streams.pop(number, None)
            if decoded.failure is not None:
                self.say(Failed(number, f"recogniser failed: {type(decoded.failure).__name__}"))
            elif decoded.is_end:
                self.say(Drained(number, list(decoded.heard), decoded.took_ns))
            else:
                self.say(Progress(number, decoded.pcm_bytes, list(decoded.heard), decoded.took_ns))

        # The pool counts streams and audio, pipes included; here nothing is refused.
        self._streams[number] = self._engine.open(request.sample_rate_hz, tell)


def _serve(source: BinaryIO, out: BinaryIO) -> None:
    model, threads, partials, every_s = sys.argv[2:6]
    loaded = load_whisper(model, int(threads))
    settings = settings_of(model, loaded.vocabulary, cast("Partials", partials), float(every_s))
    kept = KeptPasses(Path(sys.argv[6])) if sys.argv[6:] else None
    worker = _Worker(Engine(loaded, settings, int(threads), kept=kept), out)
    worker.say(Ready())
    while (body := read_body(source)) is not None:
        worker.handle(_requests.decode(body))


def main() -> None:
    """Serve requests until standard input ends."""
    # A key press in the terminal reaches the whole group; the simulator decides when its workers end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(int(sys.argv[1]))
    if hasattr(os, "sched_setscheduler"):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))  # it never preempts who paces audio
    # Whatever a library prints must not land between the answers.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        _serve(sys.stdin.buffer, out)
    except BrokenPipeError:
        pass  # the simulator is gone
    except WorkbenchError as error:  # such as a wrong byte in the weights
        os.write(2, f"{error}\n".encode())
        os._exit(error.exit_code)
    except Exception as error:  # noqa: BLE001  the pool replaces this process; one line says why it must
        os.write(2, f"recogniser worker ends: {type(error).__name__}\n".encode())
        os._exit(1)
    os._exit(0)  # nothing here needs an orderly release


if __name__ == "__main__":
    main()
