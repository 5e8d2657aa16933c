"""Play known sessions against the scripted simulator and compare what was measured with what was injected.

Simulator and workbench share the machine's monotonic clock, so the moment at which the simulator wrote a frame and
the moment at which the workbench stamped it can be subtracted. The truth of every latency is computed here from the
simulator's stamps and the script alone, with plain arithmetic, and never by the metric that is being checked.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import msgspec
import numpy as np

from workbench.client.kernel_stamps import KernelStamps
from workbench.client.rest import SukiRest
from workbench.client.rest_process import RestProcess
from workbench.errors import MeasurementError
from workbench.instrument.calibration.known_session import CHUNK_MS, RATE_HZ, KnownSession, known_session
from workbench.instrument.calibration.result import Calibration, ErrorFacts
from workbench.playing.connect import transport_for
from workbench.playing.job import Job
from workbench.playing.plan import build_plan
from workbench.playing.runner import play_many
from workbench.playing.service import Service
from workbench.protocol.messages import Final, Partial
from workbench.recording.frame import FrameKind
from workbench.recording.record import Outcome, SessionKey, SessionRecord
from workbench.scoring.measures import DURATIONS, METRICS
from workbench.scoring.metrics.accuracy import word_errors
from workbench.scoring.metrics.instrument import instrument
from workbench.scoring.metrics.latency import Latency, latency
from workbench.scoring.metrics.stability import stability
from workbench.scoring.view import SessionView
from workbench.settings import Credentials, Limits, Secret, ServiceAddress
from workbench.simulator.control_token import control_client
from workbench.simulator.local import LocalSimulator, usable_cores
from workbench.store.host import host_facts
from workbench.units import NS_PER_MS, samples_to_ns

__all__ = ["calibrate"]


@dataclass(frozen=True, slots=True)
class _Played:
    """A session with its truth and the simulator's stamps."""

    known: KnownSession
    record: SessionRecord
    arrivals_ns: list[int]
    emissions_ns: list[int]


async def calibrate(
    sessions: int,
    *,
    seed: int = 0,
    transport: str = "auto",
    realtime_priority: bool = False,
    kernel: KernelStamps | None = None,
) -> Calibration:
    """Play ``sessions`` known sessions at the same time and state the errors of every metric.

    Args:
        sessions: number of concurrent sessions.
        seed: of delays, revisions and errors.
        transport: ``websockets``, ``picows`` or ``auto``.
        realtime_priority: ask for SCHED_FIFO.
        kernel: stamps arrivals; what they waited for this process then stands in ``wire``.

    Raises:
        ServiceError: the simulator does not start.
        MeasurementError: every session failed.
    """
    transport = transport_for(sessions) if transport == "auto" else transport
    load = os.getloadavg()[0] / usable_cores() if hasattr(os, "getloadavg") else None
    known = {_identity(seed, i): known_session(seed * 100_003 + i) for i in range(sessions)}
    records: list[SessionRecord] = []
    limits = Limits(connect_s=30.0, terminal_s=30.0)
    simulating = LocalSimulator("--recogniser", "scripted", "--streams", str(sessions))
    async with RestProcess() as apart, simulating as simulator:
        address = ServiceAddress("simulator", simulator.url, simulator.ws_url)
        credentials = Credentials(simulator.partner_id, Secret(simulator.partner_token))
        rest_client = SukiRest(address, credentials, limits, apart=apart)
        async with rest_client as rest, control_client(simulator.url) as control:
            for identity, session in known.items():
                await _register(control, identity, session)
            jobs = [_job(identity, session) for identity, session in known.items()]
            service = Service(address, rest, None, limits, transport, kernel=kernel)
            pacer = await play_many(
                jobs, service, concurrency=sessions, on_done=records.append, realtime_priority=realtime_priority
            )
            played = [await _stamps(control, record, known[record.remote_id or ""]) for record in records]
    good = [p for p in played if p.record.outcome is Outcome.COMPLETED]
    if not good:
        why = records[0].error if records else "nothing was played"
        raise MeasurementError(
            "every session failed",
            item="calibrate",
            got=why,
            action="Try again when the machine is idle, or run workbench doctor",
        )
    waits = [] if kernel is None else list(kernel.waits_ns)
    found = _judge(good, len(records) - len(good), sessions, transport, pacer, waits)
    certified = sum(instrument(SessionView(p.record)).pacing_valid is True for p in good)
    return msgspec.structs.replace(found, load=load, certified=certified)


