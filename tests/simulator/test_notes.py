"""Bounds of ambient and form-filling sessions at the simulator."""

import asyncio
import logging
import sys
import time
from dataclasses import replace

import pytest

from tests.simulator.partner import running
from tests.simulator.visits import AMBIENT, FORM, QUICK, choosing, chunk, start, templates, visit
from workbench.cli import main
from workbench.simulator.server import SimulatorOptions


def options(**limits) -> SimulatorOptions:
    return SimulatorOptions(recogniser="scripted", limits=replace(QUICK, **limits))


async def test_old_sessions_make_room_and_open_ones_do_not():
    """Memory is bounded; nothing that is in use is forgotten."""
    async with running(options(kept_sessions=2)) as partner:
        first = await visit(partner)
        await first.end()
        await visit(partner)
        await visit(partner, FORM)
        assert (await first.get("status")).status_code == 404
        assert (await partner.post(f"{AMBIENT}/create", {})).status_code == 503
        assert (await partner.health())["notes"]["created"] == 2


async def test_links_and_recordings_expire(monkeypatch):
    """A link that is too old is refused, a recording that is too old is gone, and so is one of a forgotten session."""
    async with running(options(kept_sessions=1, recording_life_s=7200)) as partner:
        one = await visit(partner)
        await one.speak("no fever")
        await one.end()
        link = (await one.get("recording")).json()["recordings"][0]["presigned_url"]
        assert (await partner.http.get(link)).status_code == 200
        now_s = time.time()
        monkeypatch.setattr("workbench.simulator.notes.recordings.time.time", lambda: now_s + 1000)
        assert (await partner.http.get(link)).status_code == 403
        download = (await one.get("recording?download=true")).json()["recordings"][0]["presigned_url"]
        answer = await partner.http.get(download)
        assert answer.headers["content-disposition"].startswith("attachment")
        segment = partner.simulator.notes.any_session(one.id).segments[0]
        segment.kept_since_s -= 7200
        assert (await one.get("recording")).status_code == 410
        segment.kept_since_s += 7200
        await visit(partner)
        assert (await partner.http.get(download)).status_code == 410


async def test_a_simulator_ends_while_sessions_are_streamed_and_made(caplog):
    """Nothing is left behind in the event loop, and nothing is said."""
    before = asyncio.all_tasks()
    caplog.set_level(logging.WARNING)
    async with running(options(processing_s=3600)) as partner:
        made, open_one = await visit(partner), await visit(partner)
        await made.speak("no fever")
        await made.post("end")
        await open_one.script("no fever")
        socket = await open_one.socket()
        await socket.send(start())
        await socket.send(chunk())
    await socket.wait_closed()
    await asyncio.sleep(0)
    left = [t for t in asyncio.all_tasks() - before if "workbench" in str(t.get_coro())]
    lines = [record for record in caplog.records if not record.name.endswith(".mistakes")]  # chunks are of a second
    assert (left, lines) == ([], [])


@pytest.mark.parametrize(
    ("secret", "expected"),
    [(None, "SUKI_WEBHOOK_SECRET"), ("test-secret", "not sent in the clear")],
)
def test_simulate_says_what_is_wrong_with_a_webhook(monkeypatch, capsys, secret, expected):
    """One line and exit code 4, without the secret."""
    monkeypatch.delenv("SUKI_WEBHOOK_SECRET", raising=False)
    if secret:
        monkeypatch.setenv("SUKI_WEBHOOK_SECRET", secret)
    arguments = ["--port", "0", "--recogniser", "scripted", "--webhook-url", "http://partner.example/hook"]
    monkeypatch.setattr(sys, "argv", ["workbench", "simulate", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    said = capsys.readouterr()
    assert (left.value.code, said.out) == (4, "")
    assert expected in said.err
    assert "test-secret" not in said.err


@pytest.mark.slow
@pytest.mark.parametrize("base", [AMBIENT, FORM])
async def test_by_default_a_result_takes_as_long_as_the_services(base):
    """Five to ten seconds from the end to ``completed``, running until then; ``--processing`` is for tests."""
    async with running(SimulatorOptions(recogniser="scripted")) as partner:
        one = await visit(partner, base)
        if base == FORM:
            await one.post("context", choosing((await templates(partner))["VITALS_ASSESSMENT"]))
        await one.speak("blood pressure is 120 over 80", "pulse is 72")
        begun_s = time.monotonic()
        assert (await one.post("end")).status_code == 200
        assert (await one.get("structured-data")).status_code == 412
        seen = set()
        while (status := await one.status()) != "completed":
            seen.add(status)
            await asyncio.sleep(0.1)
        assert time.monotonic() - begun_s >= 5
        assert seen <= {"running", "staged"}
        assert (await one.get("structured-data")).status_code == 200
    limits = SimulatorOptions(recogniser="scripted").limits
    assert 5 <= limits.processing_s <= limits.staged_s + limits.processing_s <= 10
