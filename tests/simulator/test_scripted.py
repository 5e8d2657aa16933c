"""The scripted recogniser: what, and exactly when."""

import asyncio
import statistics

import pytest

from tests.bare import bare
from tests.simulator.partner import AUDIO_END, audio, dictate, read_all

pytestmark = pytest.mark.asyncio(loop_scope="module")

CHUNK = audio(b"\0" * 3200)


def message(text, **when):
    return {"kind": "partial", "text": text, **when}


async def test_messages_follow_the_audio_and_their_delays(partner):
    """Positions order the messages; a later delay overtakes nothing that is due before it."""
    session_id = await partner.create()
    await partner.script(
        session_id,
        message("third", at_ms=100, delay_ms=40),
        message("first", at_ms=100),
        message("second", at_ms=200, delay_ms=5),
        message("after the end", delay_ms=60),
        message("never", at_ms=201),
    )
    async with partner.transcribe(session_id) as socket:
        frames = await dictate(socket, b"\0" * 6400)
    texts = [frame["transcript"]["transcript"] for frame in frames]
    assert texts == ["first", "second", "third", "after the end", "EOF"]


async def test_emissions_are_never_early_and_their_stamps_can_be_fetched(partner):
    """Each of them, in the order of the script."""
    assert min(await lateness_ms(partner)) >= 0


@pytest.mark.timing
async def test_emissions_are_exact(partner):
    """In the median half a millisecond after they are due, and what a bare timer is late; the best of three."""
    with bare() as reference:
        medians_ms = [statistics.median(await lateness_ms(partner)) for _ in range(3)]
    assert min(medians_ms) < 0.5 + 2 * reference.late_p50_ns / 1e6, medians_ms


async def lateness_ms(partner):
    """Of each emission of a script that has them at once, apart and overlapping; kinds and number are as scripted."""
    delays_ms = [0.0, 1.3, 7.7, 15.05, 30.0]
    script = [message(f"{i} {d}", at_ms=100 * i, delay_ms=d) for i in range(1, 7) for d in delays_ms]
    session_id = await partner.create()
    await partner.script(session_id, *script, end_delay_ms=50)
    async with partner.transcribe(session_id) as socket:
        reading = asyncio.create_task(read_all(socket))
        for _ in range(6):
            await socket.send(CHUNK)
            await asyncio.sleep(0.035)
        await socket.send(AUDIO_END)
        frames = await reading
    (log,) = (await partner.log(session_id))["connections"]
    sent = [e["sent_ns"] for e in log["emissions"]]
    late_ms = []
    for frame, at in zip(frames[:-1], sent, strict=False):
        chunk, delay_ms = frame["transcript"]["transcript"].split()
        late_ms.append((at - log["arrivals"][int(chunk) - 1]["arrived_ns"]) / 1e6 - float(delay_ms))
    assert len(late_ms) == len(script)
    assert [e["kind"] for e in log["emissions"]] == ["partial"] * len(script) + ["terminal"]
    return late_ms


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"messages": [{"kind": "guess", "text": "a"}]},
        {"messages": [{"kind": "final", "text": "a", "at_ms": -1}]},
        {"messages": [{"kind": "final", "text": "a", "later": 1}]},
    ],
)
async def test_a_script_that_makes_no_sense_is_refused(partner, body):
    """400 that names the field, and never the text."""
    answer = await partner.http.post("/_sim/scripts/x", json=body)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("invalid_request")
