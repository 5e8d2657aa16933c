"""A recogniser that is busy costs places, never sessions."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from tests.scoring.metrics.records import session, spoken
from tests.service import Service, envelope, serve, well_behaved
from workbench.client.rest import SukiRest
from workbench.errors import ServiceError
from workbench.playing.job import Job
from workbench.playing.plan import build_plan
from workbench.playing.runner import play_many
from workbench.playing.service import Service as Target
from workbench.playing.slots import Slots, is_busy
from workbench.recording.record import Outcome, SessionKey
from workbench.reference import Reference
from workbench.settings import Credentials, Limits, Secret

LIMITS = Limits(connect_s=20.0, rest_s=20.0, terminal_s=20.0, close_s=0.3, stall_s=20.0, rest_attempts=2)
BUSY = "recogniser_busy: 2 of 2 streams are open"


def jobs(count, milliseconds=200):
    pcm = (np.sin(np.arange(16 * milliseconds) / 5) * 8000).astype(np.int16)
    plan = build_plan(pcm, 16_000, utterance_id="u", cell="c", reference=Reference("a b", "a b"))
    return [Job(SessionKey("c", f"u{number}"), plan) for number in range(count)]


class Room:
    """A service that hears so many streams at a time and refuses more."""

    def __init__(self, streams, **headers):
        self.room, self.open, self.refused, self.headers = streams, 0, 0, headers

    async def __call__(self, ws):
        if self.open >= self.room:
            self.refused += 1
            await ws.send_denial_response(envelope(503, BUSY, **self.headers))
            return
        self.open += 1
        try:
            await well_behaved(ws)
        finally:
            self.open -= 1


async def play(room, count, concurrency):
    records, told = [], []
    async with (
        serve(Service(stream=room)) as service,
        SukiRest(service.address, Credentials("p", Secret("t")), LIMITS) as rest,
    ):
        await play_many(
            jobs(count),
            Target(service.address, rest, None, LIMITS),
            concurrency=concurrency,
            on_done=records.append,
            on_slots=lambda limit, why: told.append((limit, why)),
        )
    return records, told


async def test_sessions_refused_as_busy_wait_and_are_played():
    """Six sessions, four at a time, room for two: none is lost, and from then on two are played."""
    room = Room(2)
    records, told = await play(room, 6, 4)
    assert [record.outcome for record in records] == [Outcome.COMPLETED] * 6
    assert {record.key.utterance for record in records} == {f"u{number}" for number in range(6)}
    assert told[-1] == (2, "the recogniser has no room for more")
    assert room.refused >= 1
    assert sum(record.facts.get("handshakes_refused", 0) for record in records) == room.refused


async def test_room_that_somebody_else_takes_is_waited_for_as_the_service_says():
    """With nobody of ours to wait for, the refusal is a result after its tries."""
    room = Room(0)
    ((record,), told) = await play(room, 1, 1)
    assert (record.outcome, room.refused, told) == (Outcome.REFUSED, 1, [])
    room = Room(0, **{"Retry-After": "0"})
    ((record,), _) = await play(room, 1, 1)
    assert (record.outcome, room.refused) == (Outcome.REFUSED, LIMITS.rest_attempts)


async def test_all_of_ours_refused_at_once_end_and_do_not_wait_for_each_other():
    """Each would wait for the other for ever."""
    records, _ = await asyncio.wait_for(play(Room(0), 4, 4), 120)
    assert [record.outcome for record in records] == [Outcome.REFUSED] * 4


@pytest.mark.parametrize(
    ("status", "error_id", "busy"),
    [(503, "recogniser_busy", True), (503, "unavailable", False), (503, None, False), (429, "recogniser_busy", False)],
)
def test_only_a_busy_recogniser_is_waited_for(status, error_id, busy):
    """Any other refusal is a result of the service."""
    assert is_busy(ServiceError("handshake refused", status=status, error_id=error_id)) is busy


def ended(backlog_ms, began_ns=0):
    record = session(spoken("a"), [])
    facts = {} if backlog_ms is None else {"recogniser_backlog_ms": backlog_ms}
    return replace(record, mono_start_ns=began_ns, facts=facts)


async def test_a_recogniser_that_falls_behind_costs_places_down_to_half():
    """Sessions that began before a change say nothing about it; a service that tells no backlog changes nothing."""
    told = []
    slots = Slots(4, lambda limit, why: told.append((limit, why)))
    slots.judge(ended(None), 10)
    slots.judge(ended(500), 10)
    assert slots.limit == 4
    slots.judge(ended(1_240), 10)
    slots.judge(ended(9_000, began_ns=9), 11)
    assert told == [(3, "the recogniser fell 1.2 s behind on this machine")]
    for now in (20, 30, 40):
        slots.judge(ended(700, began_ns=now), now)
    assert slots.limit == 2


async def test_places_come_back_after_a_row_of_sessions_that_it_kept_up_with():
    """16 after the first loss, 32 after the second; never more than were asked for."""
    slots = Slots(3)
    slots.judge(ended(900), 10)
    for number in range(15):
        slots.judge(ended(0, began_ns=11), 12 + number)
    assert slots.limit == 2
    slots.judge(ended(0, began_ns=11), 30)
    assert slots.limit == 3
    slots.judge(ended(900, began_ns=40), 41)
    for number in range(31):
        slots.judge(ended(0, began_ns=42), 43 + number)
    assert slots.limit == 2
    for _ in range(100):
        slots.judge(ended(0, began_ns=99), 100)
    assert slots.limit == 3


async def test_who_waits_for_a_place_gets_it_when_one_is_given_back():
    """In order, and not before."""
    slots = Slots(1)
    await slots.take()
    waiting = asyncio.create_task(slots.take())
    await asyncio.sleep(0)
    assert not waiting.done()
    slots.give()
    await asyncio.wait_for(waiting, 60)
