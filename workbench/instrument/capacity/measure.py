"""From the records of a level's sessions to its numbers; only the steady stretch counts."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workbench.instrument.capacity.level import Measured
from workbench.protocol.messages import Final
from workbench.recording.frame import FrameKind
from workbench.recording.record import SessionRecord
from workbench.scoring.metrics.instrument import pacing_fault
from workbench.scoring.metrics.latency import latency
from workbench.scoring.view import SessionView
from workbench.units import NS_PER_S

__all__ = ["CpuClock", "Played", "measure"]

_TEXT = tuple(FrameKind).index(FrameKind.TEXT)


@dataclass(frozen=True, slots=True)
class Played:
    """A level as it was played.

    Attributes:
        sessions: sessions at a time, as asked for.
        records: records of its sessions.
        window_ns: begin and end of the steady stretch.
        cpu_s, service_cpu_s: processor time in it.
        pacer, transport: how it was played.
    """

    sessions: int
    records: Sequence[SessionRecord]
    window_ns: tuple[int, int]
    cpu_s: float
    service_cpu_s: float | None
    pacer: str
    transport: str


class CpuClock:
    """Processor time of this process and of a child of ours.

    Args:
        pid: process id of the child; None if there is no child.
    """

    def __init__(self, pid: int | None) -> None:
        self._pid = pid

    def read(self) -> tuple[float, float | None]:
        """Seconds so far of this process and of the child; None if the system does not say."""
        return time.process_time(), self._child_s()

    def _child_s(self) -> float | None:
        try:
            # proc(5): the name is in brackets and may hold anything; utime and stime are fields 14 and 15.
            fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        except (OSError, IndexError, ValueError):
            return None


def measure(played: Played, final_dues_ns: Sequence[int] | None) -> Measured:
    """What the sessions of one process show.

    Args:
        played: the level with its records.
        final_dues_ns: for the scripted recogniser, when the audio of each final was due, from the start of a session.
            Then every final that came in the window counts. None counts the last final of each session, behind the
            end of its last word.
    """
    begin_ns, end_ns = played.window_ns
    lateness, slopes, faults, finals = [], [], [], []
    block_max_ns = replies = 0
    for record in played.records:
        view = SessionView(record)
        audio = view.audio.due_within(begin_ns, end_ns)
        lateness.append(audio.sent_ns - audio.due_ns - audio.hold_ns)
        if len(audio.sent_ns):
            block_max_ns = max(block_max_ns, int((audio.flushed_ns - audio.sent_ns).max()))
        if len(audio.sent_ns) > 2:
            slopes.append(float(np.polyfit(audio.end_ns / NS_PER_S, lateness[-1], 1)[0]))
        if record.outcome.failed:
            continue
        fault = pacing_fault(audio)
        if fault is not None:
            faults.append(fault)
        columns = view.columns
        received = columns["received_ns"]
        replies += int(((columns["kind"] == _TEXT) & (received >= begin_ns) & (received < end_ns)).sum())
        finals += _finalisation(view, final_dues_ns, begin_ns, end_ns)
    return Measured(
        sessions=played.sessions,
        played=len(played.records),
        window_ns=played.window_ns,
        lateness_ns=np.concatenate(lateness),
        slopes_ns_per_s=np.array(slopes),
        faults=faults,
        block_max_ns=block_max_ns,
        finalisation_ns=np.array(finals, np.int64),
        outcomes=Counter(record.outcome.value for record in played.records if record.outcome.failed),
        replies=replies,
        cpu_s=played.cpu_s,
        service_cpu_s=played.service_cpu_s,
        peak_memory_mb=_peak_memory_mb(),
        pacer=played.pacer,
        transport=played.transport,
    )


def _finalisation(view: SessionView, dues_ns: Sequence[int] | None, begin_ns: int, end_ns: int) -> list[int]:
    if dues_ns is None:
        finalisation_ns = latency(view).finalisation_ns
        return [] if finalisation_ns is None else [finalisation_ns]
    start_ns = view.record.start_ns or 0
    finals = (item.received_ns for item in view.messages if isinstance(item.message, Final))
    return [
        at_ns - start_ns - due_ns for at_ns, due_ns in zip(finals, dues_ns, strict=False) if begin_ns <= at_ns < end_ns
    ]


def _peak_memory_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024**2 if sys.platform == "darwin" else peak / 1024
