"""Notifications and their signature."""

import doctest
import string

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.protocol import webhooks
from workbench.protocol.webhooks import Link, Notification, signature

BODY = (
    b'{"status":"failure","session_id":"s-1","encounter_id":"e-1",'
    b'"error_code":"ERROR_CODE_TRANSCRIPTION","error_detail":"x"}'
)


@pytest.mark.rule("S-190")
def test_the_signature_is_that_of_the_test_vector():
    """Lower-case hex of HMAC-SHA-256 over the time, a colon and the raw body."""
    expected = "9e52430b3e89a6d2a60cc03f7f7b479abdfae08f6bcbf9b5b3efdc1463767a25"
    assert signature("test-secret", "1700000000000", BODY) == expected


@given(st.binary(max_size=200), st.binary(max_size=200), st.text(string.digits, min_size=13, max_size=13))
def test_another_body_or_time_has_another_signature(body, other, generated_at):
    """Of the same secret."""
    signed = signature("secret", generated_at, body)
    assert (signature("secret", generated_at, other) == signed) is (other == body)
    assert signature("secret", generated_at + "0", body) != signed


@pytest.mark.rule("S-196")
def test_a_notification_needs_its_session_only():
    """What is not said is not there; links have the name of the documents."""
    assert msgspec.json.decode(b'{"session_id":"s","more":{}}', type=Notification) == Notification("s")
    assert msgspec.to_builtins(Notification("s")) == {"session_id": "s"}
    told = msgspec.to_builtins(Notification("s", links={"status": [Link("/api/v1/x")]}))
    assert told["_links"] == {
        "status": [{"href": "/api/v1/x", "method": "GET", "name": "", "type": "application/json"}]
    }


def test_the_examples_hold():
    """Docstrings tell the truth."""
    assert doctest.testmod(webhooks).failed == 0
