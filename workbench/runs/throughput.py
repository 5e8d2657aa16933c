"""How much audio a run played in how much time."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.store import StoredRun, query
from workbench.store.parquet import SESSIONS
from workbench.units import NS_PER_S, samples_to_ns

__all__ = ["Throughput", "throughput"]


@dataclass(frozen=True, slots=True)
class Throughput:
    """Audio and time of a run.

    Attributes:
        audio_ns: length of the audio of all sessions that completed.
        wall_ns: from the beginning of the first session to the end of the last one.
    """

    audio_ns: int
    wall_ns: int

    @property
    def times_real_time(self) -> float:
        """Audio / time: at pace 1 at most the number of concurrent sessions."""
        return self.audio_ns / self.wall_ns

    def __str__(self) -> str:
        """One sentence."""
        audio_s, wall_s = self.audio_ns / NS_PER_S, self.wall_ns / NS_PER_S
        return f"{audio_s:.0f} s of audio in {wall_s:.0f} s: {self.times_real_time:.2f} times real time"


def throughput(run: StoredRun) -> Throughput | None:
    """Audio per time of a run, whatever the number of sessions at once; None if no session completed.

    Args:
        run: a stored run; on the clock of the day, which several machines share.
    """
    if (run.path / SESSIONS).exists():
        wanted = "SELECT outcome, samples, sample_rate_hz, wall_start_ns, wall_end_ns FROM sessions"
        rows = query([run.path], wanted).fetchall()
    else:
        rows = [(r.outcome.value, r.samples, r.sample_rate_hz, r.wall_start_ns, r.wall_end_ns) for r in run.records()]
    done = [row for row in rows if row[0] == "completed"]
    if not done:
        return None
    wall_ns = max(row[4] for row in done) - min(row[3] for row in done)
    return Throughput(sum(samples_to_ns(row[1], row[2]) for row in done), wall_ns) if wall_ns > 0 else None
