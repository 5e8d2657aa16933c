"""Client rules of authentication: login, registration, tokens, Single Auth."""

import json
from asyncio import run

import pytest
from starlette.responses import JSONResponse

from tests.conformance.client_traces import QUICK, SHARED, WHO, all_traces, create, dictation, job, play
from tests.service import SESSION, Service, envelope, serve
from workbench.client.rest import SukiRest
from workbench.errors import ServiceError
from workbench.protocol.messages import Product

rule = pytest.mark.rule


@rule("S-8")
def test_login_sends_the_partner_and_no_token_header():
    """Both fields in the body."""
    login = dictation().request("login")
    assert json.loads(login.body) == {"partner_id": "partner", "partner_token": "partner-token"}
    assert "sdp_suki_token" not in login.headers


@rule("S-10")
def test_a_further_field_of_the_login_answer_is_tolerated():
    """``jwt_bearer``."""
    service = Service(login=[JSONResponse({"suki_token": "t", "jwt_bearer": "b"})])
    assert run(create(service)) == SESSION


@rule("S-11")
def test_the_token_travels_bare_in_its_own_header():
    """No Bearer, no Authorization."""
    for trace in all_traces():
        for headers in [c.headers for c in trace.service.requests if c.name != "login"] + trace.service.upgrades:
            assert headers["sdp_suki_token"] == "token-1"
            assert "authorization" not in headers


@rule("S-13")
def test_a_token_is_renewed_by_logging_in_before_its_hour_is_over():
    """There is no refresh endpoint to call."""
    now = [0.0]
    service = Service()

    async def use():
        async with serve(service), SukiRest(service.address, WHO, QUICK, now_s=lambda: now[0]) as rest:
            for now[0] in (0.0, 3299.0, 3400.0):
                await rest.create_dictation(16_000)

    run(use())
    assert service.calls == ["login", "create", "create", "login", "create"]


@rule("S-15")
def test_an_unknown_provider_is_registered_once_then_logged_in():
    """Login, register, login."""
    service = Service(login=[envelope(401, "provider_not_registered")])
    run(create(service))
    assert service.calls == ["login", "register", "login", "create"]


@rule("S-18")
def test_a_provider_that_is_linked_already_is_as_good_as_registered():
    """409 is no failure."""
    service = Service(login=[envelope(401, "provider_not_registered")], register=[envelope(409, "exists")])
    assert run(create(service)) == SESSION


@rule("S-19")
def test_register_names_partner_provider_and_organisation():
    """The four required fields."""
    service = Service(login=[envelope(401, "provider_not_registered")])
    run(create(service))
    sent = json.loads(service.bodies[1])
    assert {"partner_id", "partner_token", "provider_name", "provider_org_id"} <= set(sent)


@rule("S-21")
def test_a_shared_token_names_the_provider_in_login_and_register():
    """Every time."""
    service = Service(login=[envelope(401, "provider_not_registered")])
    run(create(service, who=SHARED))
    assert [json.loads(body)["provider_id"] for body in service.bodies[:3]] == ["provider-7"] * 3


@rule("S-22")
def test_a_shared_token_names_the_provider_on_every_call_and_upgrade():
    """As a header."""
    trace = run(play([job(Product.AMBIENT)], who=SHARED))
    headers = [c.headers for c in trace.service.requests if c.name != "login"] + trace.service.upgrades
    assert [h.get("sdp_provider_id") for h in headers] == ["provider-7"] * len(headers)


@rule("S-37")
def test_a_refused_token_costs_one_login_and_one_replay():
    """Never a circle."""
    service = Service(create=[envelope(401, "invalid_sdp_token")] * 5)
    with pytest.raises(ServiceError):
        run(create(service))
    assert service.calls == ["login", "create", "login", "create"]
