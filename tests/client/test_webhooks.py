"""Notifications: what is believed, what is refused, and when something arrived."""

import asyncio
import json

import httpx
import pytest

from tests.simulator.partner import NO_AUTHORITIES
from workbench.client.webhooks import WebhookReceiver, resolved_links
from workbench.errors import ConfigurationError
from workbench.protocol.webhooks import API_KEY_HEADER, GENERATED_AT_HEADER, Link, Notification, signature
from workbench.settings import Secret

NOW_MS = 1_700_000_000_000
VECTOR = (
    b'{"status":"failure","session_id":"s-1","encounter_id":"e-1",'
    b'"error_code":"ERROR_CODE_TRANSCRIPTION","error_detail":"x"}'
)
VECTOR_SIGNATURE = "9e52430b3e89a6d2a60cc03f7f7b479abdfae08f6bcbf9b5b3efdc1463767a25"


@pytest.fixture
async def receiver():
    """A receiver whose clock stands at the time of the test vector."""
    async with WebhookReceiver(Secret("test-secret"), now_ms=lambda: NOW_MS) as running:
        yield running


async def post(receiver, body, *, at=str(NOW_MS), key=None):
    """Post a notification, signed as given or properly."""
    headers = {
        GENERATED_AT_HEADER: at.encode(),
        API_KEY_HEADER: (signature("test-secret", at, body) if key is None else key).encode("latin-1"),
        "Content-Type": b"application/json",
    }
    async with httpx.AsyncClient(verify=NO_AUTHORITIES) as http:
        return (await http.post(receiver.url, content=body, headers=headers)).status_code


async def test_the_published_vector_is_accepted_and_stamped(receiver):
    """S-190, S-193."""
    assert await post(receiver, VECTOR, key=VECTOR_SIGNATURE) == 200
    arrival = await receiver.notified("s-1")
    assert (arrival.session_id, arrival.status) == ("s-1", "failure")
    assert arrival.received_ns > 0
    assert json.loads(arrival.text) == {"call": "webhook", "status": 200, "body": json.loads(VECTOR)}
    assert "TRANSCRIPTION" not in repr(arrival)


async def test_a_signature_in_upper_case_is_the_same_signature(receiver):
    """The documents leave the case of the digits open."""
    assert await post(receiver, VECTOR, key=VECTOR_SIGNATURE.upper()) == 200


@pytest.mark.parametrize(
    ("body", "at", "key"),
    [
        (VECTOR, str(NOW_MS), "0" * 64),
        (VECTOR, str(NOW_MS), ""),
        (VECTOR, str(NOW_MS), "nö"),
        (VECTOR + b" ", str(NOW_MS), VECTOR_SIGNATURE),
        (VECTOR, str(NOW_MS - 300_001), None),
        (VECTOR, str(NOW_MS + 300_001), None),
        (VECTOR, "now", None),
        (VECTOR, "", None),
        (VECTOR, "1_700_000_000_000", None),
        (VECTOR, "9" * 30, None),
        (b"not json", str(NOW_MS), "0" * 64),
    ],
)
async def test_a_forged_or_stale_notification_is_refused_and_goes_no_further(receiver, body, at, key):
    """S-191, S-192."""
    assert await post(receiver, body, at=at, key=key) == 401
    assert receiver.refused == 1
    assert not receiver.notified("s-1").done()


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"session_id":7}', b"[" * 10_000, b'{"session_id":""}', b"\xff"])
async def test_a_signed_body_that_names_no_session_is_refused(receiver, body):
    """Signed, yet of no use."""
    assert await post(receiver, body) == 400


async def test_a_body_without_end_is_refused(receiver):
    """A megabyte is no notification."""
    assert await post(receiver, b" " * 1_100_000) == 413


async def test_the_same_news_twice_counts_once(receiver):
    """S-194: session and status together."""
    one, other = b'{"session_id":"s","status":"success"}', b'{"session_id":"s","status":"failure"}'
    assert [await post(receiver, body) for body in (one, one, other)] == [200, 200, 200]
    assert receiver.repeated == 1
    assert (await receiver.notified("s")).status == "success"


@pytest.mark.parametrize("body", [b'{"session_id":"s"}', b'{"session_id":"s","status":"timeout","more":{}}'])
async def test_an_unknown_status_is_left_to_polling(receiver, body):
    """S-197."""
    assert await post(receiver, body) == 200
    assert (await receiver.notified("s")).status is None


async def test_whoever_waits_is_told_and_whoever_gives_up_is_forgotten(receiver):
    """Both orders of asking and arriving."""
    waiting, tired = receiver.notified("s"), receiver.notified("s")
    tired.cancel()
    assert await post(receiver, b'{"session_id":"s","status":"success"}') == 200
    assert (await waiting).status == "success"
    assert (await receiver.notified("s")).session_id == "s"
    await asyncio.sleep(0)
    assert receiver._waiting == {}


async def test_a_port_that_is_taken_is_one_clear_line(receiver):
    """With what to do about it."""
    port = int(receiver.url.split(":")[2].split("/")[0])
    with pytest.raises(ConfigurationError, match="`webhook_port`"):
        async with WebhookReceiver(Secret("s"), port=port):
            pass


def test_links_are_resolved_whether_relative_or_absolute_or_missing():
    """S-195, S-196."""
    links = {"status": [Link("/api/v1/a")], "contents": [Link("https://other.example/b"), Link("c")], "transcripts": []}
    assert resolved_links(Notification("s", links=links), "https://sdp.suki.ai") == {
        "status": ["https://sdp.suki.ai/api/v1/a"],
        "contents": ["https://other.example/b", "https://sdp.suki.ai/c"],
        "transcripts": [],
    }
    assert resolved_links(Notification("s"), "https://sdp.suki.ai") == {}
