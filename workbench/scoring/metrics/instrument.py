"""Is the measurement itself sound? Lateness of the sender, drift, back-pressure, and the certificate.

Computed from the record alone; nothing is clamped or dropped. A session whose certificate is invalid
keeps its transcript scores and loses its place in latency aggregates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.recording.frame import UNSET
from workbench.recording.record import BACKLOG_MS, SessionRecord
from workbench.scoring.metrics.stats import percentile
from workbench.scoring.view import AudioSent, SessionView
from workbench.units import NS_PER_MS, NS_PER_S

__all__ = ["ARRIVAL_MS", "BUDGET", "Instrument", "PacingBudget", "instrument", "pacing_fault"]


@dataclass(frozen=True, slots=True)
class PacingBudget:
    """What the certificate allows.

    Attributes:
        p99_ns, max_ns: absolute send lateness.
        drift_ns_per_s: absolute growth of lateness per second of audio.
    """

    p99_ns: int = 10 * NS_PER_MS
    max_ns: int = 50 * NS_PER_MS
    drift_ns_per_s: int = NS_PER_MS // 10


BUDGET = PacingBudget()

ARRIVAL_MS = 20
"""How long an arrival may have waited for this process before it was stamped."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """Send timing of one session, ns; None if no audio was sent.

    Attributes:
        lateness_ns: ``sent - due`` of every chunk, in order, less what a network profile held it back; negative
            where a chunk left early.
        drift_ns_per_s: least-squares slope of lateness against audio time; None for fewer than three chunks.
        block_p50_ns, block_p99_ns, block_max_ns: ``flushed - sent``, the time the socket pushed back.
        pacing_valid: the certificate; None if no audio was sent.
        pacing_reason: why it is not valid, or cannot be given.
        pcm_bytes, wire_bytes: samples sent, and what they weighed on the wire.
        audio_ns: length of the audio sent.
        burst_ns: from the first send until the last word was final, where everything was sent at once; None at any
            other pace.
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
    audio_ns: int | None = None
    burst_ns: int | None = None

    def lateness_percentile_ns(self, p: float) -> int | None:
        """Percentile of send lateness; None if no audio was sent."""
        return percentile(self.lateness_ns, p)

    @property
    def overhead(self) -> float | None:
        """Wire overhead: wire bytes / PCM bytes; None if nothing was sent."""
        return self.wire_bytes / self.pcm_bytes if self.pcm_bytes else None


def instrument(view: SessionView, budget: PacingBudget = BUDGET) -> Instrument:
    """Send lateness, drift, send block and the pacing certificate of a session.

    The certificate is valid when p99 and the largest absolute lateness and drift are within ``budget`` (a chunk sent
    too early counts as one sent too late), the plan was real time, no arrival can have waited longer than
    :data:`ARRIVAL_MS` for this process, and the recogniser of a local simulator was at most :data:`BACKLOG_MS` behind.
    Drift breaks it only where the slope exceeds the budget by more than two standard errors: a single late chunk tilts
    the line of a short session without being drift, and is judged by the maximum.

    Empty input: no audio frame gives empty lateness and a certificate of None with its reason.
    """
    audio = view.audio
    if audio.sent_ns.size == 0:
        return Instrument(pacing_reason="no audio was sent")
    lateness = audio.sent_ns - audio.due_ns - audio.hold_ns
    block = (audio.flushed_ns - audio.sent_ns)[audio.flushed_ns != UNSET]
    slope, error = _slope(audio.end_ns, lateness)
    reason = (
        _over_budget(lateness, slope, error, budget)
        or _not_real_time(audio, view.record)
        or _blocked(view.record)
        or _starved(view.record)
    )
    return Instrument(
        lateness_ns=tuple(lateness.tolist()),
        drift_ns_per_s=None if slope is None else round(slope),
        block_p50_ns=percentile(block, 50),
        block_p99_ns=percentile(block, 99),
        block_max_ns=percentile(block, 100),
        pacing_valid=reason is None,
        pacing_reason=reason,
        pcm_bytes=2 * int(audio.end_sample[-1]),
        wire_bytes=view.audio_wire_bytes,
        audio_ns=int(audio.end_ns[-1]),
        burst_ns=_burst(view),
    )


def _burst(view: SessionView) -> int | None:
    """How long the service took for a recording that it had at once; None if it was paced, or nothing came."""
    audio, finals = view.audio, [s.final[0] for s in view.segments if s.final is not None]
    if not finals or view.record.start_ns is None or int(audio.due_ns[-1]) > view.record.start_ns:
        return None
    return max(finals) - int(audio.sent_ns[0])


def pacing_fault(audio: AudioSent, budget: PacingBudget = BUDGET) -> str | None:
    """Why the pacing of a stretch of a session is not valid; None if it is, and if nothing was sent."""
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
    # A chunk sent before it was due is as wrong as a late one: no microphone has samples of the future.
    for side, off in (("lateness", lateness), ("earliness", -lateness)):
        p99, largest = percentile(np.maximum(off, 0), 99), int(off.max())
        if p99 is not None and p99 > budget.p99_ns:
            return f"p99 {side} {p99 / NS_PER_MS:.1f} ms > {budget.p99_ns / NS_PER_MS:g} ms"
        if largest > budget.max_ns:
            return f"largest {side} {largest / NS_PER_MS:.1f} ms > {budget.max_ns / NS_PER_MS:g} ms"
    if slope is not None and abs(slope) - 2 * error > budget.drift_ns_per_s:
        return f"drift {slope / NS_PER_MS:+.2f} ms/s beyond {budget.drift_ns_per_s / NS_PER_MS:g} ms/s"
    return None


def _blocked(record: SessionRecord) -> str | None:
    """Stamps of arrivals are late by as long as the event loop was blocked; unknown in records from before it was."""
    blocked_us = record.facts.get("loop_blocked_us")
    if not isinstance(blocked_us, int) or blocked_us <= ARRIVAL_MS * 1_000:
        return None
    return f"arrivals may have waited {blocked_us / 1_000:.0f} ms for this process > {ARRIVAL_MS} ms"


def _starved(record: SessionRecord) -> str | None:
    """A recogniser that this machine could not feed in time measures the machine and no service."""
    backlog_ms = record.facts.get("recogniser_backlog_ms")
    if not isinstance(backlog_ms, int) or backlog_ms <= BACKLOG_MS:
        return None
    return f"recogniser up to {backlog_ms / 1000:.1f} s behind on this machine"


def _not_real_time(audio: AudioSent, record: SessionRecord) -> str | None:
    """A plan faster than speech measures a service that no microphone would meet."""
    if record.start_ns is None:
        return None
    planned, spoken = int(audio.due_ns[-1]) - record.start_ns, int(audio.end_ns[-1])
    # One part in a thousand: rounding of due times is at most a nanosecond a chunk.
    if planned < spoken - spoken // 1000:
        return f"not real time: {spoken / NS_PER_S:.2f} s of speech were due in {planned / NS_PER_S:.2f} s"
    return None
