"""What a level of load measured, and what it says about the two ends.

Everything is computed from the records of the sessions, for the stretch of time in which all of them
streamed. A level is never judged by the service's answers while the client's own pacing was not valid: late answers
to chunks that were sent late say nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np
from numpy.typing import NDArray

from workbench.scoring.metrics.stats import Interval, percentile, percentile_interval
from workbench.units import NS_PER_MS, NS_PER_S

__all__ = ["Level", "Measured", "Objective", "judge", "last_held"]

_BUSY = 0.98
"""Share of its cores above which the client has nothing left."""


@dataclass(frozen=True, slots=True)
class Objective:
    """What must hold.

    Attributes:
        finalisation_p95_ms: delay of the final text behind the end of speech.
        error_share: share of the sessions that failed.
    """

    finalisation_p95_ms: float = 1000.0
    error_share: float = 0.01


@dataclass(slots=True)
class Measured:
    """What one process measured of a level; those of several processes add up.

    Attributes:
        sessions: sessions at a time that this process had to play.
        played: sessions played in all; more than at a time where sessions come and go.
        window_ns: begin and end of the steady stretch.
        lateness_ns: lateness of every chunk due in the window.
        slopes_ns_per_s: drift of each session in the window.
        faults: why the pacing of a session was not valid, one a session that was not.
        block_max_ns: longest wait for a socket to take a chunk.
        finalisation_ns: delay of each final.
        outcomes: how sessions ended, failed ones.
        replies: messages received in the window.
        cpu_s: processor time of the client process in the window.
        service_cpu_s: processor time of the simulator, if it is ours.
        peak_memory_mb: peak memory of the client process.
        pacer: what drove the pacing.
        transport: how frames were sent.
    """

    sessions: int
    played: int
    window_ns: tuple[int, int]
    lateness_ns: NDArray[np.int64]
    slopes_ns_per_s: NDArray[np.float64]
    faults: list[str]
    block_max_ns: int
    finalisation_ns: NDArray[np.int64]
    outcomes: Counter[str]
    replies: int
    cpu_s: float
    service_cpu_s: float | None
    peak_memory_mb: float
    pacer: str
    transport: str
    processes: int = field(default=1)

    def __add__(self, other: Measured) -> Measured:
        """Both together."""
        own, others = self.service_cpu_s, other.service_cpu_s
        return Measured(
            sessions=self.sessions + other.sessions,
            played=self.played + other.played,
            window_ns=self.window_ns,
            lateness_ns=np.concatenate((self.lateness_ns, other.lateness_ns)),
            slopes_ns_per_s=np.concatenate((self.slopes_ns_per_s, other.slopes_ns_per_s)),
            faults=self.faults + other.faults,
            block_max_ns=max(self.block_max_ns, other.block_max_ns),
            finalisation_ns=np.concatenate((self.finalisation_ns, other.finalisation_ns)),
            outcomes=self.outcomes + other.outcomes,
            replies=self.replies + other.replies,
            cpu_s=self.cpu_s + other.cpu_s,
            service_cpu_s=None if own is None or others is None else own + others,
            peak_memory_mb=max(self.peak_memory_mb, other.peak_memory_mb),
            pacer=self.pacer,
            transport=self.transport,
            processes=self.processes + other.processes,
        )


class Level(msgspec.Struct, frozen=True):
    """One level of load.

    Attributes:
        sessions: sessions at the same time; the mean if they come and go.
        played: sessions played in all.
        held: whether every objective held.
        valid: whether the pacing of every session was valid.
        valid_sessions: sessions whose pacing was valid.
        frames: chunks due in the steady stretch.
        lateness_p50_ms, lateness_p99_ms, lateness_max_ms: lateness of sending, over all chunks.
        drift_ppm: mean growth of lateness over a session; 1 ppm is a microsecond a second.
        cpu_us_per_frame: processor time of the whole client for each chunk: paced, sent, recorded, answers taken.
        cpu_share: share of the client's cores that was used.
        service_cpu_share: share of a core used by each process of the simulator; None for any other service.
        replies: messages received in the steady stretch.
        finalisation_p50_ms, finalisation_p95_ms: final text behind the end of its speech; None without finals.
        finalisation_p95_interval_ms: interval of the p95, at 95 %; None if there are too few.
        errors: sessions that failed.
        error_share: share of the sessions that failed, and its interval.
        outcomes: how the failed ones ended.
        gave_way: ``client`` or ``service``; None if the level held.
        reason: what broke, in one clause.
        peak_memory_mb: peak memory of the largest client process so far.
        transport, pacer, processes: how it was played.
    """

    sessions: int
    played: int
    held: bool
    valid: bool
    valid_sessions: int
    frames: int
    lateness_p50_ms: float | None
    lateness_p99_ms: float | None
    lateness_max_ms: float | None
    drift_ppm: float | None
    cpu_us_per_frame: float | None
    cpu_share: float
    service_cpu_share: float | None
    replies: int
    finalisation_p50_ms: float | None
    finalisation_p95_ms: float | None
    finalisation_p95_interval_ms: tuple[float | None, float | None] | None
    errors: int
    error_share: float
    error_share_interval: tuple[float, float]
    outcomes: dict[str, int]
    gave_way: str | None
    reason: str | None
    peak_memory_mb: float
    transport: str
    pacer: str
    processes: int


def judge(measured: Measured, objective: Objective) -> Level:
    """A level from what was measured."""
    seconds = (measured.window_ns[1] - measured.window_ns[0]) / NS_PER_S
    late, finals, frames = measured.lateness_ns, measured.finalisation_ns, len(measured.lateness_ns)
    errors = measured.outcomes.total()
    share = errors / measured.played
    p95 = percentile(finals, 95)
    cpu_share = measured.cpu_s / seconds / measured.processes
    gave_way, reason = _fault(measured, objective, share, p95, cpu_share)
    service = measured.service_cpu_s
    return Level(
        sessions=measured.sessions,
        played=measured.played,
        held=gave_way is None,
        valid=not measured.faults and frames > 0,
        valid_sessions=measured.played - errors - len(measured.faults),
        frames=frames,
        lateness_p50_ms=_ms(percentile(late, 50)),
        lateness_p99_ms=_ms(percentile(late, 99)),
        lateness_max_ms=_ms(percentile(late, 100)),
        drift_ppm=round(float(measured.slopes_ns_per_s.mean()) / 1000, 4) if measured.slopes_ns_per_s.size else None,
        cpu_us_per_frame=round(measured.cpu_s / frames * 1e6, 2) if frames else None,
        cpu_share=round(cpu_share, 4),
        service_cpu_share=None if service is None else round(service / seconds / measured.processes, 4),
        replies=measured.replies,
        finalisation_p50_ms=_ms(percentile(finals, 50)),
        finalisation_p95_ms=_ms(p95),
        finalisation_p95_interval_ms=_interval_ms(percentile_interval(finals, 95)),
        errors=errors,
        error_share=round(share, 6),
        error_share_interval=_share_interval(errors, measured.played),
        outcomes=dict(measured.outcomes),
        gave_way=gave_way,
        reason=reason,
        peak_memory_mb=round(measured.peak_memory_mb, 1),
        transport=measured.transport,
        pacer=measured.pacer,
        processes=measured.processes,
    )


def _fault(
    measured: Measured, objective: Objective, share: float, p95: int | None, cpu_share: float
) -> tuple[str | None, str | None]:
    """Which end gave way, and how; the client first, because its lateness is in every answer."""
    if measured.faults:
        count, first = len(measured.faults), measured.faults[0]
        return "client", f"pacing of {count} of {measured.played} sessions was not valid, first: {first}"
    if share > objective.error_share:
        most = measured.outcomes.most_common(1)[0][0]
        return "service", f"{share * 100:.1f} % of the sessions failed, most: {most}"
    if p95 is not None and p95 > objective.finalisation_p95_ms * NS_PER_MS:
        end = "client" if cpu_share > _BUSY else "service"
        return end, f"p95 of finals was {p95 / NS_PER_MS:.0f} ms behind the speech"
    return None, None


def _ms(value_ns: int | None) -> float | None:
    return None if value_ns is None else round(value_ns / NS_PER_MS, 4)


def _interval_ms(interval: Interval | None) -> tuple[float | None, float | None] | None:
    if interval is None:
        return None
    low, high = (None if end is None else round(end / NS_PER_MS, 3) for end in (interval.low, interval.high))
    return low, high


def _share_interval(errors: int, sessions: int) -> tuple[float, float]:
    """Wilson's interval at 95 %, which says something without any error, too (JASA 22, 1927)."""
    z2, share = 3.8415, errors / sessions
    middle = share + z2 / (2 * sessions)
    half = (z2 * (share * (1 - share) + z2 / (4 * sessions)) / sessions) ** 0.5
    scale = 1 + z2 / sessions
    return round(max(0.0, (middle - half) / scale), 6), round(min(1.0, (middle + half) / scale), 6)


def last_held(levels: Sequence[Level]) -> Level | None:
    """The largest level that held."""
    return max((level for level in levels if level.held), key=lambda level: level.sessions, default=None)
