"""What the decoder said after each chunk of audio, keyed by the hash of all the audio up to there.

Decoding is deterministic: what is said after a chunk depends on the model and on the chunks of the stream so far,
their bytes and where they were cut, and on nothing else. So each step is found by a running hash,
``h(k) = H(h(k-1), chunk k)``, which begins with the model, its library and the sample rate. Two streams share their
steps up to the chunk where they part; no candidates are guessed and no audio is kept.

Timelines hold words that were spoken: the folder is for its owner alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from workbench.simulator.recognition.decoding import Hypothesis
from workbench.simulator.recognition.models import POCKETSPHINX, engine_of, words_of
from workbench.trust.authority import user_cache

__all__ = ["Step", "Timelines", "after", "begin", "ended", "fingerprint", "replay_folder"]

_VERSION = 1
"""Of the decoder's settings in :mod:`workbench.simulator.recognition.decoding` and of the file; another one finds
nothing."""

_DIGEST_BYTES = 16


class Step(msgspec.Struct, frozen=True, array_like=True):
    """What was said after a chunk, or after the end of the audio.

    Attributes:
        digest: hash of everything up to here.
        cpu_ns: processor time of decoding the chunk.
        heard: in order; mostly empty or one partial.
    """

    digest: bytes
    cpu_ns: int
    heard: tuple[Hypothesis, ...]


_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(list[Step])


def replay_folder() -> Path:
    """Where timelines are kept: under the user's cache, apart from the runs."""
    return user_cache() / "replay"


def fingerprint(model: str, partials: str = "settled", partial_every_s: float = 0.5) -> str:
    """Everything besides the audio that decides what is heard: library, settings, and the words that were added.

    Raises:
        InputError: no such model.
        ConfigurationError: its weights are not on this machine.
    """
    if engine_of(model) == "whisper":
        from workbench.simulator.recognition.whisper import variants

        return variants.fingerprint(model, partials, partial_every_s)
    digest = hashlib.sha256(f"{_VERSION} pocketsphinx {importlib.metadata.version('pocketsphinx')}\n".encode())
    digest.update((model if model in POCKETSPHINX else "dictionary").encode())
    for word, phones in words_of(model):
        digest.update(f"\n{word} {phones}".encode())
    return digest.hexdigest()[:32]


def begin(print_of_model: str, sample_rate_hz: int) -> bytes:
    """The hash before the first chunk."""
    return hashlib.blake2b(f"{print_of_model} {sample_rate_hz}".encode(), digest_size=_DIGEST_BYTES).digest()


def after(digest: bytes, pcm: bytes) -> bytes:
    """The hash after one more chunk."""
    return hashlib.blake2b(pcm, key=digest, digest_size=_DIGEST_BYTES).digest()


def ended(digest: bytes) -> bytes:
    """The hash after the end of the audio, which no chunk can have."""
    return hashlib.blake2b(b"", key=digest, digest_size=_DIGEST_BYTES, person=b"end of audio").digest()


class Timelines:
    """All steps known for one model, in memory and in a folder that grows by one file for each stream decoded.

    Args:
        model: model whose decoding it is.
        folder: None is the user's.
        partials, partial_every_s: settings of Whisper's partials; pocketsphinx has none.
    """

    def __init__(
        self, model: str, folder: Path | None = None, partials: str = "settled", partial_every_s: float = 0.5
    ) -> None:
        self.model, self.partials, self.partial_every_s = model, partials, partial_every_s
        self.fingerprint = fingerprint(model, partials, partial_every_s)
        self._folder = (folder or replay_folder()) / self.fingerprint
        self._steps: dict[bytes, Step] = {}
        for path in sorted(self._folder.glob("*.steps")) if self._folder.is_dir() else ():
            # A file that was cut off or written by another version is as good as none: its audio is decoded again.
            with contextlib.suppress(OSError, msgspec.DecodeError):
                self.keep(_decoder.decode(path.read_bytes()))

    def __len__(self) -> int:
        return len(self._steps)

    def find(self, digest: bytes) -> Step | None:
        """What is said there; None if no stream came by."""
        return self._steps.get(digest)

    def path(self, sample_rate_hz: int, chunks: Iterable[bytes]) -> list[bytes]:
        """The running hashes of a stream, that of its end last."""
        digests, digest = [], begin(self.fingerprint, sample_rate_hz)
        for pcm in chunks:
            digest = after(digest, pcm)
            digests.append(digest)
        return [*digests, ended(digest)]

    def knows(self, path: Iterable[bytes]) -> bool:
        """Whether a stream would be answered to its end without decoding."""
        return all(digest in self._steps for digest in path)

    def keep(self, steps: Iterable[Step]) -> None:
        """Know the steps of a stream that was decoded to its end, for as long as this process lives."""
        self._steps.update((step.digest, step) for step in steps)

    def unfinished(self) -> Path:
        """Where a decoder keeps what it has of streams that are not over. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self._folder / "unfinished.passes"

    def save(self, steps: Sequence[Step]) -> None:
        """Write them to the folder, for later processes. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=self._folder)
        with os.fdopen(handle, "wb") as file:
            file.write(_encode(list(steps)))
        os.replace(name, self._folder / f"{steps[-1].digest.hex()}.steps")  # noqa: PTH105  both are names here
