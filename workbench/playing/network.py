"""Network profiles: how long each chunk is held back on its way out, on purpose.

The hold lies between a chunk's due time and its send. It is planned before the session starts, from a seed, and is
recorded in a column of its own: it counts in every latency that starts at the due time (that is what a poor network
costs) and never as lateness of the workbench. Frames of one TCP stream do not overtake each other, so neither do
held chunks. Only the way to the service is shaped; what the service sends back arrives as it comes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.errors import InputError
from workbench.units import NS_PER_MS, NS_PER_S

__all__ = ["PROFILES", "NetworkProfile", "find_profile", "plan_holds"]


@dataclass(frozen=True, slots=True)
class NetworkProfile:
    """One way to the service.

    Attributes:
        name: for tables and permalinks.
        delay_ms: constant delay, one way.
        jitter_ms: mean of an exponential extra delay, drawn per chunk.
        stall_every_s: mean time between stalls (Poisson), 0 for none.
        stall_ms: length of a stall; everything behind it waits.
        bandwidth_kbps: cap in kbit/s of payload, 0 for none. Base64 speech at 16 kHz needs about 342.
    """

    name: str
    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    stall_every_s: float = 0.0
    stall_ms: float = 0.0
    bandwidth_kbps: float = 0.0


PROFILES: dict[str, NetworkProfile] = {
    profile.name: profile
    for profile in (
        NetworkProfile("none"),
        NetworkProfile("wifi", delay_ms=5, jitter_ms=3),
        NetworkProfile("home", delay_ms=20, jitter_ms=8, bandwidth_kbps=5_000),
        NetworkProfile("mobile", delay_ms=50, jitter_ms=25, stall_every_s=10, stall_ms=150, bandwidth_kbps=2_000),
        NetworkProfile("poor", delay_ms=120, jitter_ms=60, stall_every_s=5, stall_ms=600, bandwidth_kbps=500),
        NetworkProfile("starved", delay_ms=80, jitter_ms=20, bandwidth_kbps=300),
    )
}
"""Profiles by name. ``starved`` is below what uncompressed speech needs: chunks pile up without end."""


def find_profile(name: str) -> NetworkProfile:
    """A profile by name. Raises InputError with the names that exist."""
    try:
        return PROFILES[name]
    except KeyError:
        raise InputError("no such network profile", item="network", got=name, expected=", ".join(PROFILES)) from None


def plan_holds(
    profile: NetworkProfile, due_offsets_ns: Sequence[int], frame_bytes: Sequence[int], *, seed: int, key: str
) -> tuple[int, ...]:
    """How long each chunk is held back after its due time, in ns.

    Args:
        profile: the way to the service.
        due_offsets_ns: when each chunk is due, from the start of the stream, ns.
        frame_bytes: size of each encoded frame.
        seed: random seed of the run.
        key: the utterance, so that every cell of a sweep draws the same network for it.
    """
    digest = hashlib.sha256(f"network {profile.name} {key} {seed}".encode()).digest()
    draw = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    count = len(due_offsets_ns)
    jitter_ns = draw.exponential(profile.jitter_ms * NS_PER_MS, count) if profile.jitter_ms else np.zeros(count)
    stalls = _stalls(profile, due_offsets_ns[-1] if count else 0, draw)
    holds, free_ns = [], 0
    for due_ns, size, extra_ns in zip(due_offsets_ns, frame_bytes, jitter_ns, strict=True):
        ready_ns = max(due_ns + int(profile.delay_ms * NS_PER_MS) + int(extra_ns), free_ns)
        for begin_ns, end_ns in stalls:
            if begin_ns <= ready_ns < end_ns:
                ready_ns = end_ns
        if profile.bandwidth_kbps:
            ready_ns += int(size * 8 * NS_PER_S / (profile.bandwidth_kbps * 1000))
        free_ns = ready_ns
        holds.append(ready_ns - due_ns)
    return tuple(holds)


def _stalls(profile: NetworkProfile, last_due_ns: int, draw: np.random.Generator) -> list[tuple[int, int]]:
    """Begin and end of each stall, in order."""
    if not profile.stall_every_s:
        return []
    outages: list[tuple[int, int]] = []
    at_ns = 0
    while True:
        at_ns += int(draw.exponential(profile.stall_every_s) * NS_PER_S)
        if at_ns > last_due_ns:
            return outages
        begin_ns, at_ns = at_ns, at_ns + int(profile.stall_ms * NS_PER_MS)
        outages.append((begin_ns, at_ns))
