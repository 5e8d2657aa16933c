"""What a run was asked for beyond its configurations, and which machines played which part of it.

House rules: with this and the corpus a run is played to its end by anybody who has the credentials; a secret is never
in it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from workbench.clock import Anchor
from workbench.settings import Limits
from workbench.store.host import Host

__all__ = ["Asked", "Part"]


class Asked(msgspec.Struct, kw_only=True):
    """What playing the rest of a run takes.

    Attributes:
        endpoint: as it was given: ``simulator``, ``staging``, ``production`` or a base URL.
        model: of the simulator that is started for the run.
        recogniser: of that simulator.
        utterance_ids: what is played, in the order from which the order of playing is drawn.
        transport: ``websockets`` or ``picows``.
        realtime: real-time priority was asked for.
        kernel_stamps: the kernel's stamps of arrivals were.
        noise_floor: an A/A run.
        push_to_talk: a speaker's utterances are connections of one session.
        form_templates: as they were given.
        context: of ambient and form filling, as the service takes it; it may hold patient data.
        provider_id: that a shared partner token acts for, where a flag said it.
        ca_file: further certificate authority.
        webhook_port: where notifications are received.
        limits: bounded waits.
        shard: ``2/4`` for the second of four parts of a run, None for a whole one.
    """

    endpoint: str
    model: str
    utterance_ids: list[str]
    recogniser: str = "pocketsphinx"
    transport: str = "websockets"
    realtime: bool = False
    kernel_stamps: bool = False
    noise_floor: bool = False
    push_to_talk: bool = False
    form_templates: list[str] = []
    context: dict[str, Any] | None = None
    provider_id: str | None = None
    ca_file: str | None = None
    webhook_port: int | None = None
    limits: Limits = msgspec.field(default_factory=Limits)
    shard: str | None = None


class Part(msgspec.Struct, kw_only=True):
    """What one machine, or one process of a cluster, played of a run.

    Attributes:
        name: of the shard, or of the worker.
        run_id: of the shard that was merged; None for a worker.
        sessions: that it played.
        host: where.
        anchor_start: both clocks of that host when it began; its monotonic times mean nothing on another host.
        anchor_end: both clocks when it ended; None where it was lost.
        pacer: what drove its pacing.
        certified: sessions whose pacing it certified itself; None where it was lost.
        resolution_ms: of its own calibration; None where it was not calibrated.
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
