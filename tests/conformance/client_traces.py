"""One exemplary session of each product against a bare service that keeps everything the client sent."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from tests.service import TEMPLATE, TERMINAL, Service, final, partial, serve
from workbench.client.rest import SukiRest
from workbench.playing.job import Job
from workbench.playing.plan import build_plan
from workbench.playing.runner import play_many
from workbench.playing.service import Service as Target
from workbench.protocol.context import FormContext, FormFilling, FormTemplateChoice
from workbench.protocol.messages import Product
from workbench.recording.record import SessionKey, SessionRecord
from workbench.reference import Reference
from workbench.settings import Credentials, Limits, Secret

WHO = Credentials("partner", Secret("partner-token"))
SHARED = Credentials("partner", Secret("partner-token"), provider_id="provider-7")
QUICK = Limits(
    connect_s=20.0, rest_s=20.0, terminal_s=20.0, close_s=0.3, stall_s=20.0, rest_attempts=3, keep_alive_s=0.04,
    poll_first_s=0.01, poll_max_s=0.02, result_s=20.0, reconnect_s=20.0,
)  # fmt: skip
PCM = (np.sin(np.arange(5_600) / 5) * 8000).astype(np.int16)
FORMS = FormContext(FormFilling([FormTemplateChoice(TEMPLATE)]))


FAST = 8.0
"""Pace of sessions in which time shows nothing; those that every test may look at are played at that of speech."""


def plan(product=Product.DICTATION, pace=FAST):
    """350 ms of a tone: three whole chunks and a shorter one."""
    return build_plan(
        PCM, 16_000, utterance_id="u1", cell="c", reference=Reference("blood pressure", "blood pressure"),
        product=product, pace=pace,
    )  # fmt: skip


@dataclass
class Trace:
    """What the client did.

    Attributes:
        service: the calls it made.
        frames: what it sent on each socket: text frames as text, binary ones as bytes.
        log: calls and socket events in their order.
        records: what it kept.
    """

    service: Service
    frames: list[list[str | bytes]] = field(default_factory=list)
    arrivals_s: list[float] = field(default_factory=list)
    calls_at_upgrade: list[list[str]] = field(default_factory=list)
    calls_at_close: list[list[str]] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    records: list[SessionRecord] = field(default_factory=list)

    @property
    def messages(self):
        """Messages of the first socket, decoded."""
        return [json.loads(frame) for frame in self.frames[0]]

    @property
    def record(self) -> SessionRecord:
        """Of the first session."""
        return self.records[0]

    def audio(self, key):
        """Decoded payloads of the first socket's audio."""
        return [base64.b64decode(m[key], validate=True) for m in self.messages if m["type"] == "AUDIO"]

    def request(self, name):
        """The first call of an endpoint."""
        return next(call for call in self.service.requests if call.name == name)


ANSWERS = (partial("blood"), partial("blood press"), final("blood pressure"), TERMINAL)


async def play(jobs, *, service=None, who=WHO, limits=QUICK, answers=ANSWERS, close=True, transport="websockets"):
    """Play jobs against a service that reads to the end and then says ``answers``."""
    trace = Trace(service or Service())

    async def stream(ws):
        trace.urls.append(str(ws.url))
        trace.calls_at_upgrade.append(list(trace.service.calls))
        await ws.accept()
        seen: list[str | bytes] = []
        trace.frames.append(seen)
        while True:
            event = await ws.receive()
            if event["type"] == "websocket.disconnect":
                trace.calls_at_close.append(list(trace.service.calls))
                return
            seen.append(event["text"] if event.get("text") is not None else event["bytes"])
            trace.arrivals_s.append(asyncio.get_running_loop().time())
            if "AUDIO_END" in str(seen[-1]):
                for answer in answers:
                    await ws.send_text(answer)
                if close:
                    await ws.close()
                    trace.calls_at_close.append(list(trace.service.calls))
                    return

    trace.service.stream = stream
    async with serve(trace.service), SukiRest(trace.service.address, who, limits) as rest:
        target = Target(trace.service.address, rest, None, limits, transport)
        await play_many(jobs, target, concurrency=1, on_done=trace.records.append)
    return trace


async def against(stream, jobs=None, limits=QUICK, transport="websockets"):
    """Records of playing against a socket handler."""
    records = []
    async with serve(Service(stream)) as service, SukiRest(service.address, WHO, limits) as rest:
        target = Target(service.address, rest, None, limits, transport)
        await play_many(jobs or [job()], target, concurrency=1, on_done=records.append)
    return service, records


async def create(service, *, who=WHO, limits=QUICK, **more):
    """Create one dictation session."""
    async with serve(service), SukiRest(service.address, who, limits, **more) as rest:
        return await rest.create_dictation(16_000)


def job(product=Product.DICTATION, pace=FAST, **more):
    """A job of one session."""
    if product is Product.FORM_FILLING:
        more.setdefault("context", FORMS)
    return Job(SessionKey("c", "u1"), plan(product, pace), **more)


def utterances(pace=FAST):
    """Two of one dictation session."""
    return [Job(SessionKey("c", f"u{i}"), plan(pace=pace), talk="t") for i in range(2)]


@cache
def dictation() -> Trace:
    """A dictation."""
    return asyncio.run(play([job(pace=1.0)]))


@cache
def talk() -> Trace:
    """Two utterances of one dictation session."""
    return asyncio.run(play(utterances(pace=1.0)))


@cache
def ambient() -> Trace:
    """An ambient session with a pause."""
    return asyncio.run(play([job(Product.AMBIENT, pace=1.0, pauses=((100, 150),))]))


@cache
def form() -> Trace:
    """A form-filling session."""
    return asyncio.run(play([job(Product.FORM_FILLING, pace=1.0)]))


def all_traces() -> list[Trace]:
    """One of each."""
    return [dictation(), talk(), ambient(), form()]
