"""What passes gave, kept in a file while recordings are decoded beforehand, so that a stop loses no more than a pass.

A pass depends on its sound and on the tokens before it, and on nothing else. Who decodes a stream again asks for the
same passes in the same order: of those that are known only the time is told, which they took when they were computed.
The file holds words that were spoken: it is for its owner alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from workbench.child_process import framed, read_body
from workbench.simulator.recognition.whisper.model import SpokenWord
from workbench.simulator.recognition.whisper.passes import Final

__all__ = ["KeptPasses"]

_DIGEST_BYTES = 16


class _Pass(msgspec.Struct, frozen=True, array_like=True):
    """Tokens of a quick pass, or all of a thorough one."""

    key: bytes
    took_ns: int
    ids: list[int] = []
    words: list[tuple[str, tuple[int, ...], int, int]] = []
    dropped: str | None = None
    passes: int = 0


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Pass).decode


class KeptPasses:
    """The passes of one model with one recipe; for use by many threads at once.

    Args:
        path: file that grows by each pass; its folder exists.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._known: dict[bytes, _Pass] = {}
        self._path = path
        whole = 0
        with contextlib.suppress(OSError, msgspec.DecodeError), path.open("rb") as file:
            while (body := read_body(file)) is not None:
                one = _decode(body)
                self._known[one.key] = one
                whole = file.tell()
        # A file that was cut off is good up to there, and goes on from there.
        with contextlib.suppress(OSError):
            os.truncate(path, whole)

    def partial(
        self, pcm: NDArray[np.int16], prefix: Sequence[int], voiced_samples: int, decode: Callable[[], list[int]]
    ) -> tuple[list[int], int]:
        """Tokens of a quick pass, and the time in ns that it took before; 0 where ``decode`` was called."""
        key = _key(b"partial", pcm, prefix, voiced_samples)
        known = self._known.get(key)
        if known is not None:
            return known.ids, known.took_ns
        begun_ns = time.perf_counter_ns()
        ids = decode()
        self._keep(_Pass(key, time.perf_counter_ns() - begun_ns, ids=ids))
        return ids, 0

    def final(
        self, pcm: NDArray[np.int16], said: Sequence[int], voiced_samples: int, decode: Callable[[], Final]
    ) -> tuple[Final, int]:
        """A thorough pass, and the time in ns that it took before; 0 where ``decode`` was called."""
        key = _key(b"final", pcm, said, voiced_samples)
        known = self._known.get(key)
        if known is not None:
            return Final([SpokenWord(*word) for word in known.words], known.dropped, known.passes), known.took_ns
        begun_ns = time.perf_counter_ns()
        final = decode()
        words = [(w.text, w.ids, w.start_sample, w.end_sample) for w in final.words]
        took_ns = time.perf_counter_ns() - begun_ns
        self._keep(_Pass(key, took_ns, words=words, dropped=final.dropped, passes=final.passes))
        return final, 0

    def _keep(self, one: _Pass) -> None:
        # A full disk costs the resuming, not the decoding.
        with self._lock, contextlib.suppress(OSError), open(self._path, "ab", opener=_private) as file:
            file.write(framed(_encode(one)))


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _key(kind: bytes, pcm: NDArray[np.int16], before: Sequence[int], voiced_samples: int) -> bytes:
    digest = hashlib.blake2b(f"{voiced_samples} {list(before)} ".encode(), person=kind, digest_size=_DIGEST_BYTES)
    digest.update(pcm.tobytes())
    return digest.digest()
