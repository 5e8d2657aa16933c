"""Rules of notifications that bind the service."""

import asyncio
import contextlib
import hashlib
import hmac
import json
import time

import pytest

from tests.simulator.partner import running, until
from tests.simulator.visits import FORM, QUICK, choosing, chunk, event, start, templates, visit
from tests.simulators import new_simulator
from workbench.errors import ConfigurationError
from workbench.settings import Secret
from workbench.simulator.server import SimulatorOptions

rule = pytest.mark.rule
SECRET = "test-secret"


@contextlib.asynccontextmanager
async def receiver(status=200):
    """A bare HTTP server: (address, requests so far as (headers, body))."""
    seen = []

    async def take(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        headers = {name.lower(): value for name, value in headers.items()}
        seen.append((head[0], headers, await reader.readexactly(int(headers["content-length"]))))
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/webhooks/notification", seen


@contextlib.asynccontextmanager
async def notifying(status=200):
    """A partner whose simulator notifies, and what was received."""
    async with receiver(status) as (url, seen):
        options = SimulatorOptions(recogniser="scripted", limits=QUICK, webhook_url=url, webhook_secret=Secret(SECRET))
        async with running(options) as partner:
            yield partner, seen


async def first(seen):
    async def ask():
        return seen

    return json.loads((await until(ask, bool))[0][2])


@rule("S-189")
@rule("S-190")
async def test_a_notification_is_a_signed_post():
    """Lower-case hex HMAC-SHA-256 of generated-at, a colon and the raw body."""
    async with notifying() as (partner, seen):
        one = await visit(partner)
        await one.speak("no fever")
        await one.end()
        told = await first(seen)
    request, headers, body = seen[0]
    assert request.startswith("POST /webhooks/notification ")
    assert headers["content-type"] == "application/json"
    assert abs(int(headers["generated-at"]) / 1000 - time.time()) < 60
    signed = hmac.new(SECRET.encode(), headers["generated-at"].encode() + b":" + body, hashlib.sha256).hexdigest()
    assert headers["x-api-key"] == signed
    assert (told["status"], told["session_id"], told["sessions"]) == ("success", one.id, [one.id])
    assert told["encounter_id"]
    assert set(told["_links"]) == {
        "contents", "encounter_content", "structured_data", "encounter_structured_data", "status", "transcripts",
    }  # fmt: skip


@rule("S-198")
@pytest.mark.parametrize("status", [200, 500])
async def test_each_notification_is_sent_once(status):
    """Also to a receiver that refuses it."""
    async with notifying(status) as (partner, seen):
        for _ in range(2):
            one = await visit(partner)
            await one.speak("no fever")
            await one.end()

        async def ask():
            return seen

        await until(ask, lambda found: len(found) >= 2)
    ids = [json.loads(body)["session_id"] for _, _, body in seen]
    assert len(ids) == len(set(ids)) == 2


async def test_the_links_lead_to_the_results():
    """Each href answers 200."""
    async with notifying() as (partner, seen):
        one = await visit(partner)
        await one.speak("no fever")
        await one.end()
        for links in (await first(seen))["_links"].values():
            for link in links:
                answer = await partner.http.request(link["method"], link["href"], headers=partner.headers)
                assert answer.status_code == 200


async def test_a_form_links_its_structured_data():
    """With the form-filling id."""
    async with notifying() as (partner, seen):
        one, known = await visit(partner, FORM), await templates(partner)
        await one.post("context", choosing(known["SKIN_ASSESSMENT"]))
        await one.end()
        told = await first(seen)
    assert told["_links"]["structured_data"][0]["href"] == f"{FORM}/{one.id}/structured-data"


async def test_a_failure_names_its_error():
    """The one error code that is documented."""
    async with notifying() as (partner, seen):
        one = await visit(partner)
        await one.speak("no fever")
        partner.simulator.notes.any_session(one.id).failed = True
        await one.end()
        told = await first(seen)
    assert (told["status"], told["error_code"]) == ("failure", "ERROR_CODE_TRANSCRIPTION")


@pytest.mark.parametrize("cancelled", [True, False])
async def test_cancelled_and_skipped_carry_ids_and_no_status(cancelled):
    """Their status is undocumented, so there is none to be believed."""
    async with notifying() as (partner, seen):
        one = await visit(partner)
        if cancelled:
            await one.script("no fever")
            async with one.socket() as socket:
                await socket.send(start())
                await socket.send(chunk())
                await socket.send(event("CANCEL"))
                await socket.wait_closed()
        else:
            assert await one.end() == "skipped"
        told = await first(seen)
    assert set(told) == {"session_id", "encounter_id"}


@rule("S-199")
@pytest.mark.parametrize("url", ["http://partner.example/hook", "ftp://127.0.0.1/x", "https://", "http://["])
def test_notifications_leave_this_machine_encrypted_or_not_at_all(url):
    """Refused before the simulator starts, and so is an address without a secret."""
    with pytest.raises(ConfigurationError):
        new_simulator(SimulatorOptions(recogniser="scripted", webhook_url=url, webhook_secret=Secret(SECRET)))
    with pytest.raises(ConfigurationError):
        new_simulator(SimulatorOptions(recogniser="scripted", webhook_url="https://partner.example/hook"))


async def test_a_receiver_that_is_not_there_costs_one_line(caplog):
    """The session completes all the same."""
    url = "http://127.0.0.1:9/hook"
    options = SimulatorOptions(recogniser="scripted", limits=QUICK, webhook_url=url, webhook_secret=Secret(SECRET))
    async with running(options) as partner:
        one = await visit(partner)
        await one.speak("no fever")
        assert await one.end() == "completed"

        async def ask():
            return [record for record in caplog.records if "was not taken" in record.getMessage()]

        lines = await until(ask, bool)
    assert len(lines) == 1