def _identity(seed: int, index: int) -> str:
    return str(uuid.UUID(bytes=np.random.default_rng([seed, index]).bytes(16), version=4))


def _job(identity: str, session: KnownSession) -> Job:
    pcm = np.zeros(session.samples, np.int16)
    plan = build_plan(
        pcm, RATE_HZ, utterance_id=identity, cell="calibration", reference=session.reference, chunk_ms=CHUNK_MS
    )
    return Job(SessionKey("calibration", identity), plan, identity)


async def _register(control: httpx.AsyncClient, identity: str, session: KnownSession) -> None:
    messages = [
        {"kind": "final" if m.final else "partial", "text": m.text, "at_ms": m.at_ms, "delay_ms": m.delay_ms}
        for m in session.messages
    ]
    body = {"messages": messages, "end_delay_ms": session.end_delay_ms}
    (await control.post(f"/_sim/scripts/{identity}", json=body)).raise_for_status()


async def _stamps(control: httpx.AsyncClient, record: SessionRecord, known: KnownSession) -> _Played:
    answer = await control.get(f"/_sim/sessions/{record.remote_id}")
    connections = answer.json().get("connections", []) if answer.is_success else []
    log = connections[0] if connections else {"arrivals": [], "emissions": []}
    arrivals = [item["arrived_ns"] for item in log["arrivals"]]
    return _Played(known, record, arrivals, [item["sent_ns"] for item in log["emissions"]])


def _judge(
    good: Sequence[_Played], failed: int, sessions: int, transport: str, pacer: str, waits_ns: list[int]
) -> Calibration:
    errors: dict[str, list[int]] = {}
    wire: dict[str, list[int]] = {"chunk": [], "message": [], "arrival wait": waits_ns}
    wrong: list[str] = []
    for played in good:
        wrong += _count_errors(played)
        if len(played.emissions_ns) == len(played.known.messages) + 1:
            for name, values in _latency_errors(played).items():
                errors.setdefault(name, []).extend(values)
        frames = list(played.record.frames.frames())
        sent = [f.sent_ns for f in frames if f.chunk is not None and f.sent_ns is not None]
        received = [f.received_ns for f in frames if f.kind is FrameKind.TEXT and f.received_ns is not None]
        wire["chunk"] += [a - s for a, s in zip(played.arrivals_ns, sent, strict=False)]
        wire["message"] += [r - e for r, e in zip(received, played.emissions_ns, strict=False)]
    metrics = {name: _facts(values) for name, values in errors.items() if values}
    host = host_facts()
    return Calibration(
        sessions=sessions,
        failed=failed,
        transport=transport,
        pacer=pacer,
        metrics=metrics,
        wire={name: _facts(values) for name, values in wire.items() if values},
        counts_exact=not wrong and not failed,
        count_errors=tuple(wrong[:20]),
        resolution_ms=_round_up(max((facts.p99_ms for facts in metrics.values()), default=0.0)),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        host=f"{host.cpu}, {host.cores} cores, {host.kernel}",
    )


