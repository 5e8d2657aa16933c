"""Client rules of notifications."""

import asyncio
import json
import time
from unittest import mock

import httpx
import pytest
from starlette.responses import JSONResponse

from tests.conformance.client_traces import WHO, job
from tests.service import SESSION, Service, serve, takes_it_all
from tests.simulator.partner import NO_AUTHORITIES
from workbench.client import webhooks
from workbench.client.rest import SukiRest
from workbench.client.webhooks import WebhookReceiver, resolved_links
from workbench.playing.runner import play_many
from workbench.playing.service import Service as Target
from workbench.protocol.messages import Product
from workbench.protocol.webhooks import API_KEY_HEADER, GENERATED_AT_HEADER, Link, Notification, signature
from workbench.recording.record import Outcome
from workbench.settings import Limits, Secret

rule = pytest.mark.rule
SUCCESS = b'{"session_id":"s","encounter_id":"e","status":"success"}'


@pytest.fixture
async def receiver():
    """A running receiver."""
    async with WebhookReceiver(Secret("test-secret")) as running:
        yield running


async def post(url, body, *, key=None, age_ms=0):
    """Post a notification."""
    at = str(time.time_ns() // 1_000_000 - age_ms)
    headers = {GENERATED_AT_HEADER: at, API_KEY_HEADER: key or signature("test-secret", at, body)}
    async with httpx.AsyncClient(verify=NO_AUTHORITIES) as http:
        return (await http.post(url, content=body, headers=headers)).status_code


@rule("S-191")
async def test_the_signature_is_checked_on_raw_bytes_before_anything_is_parsed(receiver):
    """And compared in constant time."""
    with (
        mock.patch.object(webhooks.hmac, "compare_digest", wraps=webhooks.hmac.compare_digest) as compared,
        mock.patch.object(webhooks.msgspec.json, "decode") as parsed,
    ):
        assert await post(receiver.url, SUCCESS + b" ", key="0" * 64) == 401
    assert compared.call_count == 1
    assert parsed.call_count == 0
    assert await post(receiver.url, b'{ "session_id" : "s" }') == 200


@rule("S-192")
@pytest.mark.parametrize("how", [{"key": "0" * 64}, {"age_ms": 301_000}, {"age_ms": -301_000}])
async def test_what_cannot_be_verified_is_refused_and_goes_no_further(receiver, how):
    """Forged, too old, or from the future."""
    assert 400 <= await post(receiver.url, SUCCESS, **how) < 500
    assert not receiver.notified("s").done()


@rule("S-193")
async def test_the_answer_does_not_wait_for_whoever_uses_the_news(receiver):
    """A waiter that never finishes holds nothing up."""

    async def slow():
        await receiver.notified("s")
        await asyncio.Event().wait()

    task = asyncio.create_task(slow())
    await asyncio.sleep(0)
    assert await post(receiver.url, SUCCESS) == 200
    assert not task.done()
    task.cancel()


@rule("S-194")
async def test_news_is_told_once_by_session_and_status(receiver):
    """The same again is answered and dropped."""
    failure = SUCCESS.replace(b"success", b"failure")
    assert [await post(receiver.url, body) for body in (SUCCESS, SUCCESS, failure)] == [200, 200, 200]
    assert receiver.repeated == 1


@rule("S-195")
def test_links_may_be_relative_or_absolute():
    """The former belong to the API's host."""
    links = {"status": [Link("/api/v1/x"), Link("https://sdp.suki.ai/api/v1/x")]}
    found = resolved_links(Notification("s", links=links), "https://sdp.suki.ai")
    assert found == {"status": ["https://sdp.suki.ai/api/v1/x"] * 2}


@rule("S-196")
@pytest.mark.parametrize("links", [None, {}, {"contents": []}, {"brand_new": [{"href": "/x"}]}])
async def test_every_link_is_optional(receiver, links):
    """And an unknown kind is no fault."""
    body = {"session_id": "s", "status": "success"} | ({} if links is None else {"_links": links})
    assert await post(receiver.url, json.dumps(body).encode()) == 200
    assert set(resolved_links((await receiver.notified("s")).notification, "https://x")) == set(links or ())


@rule("S-197")
async def test_news_without_a_known_status_is_confirmed_by_polling():
    """The status endpoint decides, at once."""
    limits = Limits(poll_first_s=30.0, poll_max_s=30.0, result_s=20.0)
    body = json.dumps({"session_id": SESSION, "encounter_id": "e"}).encode()
    ended = asyncio.Event()

    class Ends(Service):
        async def on_other(self, name, request):
            if name == "end_ambient":
                ended.set()
            return await super().on_other(name, request)

    service = Ends(takes_it_all, planned={"ambient_status": [JSONResponse({"status": "aborted"})]})
    records = []
    async with (
        serve(service),
        WebhookReceiver(Secret("test-secret")) as receiver,
        SukiRest(service.address, WHO, limits) as rest,
        asyncio.TaskGroup() as group,
    ):
        target = Target(service.address, rest, None, limits, webhooks=receiver)
        group.create_task(play_many([job(Product.AMBIENT)], target, concurrency=1, on_done=records.append))
        await ended.wait()
        assert await post(receiver.url, body) == 200
    assert records[0].outcome is Outcome.RESULT_FAILED
    assert service.calls.count("ambient_status") == 1
