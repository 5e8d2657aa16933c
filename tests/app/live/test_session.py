"""Lanes that fit, lanes that do not, lanes that begin together; a session that is told later what was said."""

import asyncio
import json

import numpy as np
import pytest

from tests.fakes import make_log, make_record
from workbench.app.live import Clip, Lane, LiveRegistry, Microphone, registry, room
from workbench.app.live.session import LiveSession
from workbench.app.live.together import Together
from workbench.app.live.wire import Done, Over, Play, Ready
from workbench.errors import InputError
from workbench.protocol.messages import EndOfResults, Final
from workbench.reference import Reference
from workbench.store.segments import encode_record

SOUND = (np.sin(np.arange(12_800) / 5) * 8_000).astype(np.int16)


class Player:
    """Takes commands and plays nothing."""

    alive = True

    def __init__(self, store, on_event, on_lost):
        self.said = []
        self.event = on_event
        on_event(Ready("simulator", "whisper"))

    def say(self, command):
        self.said.append(command)


@pytest.fixture
def live(monkeypatch, tmp_path):
    """A registry on a machine that decodes three streams of Whisper or four of pocketsphinx."""
    monkeypatch.setattr(registry, "PlayerProcess", Player)
    monkeypatch.setattr(room, "decodable_streams", lambda model: 3 if model.startswith("whisper") else 4)
    return LiveRegistry(tmp_path, "simulator", "whisper")


def played(live):
    """Places of the lanes that the player was told to play, session by session."""
    return [command.places for command in live._running().said if isinstance(command, Play)]


def lanes(count, **elsewhere):
    """That many lanes of different names."""
    return tuple(Lane(f"lane {k}", **elsewhere) for k in range(count))


def test_lanes_that_this_machine_cannot_decode_are_refused_by_name_and_the_others_play(live):
    """Three of four under Whisper; the fourth says why, from the first moment."""
    known = live.start(Clip(lanes(4), "u", "clinic"))
    assert played(live) == [(0, 1, 2)]
    session = live.get(known)
    assert [view.refused is not None for view in session.lanes] == [False, False, False, True]
    (refused,) = [told for told in json.loads(session.told()) if told["kind"] == "refused"]
    assert (refused["lane"], "decodes 3 streams" in refused["problem"]) == (3, True)
    with pytest.raises(InputError, match="decodes no more streams"):
        live.start(Clip(lanes(1), "u", "clinic"))


def test_models_share_the_machine_and_other_machines_cost_it_nothing(live):
    """A third and a third and a quarter fit; another quarter would not. A lane of another service always does."""
    mixed = (*lanes(2), Lane("light", {}, "general"), Lane("lighter", {}, "lite"), Lane("far", {}, None, "staging"))
    live.start(Clip(mixed[:4], "u", "clinic"))
    assert played(live) == [(0, 1, 2)]
    live.start(Clip(mixed[4:], "u", "clinic"))
    assert played(live) == [(0, 1, 2), (0,)]


def test_a_lane_that_has_ended_makes_room(live):
    """Its session need not be over."""
    known = live.start(Clip(lanes(3), "u", "clinic"))
    live._running().event(Done(known, 1, encode_record(make_record(cell="lane 1"))))
    live.start(Clip(lanes(1), "u", "clinic"))
    assert played(live)[-1] == (0,)


@pytest.mark.parametrize("names", [(), ("a", "a"), tuple("abcde")])
def test_lanes_that_cannot_stand_side_by_side_are_refused(names):
    """None, two of one name, or five."""
    with pytest.raises(InputError):
        Microphone("spoken", lanes=tuple(Lane(name) for name in names))


def test_a_microphone_is_streamed_as_it_is_heard():
    """What changes the sound is for recordings."""
    with pytest.raises(InputError, match="streamed as it is"):
        Microphone("spoken", lanes=(Lane("phone", {"sample_rate_hz": 8_000}),))


def spoken_record(cell="microphone"):
    """What a microphone's lane ends with; it heard "no pain"."""
    record = make_record("spoken", cell, said="x", final_transcript="no pain", reference=Reference("", ""))
    record.frames = make_log([Final("no pain", (), "f"), EndOfResults()])
    return record


def told(session, kind):
    """What was told, of one kind."""
    return [message for message in json.loads(session.told()) if message["kind"] == kind]


def test_what_was_said_scores_every_lane_at_once(live):
    """After the end: one of three words is missing in both lanes; then it is mended, and both are right."""
    ask = Microphone("spoken", lanes=(Lane("one"), Lane("two", {}, "general")))
    known = live.start(ask)
    for lane, name in enumerate(("one", "two")):
        live._running().event(Done(known, lane, encode_record(spoken_record(name))))
    live._running().event(Over(known))
    session = live.get(known)
    assert [done["wer"] for done in told(session, "done")] == [None, None]
    live.refer(known, "no chest pain")
    assert [(d["errors"], d["words"], len(d["steps"])) for d in told(session, "done")[-2:]] == [(1, 3, 3), (1, 3, 3)]
    live.refer(known, "no pain")
    assert [d["wer"] for d in told(session, "done")[-2:]] == [0.0, 0.0]
    assert [view.record.reference.spoken for view in session.lanes] == ["no pain", "no pain"]


def test_a_reference_that_is_known_is_not_overruled():
    """Of a clip of a corpus."""
    session = LiveSession("a", Clip((Lane("clean"),), "u", "clinic"), "simulator", None)
    session.done(0, encode_record(make_record()))
    session.refer("something else")
    assert session.lanes[0].record.reference.spoken == "no chest pain"


def test_the_sound_of_a_microphone_is_drawn_as_it_comes():
    """Fifty columns a second; the highest sample of each block is among them."""
    session = LiveSession("a", Microphone("spoken"), "simulator", None)
    session.sounded(SOUND[:1_600].tobytes())
    (sound,) = told(session, "sound")
    assert (len(sound["peaks"]), sound["ms"], max(sound["peaks"])) == (10, 100.0, int(SOUND[:1_600].max()))


async def test_lanes_begin_together_when_the_last_is_there_or_has_failed():
    """None goes before; the start is announced once, the count-in ahead of it."""
    announced, begun = [], []
    together = Together((0, 1, 2), 0.05, announced.append)

    async def lane(place):
        await together.ready(place)
        begun.append(place)

    async with asyncio.TaskGroup() as group:
        group.create_task(lane(0))
        group.create_task(lane(1))
        await asyncio.sleep(0.01)
        assert (announced, begun) == ([], [])
        together.leave(2)
        assert (len(announced), begun) == (1, [])
    assert (sorted(begun), len(announced)) == ([0, 1], 1)
    await together.ready(2)  # late: at once
