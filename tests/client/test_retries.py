"""The retry policy: what is waited for, how long, and what is not tried again."""

import pytest

from tests.service import Service, envelope, serve
from workbench.client.rest import _MAX_BODY, SukiRest
from workbench.client.retries import HandshakePatience, is_transient, retry_after_s
from workbench.errors import ServiceError
from workbench.settings import Credentials, Limits, Secret

WHO = Credentials("partner", Secret("partner-token"))
LIMITS = Limits(rest_attempts=3, reconnect_s=10)


def refused(status, after=None):
    """A refused handshake."""
    return ServiceError("handshake refused", status=status, retry_after_s=after)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None), ("", None), ("soon", None), ("nan", None), ("-5", 0.0), ("1.5", 1.5), ("inf", 60.0),
        ("9" * 400, 60.0), ("Fri, 02 Jan 1970 00:00:00 GMT", 60.0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Thu, 01 Jan 1970 00:01:50 GMT", 10.0), ("Thu, 99 Jan 1970 00:00:00 GMT", None),
    ],
)  # fmt: skip
def test_retry_after_is_read_as_seconds_or_a_date_and_bounded(value, seconds):
    """RFC 9110; a service cannot make us wait an hour, or crash."""
    assert retry_after_s(value, lambda: 100.0) == seconds


def test_only_busy_and_failing_statuses_are_transient():
    """S-34, S-35."""
    assert [status for status in range(400, 600) if is_transient(status)] == [429, *range(500, 600)]


def test_a_first_handshake_is_tried_again_only_when_the_service_says_when():
    """Otherwise a refusal is a result."""
    for error in (refused(503), refused(412, 1.0), refused(403, 1.0)):
        assert HandshakePatience(LIMITS, 0.0, again=False).wait_s(error, 0.0) is None
    patience = HandshakePatience(LIMITS, 0.0, again=False)
    assert [patience.wait_s(refused(429, 2.0), 0.0) for _ in range(3)] == [2.0, 2.0, None]
    assert HandshakePatience(LIMITS, 0.0, again=False).wait_s(refused(429, 11.0), 0.0) is None


def test_a_later_handshake_waits_longer_each_time_until_the_deadline():
    """S-106: refused means "not yet", whatever the status, but for those that no wait mends."""
    patience = HandshakePatience(LIMITS, 0.0, again=True)
    assert [patience.wait_s(refused(412), 0.0) for _ in range(6)] == [0.25, 0.5, 1.0, 2.0, 4.0, 4.0]
    assert patience.wait_s(refused(412), 9.0) is None
    for status in (401, 402, 403, 404):
        assert HandshakePatience(LIMITS, 0.0, again=True).wait_s(refused(status), 0.0) is None


async def test_an_answer_without_end_is_not_read_to_its_end():
    """Memory is bounded whatever a service sends."""
    service = Service(create=[envelope(201, "x" * (_MAX_BODY + 1))])
    async with serve(service), SukiRest(service.address, WHO, Limits(rest_attempts=1)) as rest:
        with pytest.raises(ServiceError, match="too large"):
            await rest.create_dictation(16_000)


async def test_an_answer_that_is_not_what_its_header_says_is_one_clear_line():
    """A broken compression is the service's fault, not a crash."""
    service = Service(create=[envelope(201, "x", **{"content-encoding": "gzip"})])
    async with serve(service), SukiRest(service.address, WHO, Limits(rest_attempts=1)) as rest:
        with pytest.raises(ServiceError, match="cannot be decompressed"):
            await rest.create_dictation(16_000)
