"""Ten million frames through decoders and sessions, both roles and both dialects: ``make fuzz``.

Frames are the seeds of ``corpus``, mutated: bytes flipped, cut, doubled, spliced, numbers and names of the wire put in.
Each frame is read by both ends of both dialects and by sessions that live for a thousand frames. An alarm ends a frame
that takes longer than a second; memory is looked at all along.

Run: FUZZ_FRAMES=10000000 FUZZ_SEED=1 python -m tests.fuzz.frames
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import time
from pathlib import Path

from tests.fuzz.targets import both_forms
from workbench.errors import LocalProtocolError, RemoteProtocolError
from workbench.protocol.messages import Dialect, Final, Partial, Product
from workbench.protocol.stream import Role, StreamSession, codec_for

__all__ = ["Mutator", "Reader", "fuzz", "seeds"]

CORPUS = Path(__file__).with_name("corpus")
HANG_S = 1.0
FRAMES_A_SESSION = 1_000
TOKENS = [
    b'"type"', b'"AUDIO"', b'"EVENT"', b'"START_TIME"', b'"EOF"', b"RU9G", b'"transcript"', b'"words"', b'"is_final"',
    b'"isFinal"', b'"transcript_id"', b'"audioData"', b'"data"', b'"event"', b'"AUDIO_END"', b"true", b"false", b"null",
    b"0", b"-1", b"1e400", b"9" * 40, b'""', b"{}", b"[]", b"[" * 200, b'{"a":' * 200, b"\xed\xa0\x80", b"\\ud800",
    b"\\u0000", b"\x00", b"\xef\xbb\xbf", b"\xf0\x9f\x92\x8a", b"NaN", b"Infinity", b'"FINAL"',
    b'"PARTIAL"', b'"sessionId"',
]  # fmt: skip


def seeds() -> list[bytes]:
    """Every frame of the seed corpus."""
    found = sorted(
        path.read_bytes() for name in ("server_frames", "client_frames") for path in (CORPUS / name).iterdir()
    )
    return [seed for seed in found if seed]


class Mutator:
    """Makes frames of frames, by seed."""

    def __init__(self, known: list[bytes], seed: int) -> None:
        self._known = known
        self._random = random.Random(seed)

    def frame(self) -> bytes:
        """The next one; every tenth is a seed as it is."""
        draw = self._random
        frame = bytearray(draw.choice(self._known))
        for _ in range(int(draw.random() * 4) if draw.random() < 0.9 else 0):
            self._mutate(frame)
        return bytes(frame[:65_536])

    def _mutate(self, frame: bytearray) -> None:
        draw = self._random
        place = int(draw.random() * (len(frame) + 1))
        what = int(draw.random() * 6)
        if what == 0 and place < len(frame):
            frame[place] = int(draw.random() * 256)
        elif what == 1:
            del frame[place : place + 1 + int(draw.random() * 16)]
        elif what == 2:
            frame[place:place] = draw.choice(TOKENS)
        elif what == 3:
            other = draw.choice(self._known)
            frame[place:] = other[int(draw.random() * len(other)) :]
        elif what == 4:
            frame[place:place] = frame[place : place + 1 + int(draw.random() * 64)]
        elif place < len(frame):
            frame[place] ^= 1 << int(draw.random() * 8)


class Reader:
    """Reads every frame with everything that reads frames.

    Attributes:
        refused: by the service's end, as documented.
        taken: by it.
    """

    def __init__(self) -> None:
        self._pairs = [(dialect, product) for dialect in Dialect for product in (Product.DICTATION, Product.AMBIENT)]
        self._number = 0
        self.refused = self.taken = 0
        self._renew()

    def _renew(self) -> None:
        self._clients = [StreamSession(Role.CLIENT, product, dialect, "s") for dialect, product in self._pairs]
        self._servers = [StreamSession(Role.SERVER, product, dialect, "s") for dialect, product in self._pairs]

    def read(self, frame: bytes) -> None:
        """One frame: client decoder and session of one dialect, and the same of a service; by turns."""
        pair = self._number % len(self._pairs)
        dialect, product = self._pairs[pair]
        codec = codec_for(dialect)
        for raw in both_forms(frame)[:1]:
            message = codec.decode_server(raw)
            if isinstance(message, Partial | Final):
                codec.encode_server(message, "s")
            self._clients[pair].receive_server(raw)
            try:
                codec.decode_client(raw, product)
                self._servers[pair].receive_client(raw)
                self.taken += 1
            except RemoteProtocolError:
                self.refused += 1
        if self._number % 16 == 0:
            with contextlib.suppress(LocalProtocolError):
                self._servers[pair].send(Partial("x", None))
        self._number += 1
        if self._number % FRAMES_A_SESSION == 0:
            for session in (*self._clients, *self._servers):
                session.close()
            self._renew()


class HangError(Exception):
    """A frame took longer than a second."""


def _too_long(*_: object) -> None:
    raise HangError


def _rss_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def fuzz(frames: int, seed: int, *, say=print) -> int:
    """Read so many frames; the exit code. A finding is printed with the frame that made it."""
    mutator, reader = Mutator(seeds(), seed), Reader()
    signal.signal(signal.SIGPROF, _too_long)  # of processor time: a busy machine is no hang
    begun_s, first_mb, most_mb, slowest_s = time.perf_counter(), 0.0, 0.0, 0.0
    try:
        for number in range(frames):
            frame = mutator.frame()
            signal.setitimer(signal.ITIMER_PROF, HANG_S)
            at_s = time.thread_time()
            try:
                reader.read(frame)
            except Exception as error:  # noqa: BLE001  whatever is not documented is a finding
                say(f"FINDING {type(error).__name__} at frame {number} of seed {seed}: {frame!r}")
                return 1
            slowest_s = max(slowest_s, time.thread_time() - at_s)
            if number % 100_000 == 0:
                most_mb = max(most_mb, _rss_mb())
                first_mb = first_mb or most_mb
    finally:  # also after a finding: an alarm left behind would go off in whatever comes next
        signal.setitimer(signal.ITIMER_PROF, 0)
    took_s = time.perf_counter() - begun_s
    say(
        f"{frames} frames of seed {seed} in {took_s:.0f} s: {reader.taken} taken and {reader.refused} refused by the "
        f"service's end, slowest frame {slowest_s * 1000:.1f} ms, memory {first_mb:.0f} MB to "
        f"{max(most_mb, _rss_mb()):.0f} MB"
    )
    return 0


if __name__ == "__main__":
    sys.exit(fuzz(int(os.environ.get("FUZZ_FRAMES", "10000000")), int(os.environ.get("FUZZ_SEED", "1"))))
