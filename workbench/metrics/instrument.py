"""Is the measurement itself sound? Lateness of the sender, drift, back-pressure, and the certificate.

House rules: computed from the record alone; nothing is clamped or dropped. A session whose certificate is invalid
keeps its transcript scores and loses its place in latency aggregates.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from workbench.metrics.stats import percentile
from workbench.recording import UNSET, FrameKind, SessionRecord
from workbench.units import NS_PER_MS, NS_PER_S

__all__ = ["BUDGET", "AudioSent", "Instrument", "PacingBudget", "audio_sent", "instrument", "pacing_fault"]

_AUDIO = tuple(FrameKind).index(FrameKind.AUDIO)


@dataclass(frozen=True, slots=True)
class PacingBudget:
    """What the certificate allows.

    Attributes:
        p99_ns, max_ns: send lateness.
        drift_ns_per_s: absolute growth of lateness per second of audio.
    """

    p99_ns: int = 10 * NS_PER_MS
    max_ns: int = 50 * NS_PER_MS
    drift_ns_per_s: int = NS_PER_MS // 10


BUDGET = PacingBudget()


@dataclass(frozen=True, slots=True)
class AudioSent:
    """Audio frames of a record as columns, shape (chunks,) each, in the order of sending.

    Attributes:
        end_ns: audio time at the end of the chunk.
        end_sample: the same in samples.
        due_ns, sent_ns, flushed_ns: monotonic stamps.
        hold_ns: how long a network profile held the chunk back on purpose.
    """

    end_ns: NDArray[np.int64]
    end_sample: NDArray[np.int64]
    due_ns: NDArray[np.int64]
    sent_ns: NDArray[np.int64]
    flushed_ns: NDArray[np.int64]
    hold_ns: NDArray[np.int64]

    def due_within(self, begin_ns: int, end_ns: int) -> AudioSent:
        """The frames that were due in a stretch of time, its end excluded."""
        rows = (self.due_ns >= begin_ns) & (self.due_ns < end_ns)
        return AudioSent(*(getattr(self, field.name)[rows] for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Instrument:
    """Send timing of one session, ns; None where no audio was sent.

    Attributes:
        lateness_ns: ``sent - due`` of every chunk, in order, less what a network profile held it back; negative
            where a chunk left early.
        drift_ns_per_s: least-squares slope of lateness against audio time; None for fewer than three chunks.
        block_p50_ns, block_p99_ns, block_max_ns: ``flushed - sent``, the time the socket pushed back.
        pacing_valid: the certificate; None where no audio was sent.
        pacing_reason: why it is not valid, or cannot be given.
        pcm_bytes, wire_bytes: samples sent, and what they weighed on the wire.
    """

    lateness_ns: tuple[int, ...] = ()
    drift_ns_per_s: int | None = None
    block_p50_ns: int | None = None
    block_p99_ns: int | None = None
    block_max_ns: int | None = None
    pacing_valid: bool | None = None
    pacing_reason: str | None = None
    pcm_bytes: int = 0
    wire_bytes: int = 0

    def lateness_percentile_ns(self, p: float) -> int | None:
        """Percentile of send lateness; None where no audio was sent."""
        return percentile(self.lateness_ns, p)

    @property
    def overhead(self) -> float | None:
        """Wire overhead: wire bytes / PCM bytes; None where nothing was sent."""
        return self.wire_bytes / self.pcm_bytes if self.pcm_bytes else None


def audio_sent(record: SessionRecord) -> AudioSent:
    """Columns of the audio frames that carry both a due and a sent stamp."""
    columns = record.frames.columns()
    names = ("kind", "end_sample", "due_ns", "sent_ns", "flushed_ns", "hold_ns")
    kind, end_sample, due, sent, flushed, hold = (columns[name] for name in names)
    hold[hold == UNSET] = 0
    rows = (kind == _AUDIO) & (due != UNSET) & (sent != UNSET) & (end_sample != UNSET)
    end = end_sample[rows]
    return AudioSent(-(-end * NS_PER_S // record.sample_rate_hz), end, due[rows], sent[rows], flushed[rows], hold[rows])


def instrument(record: SessionRecord, budget: PacingBudget = BUDGET) -> Instrument:
    """Send lateness, drift, send block and the pacing certificate of a session.

    The certificate is valid when p99 lateness, the largest lateness and drift are within ``budget`` and the plan
    was real time. Drift breaks it only where the slope exceeds the budget by more than two standard errors: a single
    late chunk tilts the line of a short session without being drift, and is judged by the maximum.

    Empty input: no audio frame gives empty lateness and a certificate of None with its reason.
    """
    audio = audio_sent(record)
    if audio.sent_ns.size == 0:
        return Instrument(pacing_reason="no audio was sent")
    lateness = audio.sent_ns - audio.due_ns - audio.hold_ns
    block = (audio.flushed_ns - audio.sent_ns)[audio.flushed_ns != UNSET]
    slope, error = _slope(audio.end_ns, lateness)
    reason = _over_budget(lateness, slope, error, budget) or _not_real_time(audio, record)
    columns = record.frames.columns()
    return Instrument(
        lateness_ns=tuple(lateness.tolist()),
        drift_ns_per_s=None if slope is None else round(slope),
        block_p50_ns=percentile(block, 50),
        block_p99_ns=percentile(block, 99),
        block_max_ns=percentile(block, 100),
        pacing_valid=reason is None,
        pacing_reason=reason,
        pcm_bytes=2 * int(audio.end_sample[-1]),
        wire_bytes=int(columns["wire_bytes"][columns["kind"] == _AUDIO].sum()),
    )


def pacing_fault(audio: AudioSent, budget: PacingBudget = BUDGET) -> str | None:
    """Why the pacing of a stretch of a session is not valid; None where it is, and where nothing was sent."""
    if not audio.sent_ns.size:
        return None
    lateness = audio.sent_ns - audio.due_ns - audio.hold_ns
    return _over_budget(lateness, *_slope(audio.end_ns, lateness), budget)


def _slope(end_ns: NDArray[np.int64], lateness: NDArray[np.int64]) -> tuple[float | None, float]:
    """Least-squares slope of lateness in ns per s of audio, and its standard error."""
    n = len(end_ns)
    if n < 3:
        return None, 0.0
    x = (end_ns - end_ns[0]) / NS_PER_S
    x = x - x.mean()
    spread = float(x @ x)
    if not spread:
        return None, 0.0
    y = lateness - lateness.mean()
    slope = float(x @ y) / spread
    residual = y - slope * x
    return slope, float(np.sqrt((residual @ residual) / (n - 2) / spread))


def _over_budget(lateness: NDArray[np.int64], slope: float | None, error: float, budget: PacingBudget) -> str | None:
    p99, largest = percentile(lateness, 99), int(lateness.max())
    if p99 is not None and p99 > budget.p99_ns:
        return f"p99 lateness {p99 / NS_PER_MS:.1f} ms > {budget.p99_ns / NS_PER_MS:g} ms"
    if largest > budget.max_ns:
        return f"largest lateness {largest / NS_PER_MS:.1f} ms > {budget.max_ns / NS_PER_MS:g} ms"
    if slope is not None and abs(slope) - 2 * error > budget.drift_ns_per_s:
        return f"drift {slope / NS_PER_MS:+.2f} ms/s beyond {budget.drift_ns_per_s / NS_PER_MS:g} ms/s"
    return None


def _not_real_time(audio: AudioSent, record: SessionRecord) -> str | None:
    """A plan faster than speech measures a service that no microphone would meet."""
    if record.start_ns is None:
        return None
    planned, spoken = int(audio.due_ns[-1]) - record.start_ns, int(audio.end_ns[-1])
    # One part in a thousand: rounding of due times is at most a nanosecond a chunk.
    if planned < spoken - spoken // 1000:
        return f"not real time: {spoken / NS_PER_S:.2f} s of speech were due in {planned / NS_PER_S:.2f} s"
    return None
