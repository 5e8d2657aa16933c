"""Request of a run beyond its configurations, and which machines played which part of it.

With this and the corpus a run is played to its end by anybody who has the credentials; a secret is never
in it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from workbench.recording.anchor import Anchor
from workbench.settings import Limits
from workbench.store.host import Host

__all__ = ["Part", "RunRequest"]


class RunRequest(msgspec.Struct, kw_only=True):
    """What playing the rest of a run takes.

    Attributes:
        spec: the run's specification, field to value, as :class:`workbench.runs.spec.RunSpec` takes it; without its
            configurations, which the manifest lists. A context of ambient or form filling may hold patient data.
        utterance_ids: what is played, in the order from which the order of playing is drawn.
        limits: longest waits.
        shard: ``2/4`` for the second of four parts of a run, None for a whole one.
    """

    spec: dict[str, Any]
    utterance_ids: list[str]
    limits: Limits = msgspec.field(default_factory=Limits)
    shard: str | None = None


class Part(msgspec.Struct, kw_only=True):
    """What one machine, or one process of a cluster, played of a run.

    Attributes:
        name: name of the shard or of the worker.
        run_id: run id of the shard that was merged; None for a worker.
        sessions: how many it played.
        host: where.
        anchor_start: both clocks of that host when it began; its monotonic times mean nothing on another host.
        anchor_end: both clocks when it ended; None if it was lost.
        pacer: what drove its pacing.
        certified: sessions whose pacing it certified itself; None if it was lost.
        resolution_ms: resolution by its own calibration; None if it was not calibrated.
    """

    name: str
    run_id: str | None = None
    sessions: int = 0
    host: Host
    anchor_start: Anchor
    anchor_end: Anchor | None = None
    pacer: str | None = None
    certified: int | None = None
    resolution_ms: float | None = None