def _latency_errors(played: _Played) -> dict[str, list[int]]:
    """Measured minus injected, ns, of every latency metric of one session."""
    known, record, at = played.known, played.record, played.emissions_ns
    start = record.start_ns or 0
    view = SessionView(record)
    measured, steady = latency(view), stability(view)
    words = known.reference.words
    chunk = RATE_HZ * CHUNK_MS // 1000
    due = [start + samples_to_ns(min(-(-w.end_sample // chunk) * chunk, known.samples), RATE_HZ) for w in words]
    frames = [f for f in record.frames.frames() if f.chunk is not None]
    sent = [frames[-(-w.end_sample // chunk) - 1].sent_ns or 0 for w in words]
    end_sent_ns = next(f.sent_ns or 0 for f in record.frames.frames() if f.kind is FrameKind.CONTROL)
    final = max(i for i, m in enumerate(known.messages) if m.final)
    spoken = [start + samples_to_ns(w.end_sample, RATE_HZ) for w in words]
    onset = start + samples_to_ns(words[0].start_sample, RATE_HZ)
    errors = {
        "first_partial": _error(measured.first_partial_ns, at[0] - onset),
        "finalisation": _error(measured.finalisation_ns, at[final] - due[-1]),
        "last_byte_to_final": _error(measured.last_byte_to_final_ns, at[final] - (frames[-1].sent_ns or 0)),
        "end_of_results": _error(measured.end_of_results_ns, at[-1] - end_sent_ns),
        "word_latency": _by_word(measured.word_latency_ns, {w: at[m] - due[w] for w, m in known.shown_by.items()}),
        "word_emission": _by_word(measured.word_emission_ns, {w: at[m] - sent[w] for w, m in known.shown_by.items()}),
        "word_finality": _by_word(measured.word_finality_ns, {w: at[m] - spoken[w] for w, m in known.final_by.items()}),
        "unsafe_flicker": _error(steady.unsafe_flicker_ns, sum(at[m + 1] - at[m] for m in known.unsafe)),
    }
    settled = [at[stable] - at[first] for first, stable in known.settled]
    if len(settled) == len(steady.time_to_stable_ns):
        errors["time_to_stable"] = [m - t for m, t in zip(steady.time_to_stable_ns, settled, strict=True)]
    return {(METRICS[key] if key in METRICS else DURATIONS[key]).title: values for key, values in errors.items()}


def _error(measured: int | None, truth: int) -> list[int]:
    return [] if measured is None else [measured - truth]


def _by_word(measured: Sequence[int | None], truth: dict[int, int]) -> list[int]:
    return [value - truth[w] for w, value in enumerate(measured) if value is not None and w in truth]


def _count_errors(played: _Played) -> list[str]:
    """Counts that differ from what was injected; ids of sessions, never their text."""
    known, record = played.known, played.record
    view = SessionView(record)
    counts = word_errors(known.reference.spoken.split(), view.finals_text.split())
    steady, words = stability(view), latency(view)
    messages = [m.message for m in view.messages]
    pairs = {
        "hits": (counts.hits, known.hits),
        "substitutions": (counts.substitutions, known.substitutions),
        "deletions": (counts.deletions, known.deletions),
        "insertions": (counts.insertions, known.insertions),
        "erased tokens": (steady.erased_tokens, known.erased),
        "final tokens": (steady.final_tokens, known.final_tokens),
        "words shown": (steady.shown_words, known.shown),
        "unstable words": (steady.unstable_words, known.unstable),
        "partials": (sum(isinstance(m, Partial) for m in messages), sum(not m.final for m in known.messages)),
        "finals": (sum(isinstance(m, Final) for m in messages), sum(m.final for m in known.messages)),
        "matched words": (_matched(words), frozenset(known.shown_by)),
        "settled words": (len(steady.time_to_stable_ns), len(known.settled)),
        "chunks at the simulator": (len(played.arrivals_ns), record.frames.chunks_sent),
    }
    return [
        f"{record.remote_id}: {name}: measured {got}, injected {want}"
        for name, (got, want) in pairs.items()
        if got != want
    ]


def _matched(words: Latency) -> frozenset[int]:
    return frozenset(w for w, value in enumerate(words.word_latency_ns) if value is not None)


def _facts(values: Sequence[int]) -> ErrorFacts:
    errors = np.array(values, np.float64) / NS_PER_MS
    size = np.abs(errors)
    p50, p95, p99 = (float(v) for v in np.percentile(size, (50, 95, 99)))
    return ErrorFacts(len(values), float(errors.mean()), p50, p95, p99, float(size.max()))


def _round_up(value_ms: float) -> float | None:
    """The next 1, 2 or 5 of a decade.

    >>> _round_up(0.13), _round_up(2.0), _round_up(7.1)
    (0.2, 2.0, 10.0)
    """
    if value_ms <= 0:
        return None
    decade = 10.0 ** np.floor(np.log10(value_ms))
    return float(next(round(step * decade, 9) for step in (1, 2, 5, 10) if step * decade >= value_ms * (1 - 1e-9)))
