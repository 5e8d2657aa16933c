"""Audio that comes into being while it is streamed: a microphone.

A captured session is cut, encoded and recorded as any other, so that what was sent can be saved and played again; the
plan of that replay has the hash of the capture. A chunk is due when its last sample existed at the microphone. Nobody
here knows that instant, so the first chunk's arrival stands for it and all later ones are counted from there: jitter of
the way from the microphone shows as lateness and is never hidden.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from workbench.audio.speech import speech_facts
from workbench.errors import InputError
from workbench.playing.plan import SessionPlan, build_plan
from workbench.protocol.messages import Dialect, Product
from workbench.protocol.stream import codec_for
from workbench.recording.record import SessionRecord
from workbench.reference import Reference
from workbench.units import ms_to_samples, samples_to_ns

__all__ = ["MAX_CAPTURE_S", "Capture"]

MAX_CAPTURE_S = 600
"""Ten minutes: a microphone that was forgotten ends by itself."""

_UNKNOWN = Reference("", "")


class Capture:
    """The plan of a microphone session; its chunks grow as samples arrive.

    Args:
        utterance_id: how the record calls it.
        cell: name of the configuration.
        sample_rate_hz: sample rate of what is pushed.
        chunk_ms: nominal chunk length.
        facts: how the sound was taken (echo cancellation and the like), carried into the record.

    Attributes:
        plan: what a job plays; its ``ends``, ``due_offsets_ns``, ``frames`` and ``holds_ns`` grow.
        arrivals_ns: when each chunk was complete here, monotonic.
        ended: nothing more will be pushed.
    """

    def __init__(
        self,
        utterance_id: str,
        cell: str,
        *,
        sample_rate_hz: int = 16_000,
        chunk_ms: int = 100,
        facts: dict[str, float | int | str | None] | None = None,
    ) -> None:
        self._ends: list[int] = []
        self._dues_ns: list[int] = []
        self._frames: list[bytes] = []
        self._holds_ns: list[int] = []
        self.arrivals_ns: list[int] = []
        self.ended = False
        self._pcm = bytearray()
        self._cut = 0
        self._chunk_ms = chunk_ms
        self._encode = codec_for(Dialect.LIVE).encode_audio
        self._on_chunk: Callable[[int], None] | None = None
        self._on_end: Callable[[], None] | None = None
        self.plan = SessionPlan(
            utterance_id=utterance_id,
            cell=cell,
            product=Product.DICTATION,
            dialect=Dialect.LIVE,
            sample_rate_hz=sample_rate_hz,
            pcm=np.zeros(0, np.int16),
            chunk_samples=ms_to_samples(chunk_ms, sample_rate_hz),
            ends=self._ends,
            due_offsets_ns=self._dues_ns,
            frames=self._frames,
            reference=_UNKNOWN,
            hash="",
            facts={"source": "microphone", **(facts or {})},
            holds_ns=self._holds_ns,
        )

    @property
    def pcm(self) -> NDArray[np.int16]:
        """Everything that was pushed: int16, mono, shape (n,)."""
        return np.frombuffer(bytes(self._pcm), dtype="<i2").astype(np.int16)

    def push(self, pcm: bytes, now_ns: int) -> None:
        """Take samples, int16 little-endian; every chunk they complete is due at once.

        Raises:
            InputError: half a sample.
        """
        if len(pcm) % 2:
            raise InputError("half a sample", item=self.plan.utterance_id, got=f"{len(pcm)} bytes", expected="16 bits")
        if self.ended:
            return
        self._pcm += pcm
        size = self.plan.chunk_samples
        while len(self._pcm) // 2 - self._cut >= size:
            self._add(self._cut + size, now_ns)
        if self._cut >= MAX_CAPTURE_S * self.plan.sample_rate_hz:
            self.end(now_ns)

    def end(self, now_ns: int) -> None:
        """No more samples; what is left makes a last, shorter chunk."""
        if self.ended:
            return
        total = len(self._pcm) // 2
        self.ended = total == self._cut
        if not self.ended:
            self.ended = True
            self._add(total, now_ns)
        if self._on_end is not None:
            self._on_end()

    def follow(self, on_chunk: Callable[[int], None], on_end: Callable[[], None]) -> None:
        """Call ``on_chunk`` for every chunk, those that are there already first, and ``on_end`` once."""
        for chunk in range(len(self._frames)):
            on_chunk(chunk)
        self._on_chunk, self._on_end = on_chunk, on_end
        if self.ended:
            on_end()

    def settle(self, record: SessionRecord) -> None:
        """Give the record what is known only at the end: its length, where speech lies, the hash of its replay."""
        record.samples = self._cut
        record.facts |= speech_facts(self.pcm[: self._cut], self.plan.sample_rate_hz)
        if self._cut:
            record.plan_hash = self.replay().hash

    def replay(self, reference: Reference = _UNKNOWN) -> SessionPlan:
        """The same audio as an ordinary plan.

        Raises:
            InputError: nothing was captured.
        """
        plan = self.plan
        return build_plan(
            self.pcm[: self._cut],
            plan.sample_rate_hz,
            utterance_id=plan.utterance_id,
            cell=plan.cell,
            reference=reference,
            chunk_ms=self._chunk_ms,
            facts=plan.facts,
        )

    def _add(self, end: int, now_ns: int) -> None:
        data = bytes(self._pcm[2 * self._cut : 2 * end])
        self._cut = end
        self._ends.append(end)
        self._dues_ns.append(samples_to_ns(end, self.plan.sample_rate_hz))
        self._frames.append(self._encode(data, Product.DICTATION))
        self._holds_ns.append(0)
        self.arrivals_ns.append(now_ns)
        if self._on_chunk is not None:
            self._on_chunk(len(self._frames) - 1)
