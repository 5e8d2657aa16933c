"""Play a row of the table: a simulator of its own, the session, the same session again, both into one stored run."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tests.fakes import make_manifest
from tests.faults.rows import SAID, Row
from tests.simulators import new_simulator
from workbench.client.rest import SukiRest
from workbench.client.transport import tls_context
from workbench.client.webhooks import WebhookReceiver
from workbench.playing.job import Job
from workbench.playing.plan import SessionPlan, build_plan
from workbench.playing.runner import play_many
from workbench.playing.service import Service
from workbench.protocol.context import FormContext, FormFilling, FormTemplateChoice
from workbench.protocol.messages import Dialect, Product
from workbench.recording.record import Outcome, SessionKey, SessionRecord
from workbench.reference import Reference
from workbench.scoring.metrics.normalize import normaliser
from workbench.scoring.session import SessionScore, score_session
from workbench.settings import Credentials, Limits, Secret, ServiceAddress
from workbench.simulator.faults.scenario import Scenario
from workbench.simulator.limits import SimulatorLimits
from workbench.simulator.notes.forms import TEMPLATES
from workbench.simulator.recognition.scripted import EVERY_SESSION, Script, ScriptMessage
from workbench.simulator.server import Simulator, SimulatorOptions
from workbench.store import Finding, NormaliserFacts, RunWriter, open_run, verify_run

__all__ = ["Kept", "Played", "keep", "play_row"]

WHO = Credentials("demo-partner", Secret("demo-partner-token"))
LIMITS = {
    "connect_s": 60.0, "rest_s": 60.0, "terminal_s": 60.0, "close_s": 20.0, "stall_s": 60.0, "rest_attempts": 3,
    "reconnect_s": 60.0, "poll_first_s": 0.02, "poll_max_s": 0.1, "result_s": 60.0,
}  # fmt: skip
QUICK = SimulatorLimits(processing_s=0.05, staged_s=0.02, least_audio_s=0.1, release_s=0.05, message_bytes=65_536)
FORMS = FormContext(FormFilling([FormTemplateChoice(TEMPLATES[0].template_id)]))
SCRIPT = Script((ScriptMessage("partial", SAID.split()[0], at_ms=50), ScriptMessage("final", SAID)))
BASIC = normaliser("basic")
TLS = tls_context()  # read from disk once


@dataclass(frozen=True)
class Played:
    """What came of a row.

    Attributes:
        records: of the sessions, in the order of their keys.
        again: of the new attempts.
        sessions: number of sessions that the simulator was asked to make.
        left_open: how many of these nobody ended.
        faults: opportunities and hits.
        receiver: counts of the notification receiver.
    """

    records: list[SessionRecord]
    again: list[SessionRecord]
    sessions: int
    left_open: int
    faults: list[dict[str, object]]
    receiver: dict[str, int]


@dataclass(frozen=True)
class Kept:
    """The records of all rows in one run.

    Attributes:
        stored: as the committed run gives them back, by key.
        findings: of its verification.
        scores: of all records, by key.
    """

    stored: dict[SessionKey, SessionRecord]
    findings: list[Finding]
    scores: dict[SessionKey, SessionScore]


async def play_row(row: Row, number: int, transport: str, dialect: Dialect = Dialect.LIVE) -> Played:
    """Play ``row`` and its new attempt; ``number`` tells its sessions from those of other rows."""
    scenario = Scenario(row.name, 7, row.faults)
    secret = Secret("webhook-secret")
    limits = Limits(**(LIMITS | row.limits))
    async with contextlib.AsyncExitStack() as stack:
        receiver = await stack.enter_async_context(WebhookReceiver(secret)) if row.webhooks else None
        options = SimulatorOptions(
            recogniser="scripted", limits=QUICK, scenario=scenario, dialect=dialect,
            webhook_url=receiver.url if receiver else None, webhook_secret=secret,
        )  # fmt: skip
        simulator = await stack.enter_async_context(new_simulator(options))
        simulator.recogniser.register(EVERY_SESSION, SCRIPT)
        address = ServiceAddress("simulator", simulator.url, simulator.ws_url)
        rest = await stack.enter_async_context(SukiRest(address, WHO, limits, TLS))
        service = Service(address, rest, None, limits, transport, receiver)
        records = await _play(row, number, dialect, service, 0)
        if row.replay is Outcome.COMPLETED:
            service = replace(service, limits=Limits(**LIMITS))
        again = await _play(row, number, dialect, service, 1)
        if row.webhooks:
            await asyncio.sleep(0.2)  # a repeated notification may still be on its way
        sessions, left_open = _sessions(simulator)
        counts = simulator.faults.counts() if simulator.faults else []
        heard = {"refused": receiver.refused, "repeated": receiver.repeated} if receiver else {}
    return Played(records, again, sessions, left_open, counts, heard)


def _plan(row: Row, dialect: Dialect) -> SessionPlan:
    milliseconds = row.flood or row.audio_ms
    return build_plan(
        np.zeros(16 * milliseconds, np.int16), 16_000, utterance_id="u", cell="c", reference=Reference(SAID, SAID),
        chunk_ms=50, product=row.product, dialect=dialect, pace=float("inf") if row.flood else 1.0,
    )  # fmt: skip


async def _play(row: Row, number: int, dialect: Dialect, service: Service, attempt: int) -> list[SessionRecord]:
    """The row's sessions, or its utterances; a new attempt has keys of its own."""
    plan = _plan(row, dialect)
    jobs = [
        Job(
            SessionKey("c", f"{number}-{place}", attempt=attempt),
            plan,
            str(uuid.uuid4()) if dialect is Dialect.LIVE else None,
            talk="t" if row.talk else None,
            context=FORMS if row.product is Product.FORM_FILLING else None,
        )
        for place in range(row.talk or row.sessions)
    ]
    records: list[SessionRecord] = []
    await play_many(jobs, service, concurrency=row.sessions, on_done=records.append)
    return sorted(records, key=lambda record: record.key)


def _sessions(simulator: Simulator) -> tuple[int, int]:
    dictation, notes = simulator.sessions.counts(), simulator.notes.counts()
    begun = sum(dictation.values()) + sum(notes.values())
    open_states = ("READY", "RUNNING", "IDLE", "created", "ready", "streaming")
    return begun, sum((dictation | notes).get(state, 0) for state in open_states)


def keep(played: Sequence[Played], root: Path) -> Kept:
    """Store and score everything in one run, and verify it."""
    records = [record for one in played for record in one.records + one.again]
    facts = NormaliserFacts(name=BASIC.name, version=BASIC.version, hash=BASIC.hash)
    manifest = make_manifest(
        planned=sum(len(one.records) for one in played), normaliser=facts, dialect=records[0].dialect.value
    )
    scores = {record.key: score_session(record, BASIC) for record in records}
    with RunWriter.create(root, manifest) as writer:
        for record in records:
            writer.begin(record)
            writer.add(record)
        # A run's scores are those of the newest attempts.
        kept = {record.key for record in writer.records()}
        writer.commit([score.to_row() for key, score in scores.items() if key in kept])
        path = writer.path
    stored = open_run(root, path)
    findings = verify_run(stored, lambda record: score_session(record, BASIC).to_row())
    return Kept({record.key: record for record in stored.iter_records()}, findings, scores)
