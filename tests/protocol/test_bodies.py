"""REST bodies: only documented fields go out, missing ones come in as None."""

from __future__ import annotations

import doctest

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.protocol import bodies, endpoints
from workbench.protocol.bodies import CreateDictation, DictationResult, ErrorEnvelope, LoggedIn, Login, error_id_of
from workbench.protocol.endpoints import ENDPOINTS, SOCKET_PATHS
from workbench.protocol.messages import Product


def test_fields_that_are_not_set_are_not_sent():
    """A request names only what was asked for (S-6)."""
    assert msgspec.json.encode(Login("p", "t")) == b'{"partner_id":"p","partner_token":"t"}'
    assert msgspec.json.encode(CreateDictation()) == b"{}"


def test_an_answer_may_lack_any_field_and_have_others():
    """Missing fields are None, unknown ones are ignored (S-6, S-54)."""
    assert msgspec.json.decode(b'{"later":1}', type=DictationResult) == DictationResult()
    assert msgspec.json.decode(b'{"suki_token":"x","later":1}', type=LoggedIn).jwt_bearer is None
    assert msgspec.json.decode(b"{}", type=ErrorEnvelope) == ErrorEnvelope(0, "")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("invalid_sdp_token: expired", "invalid_sdp_token"),
        ("invalid_sdp_token", "invalid_sdp_token"),
        ("invalid request", None),
        ("invalid", None),
        ("", None),
        (": x", None),
        ("not an_id: x", None),
    ],
)
def test_a_stable_error_id_is_told_from_free_text(message, expected):
    """Only a word with underscores before the colon is an id (S-31, S-32)."""
    assert error_id_of(message) == expected


@given(st.text())
def test_no_message_breaks_it(message):
    """Free text of any kind gives an id or None."""
    found = error_id_of(message)
    assert found is None or found in message


def test_the_route_table_is_a_table():
    """Names are unique, routes are unique, paths are absolute, and every product has its socket."""
    assert len({route.name for route in ENDPOINTS}) == len(ENDPOINTS)
    assert len({(route.method, route.path) for route in ENDPOINTS}) == len(ENDPOINTS)
    assert all(route.path.startswith("/api/") and route.summary for route in ENDPOINTS)
    assert SOCKET_PATHS.keys() == set(Product)
    assert all(route in ENDPOINTS for route in vars(endpoints).values() if isinstance(route, endpoints.Endpoint))


def test_the_examples_hold():
    """Docstrings tell the truth."""
    assert doctest.testmod(bodies).failed == 0
