"""The plan of a session: which bytes leave when.

A chunk is due when its last sample would exist at a live microphone (trailing edge). Due offsets are computed once,
from sample positions; audio frames are encoded once and shared by every session that plays the plan.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from workbench.errors import InputError
from workbench.playing.network import PROFILES, NetworkProfile, plan_holds
from workbench.protocol.messages import Dialect, Product
from workbench.protocol.stream import codec_for
from workbench.reference import Reference
from workbench.units import chunk_ends, ms_to_samples, samples_to_ns

__all__ = ["SessionPlan", "build_plan"]


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """What one session will send.

    Attributes:
        utterance_id: id in the corpus.
        cell: name of the configuration.
        product, dialect: how it is spoken.
        sample_rate_hz: rate of ``pcm``.
        pcm: int16, mono, shape (n,); the prepared audio.
        chunk_samples: nominal chunk length in samples; the last chunk may be shorter.
        ends: audio position after each chunk, in samples; ``ends[-1] == len(pcm)``.
        due_offsets_ns: ``ends`` as time from the start of the stream; the trailing edge of each chunk.
        frames: the encoded AUDIO frames, UTF-8.
        reference: what is said, word positions at ``sample_rate_hz``.
        hash: sha256 over everything above that reaches the wire.
        facts: measured facts about the prepared audio.
        speaker, tags: groups of the recording.
        holds_ns: how long a network profile holds each chunk back after its due time; one per chunk.
    """

    utterance_id: str
    cell: str
    product: Product
    dialect: Dialect
    sample_rate_hz: int
    pcm: NDArray[np.int16] = field(repr=False)
    chunk_samples: int
    ends: Sequence[int] = field(repr=False)
    due_offsets_ns: Sequence[int] = field(repr=False)
    frames: Sequence[bytes] = field(repr=False)
    reference: Reference = field(repr=False)
    hash: str
    facts: dict[str, float | int | str | None] = field(default_factory=dict, repr=False)
    speaker: str | None = None
    tags: tuple[str, ...] = ()
    holds_ns: Sequence[int] = field(default=(), repr=False)


def build_plan(
    pcm: NDArray[np.int16],
    sample_rate_hz: int,
    *,
    utterance_id: str,
    cell: str,
    reference: Reference,
    chunk_ms: int = 100,
    product: Product = Product.DICTATION,
    dialect: Dialect = Dialect.LIVE,
    pace: float = 1.0,
    facts: dict[str, float | int | str | None] | None = None,
    speaker: str | None = None,
    tags: tuple[str, ...] = (),
    network: NetworkProfile | None = None,
    seed: int = 0,
) -> SessionPlan:
    """Cut prepared audio into chunks with due offsets and encoded frames.

    Args:
        pcm: int16, mono, shape (n,).
        sample_rate_hz: rate of ``pcm``.
        utterance_id: id in the corpus.
        cell: name of the configuration.
        reference: word positions at ``sample_rate_hz``.
        chunk_ms: nominal chunk length.
        product: which socket.
        dialect: which codec.
        pace: 1.0 is real time, 2.0 twice as fast, ``inf`` a burst. Latencies from any other pace than 1.0 do not
            describe a live microphone.
        facts: carried into the record.
        speaker: carried into the record.
        tags: carried into the record.
        network: holds chunks back between due time and send.
        seed: random seed of the network's choices.

    Raises:
        InputError: no samples, or a pace that is not positive.
    """
    if pcm.size == 0:
        raise InputError("no audio to send", item=utterance_id, got="0 samples", expected="at least one sample")
    if not pace > 0:
        raise InputError("pace must be positive", item=cell, got=pace, expected="1.0 for real time")
    pcm = np.ascontiguousarray(pcm, dtype="<i2")
    chunk_samples = ms_to_samples(chunk_ms, sample_rate_hz)
    ends = chunk_ends(pcm.size, chunk_samples)
    encode = codec_for(dialect).encode_audio
    data = pcm.tobytes()
    frames = tuple(encode(data[2 * start : 2 * end], product) for start, end in zip((0, *ends[:-1]), ends, strict=True))
    due = tuple(_due_offset(end, sample_rate_hz, pace) for end in ends)
    network = network or PROFILES["none"]
    holds = plan_holds(network, due, [len(frame) for frame in frames], seed=seed, key=utterance_id)
    digest = hashlib.sha256()
    digest.update(f"{product.value} {dialect.value} {sample_rate_hz} {chunk_samples} {pace}\n".encode())
    digest.update(f"{network} {seed}\n".encode() if any(holds) else b"")
    digest.update(data)
    return SessionPlan(
        utterance_id=utterance_id,
        cell=cell,
        product=product,
        dialect=dialect,
        sample_rate_hz=sample_rate_hz,
        pcm=pcm,
        chunk_samples=chunk_samples,
        ends=ends,
        due_offsets_ns=due,
        frames=frames,
        reference=reference,
        hash=digest.hexdigest(),
        facts=facts or {},
        speaker=speaker,
        tags=tags,
        holds_ns=holds,
    )


def _due_offset(end: int, rate_hz: int, pace: float) -> int:
    exact = samples_to_ns(end, rate_hz)
    return exact if pace == 1.0 else int(exact / pace)
