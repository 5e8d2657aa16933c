"""Is this machine's pacing good enough? Two seconds of schedules on the real pacer."""

from __future__ import annotations

from workbench.errors import MeasurementError
from workbench.instrument.doctor.check import Check, failed, good
from workbench.playing.pacer import Pacer
from workbench.scoring.metrics.instrument import BUDGET
from workbench.scoring.metrics.stats import percentile
from workbench.units import NS_PER_MS, NS_PER_S

__all__ = ["pacing"]

_SECONDS = 2
_STREAMS = 8
_CHUNK_NS = 20 * NS_PER_MS


async def pacing() -> Check:
    """Eight streams of 20 ms chunks for two seconds, judged by what the certificate of a session allows."""
    lateness_ns: list[int] = []
    async with Pacer() as pacer:
        driver, start_ns = pacer.driver, pacer.now_ns() + NS_PER_S // 20
        playing, offsets_ns = [], range(0, _SECONDS * NS_PER_S, _CHUNK_NS)
        for stream in range(_STREAMS):
            phase_ns = start_ns + stream * _CHUNK_NS // _STREAMS

            def send(index: int, phase_ns: int = phase_ns) -> None:
                lateness_ns.append(pacer.now_ns() - phase_ns - offsets_ns[index])

            playing.append(pacer.play(phase_ns, offsets_ns, send))
        for done in playing:
            await done
    return judged(lateness_ns, driver)


def judged(lateness_ns: list[int], driver: str) -> Check:
    """The check that this lateness gives."""
    p99_ns, max_ns = percentile(lateness_ns, 99) or 0, max(lateness_ns)
    facts = (
        f"{len(lateness_ns)} chunks in {_SECONDS} s on {driver}: late by p99 {p99_ns / NS_PER_MS:.2f} ms, "
        f"at most {max_ns / NS_PER_MS:.2f} ms"
    )
    if p99_ns <= BUDGET.p99_ns and max_ns <= BUDGET.max_ns:
        return good("pacing", facts)
    action = (
        f"Allowed are {BUDGET.p99_ns / NS_PER_MS:g} and {BUDGET.max_ns / NS_PER_MS:g} ms: end other work on this "
        "machine, or use one with a free core; latencies measured now would be invalid"
    )
    return failed("pacing", facts, action, MeasurementError.exit_code)
