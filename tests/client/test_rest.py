"""REST: what is retried, what is not, and what each answer becomes."""

import pytest
from starlette.responses import JSONResponse, Response

from tests.service import Service, envelope, serve
from workbench.client.rest import SukiRest
from workbench.errors import ConfigurationError, ServiceError
from workbench.settings import Credentials, Limits, Secret

WHO = Credentials("partner", Secret("partner-token"))
SHARED = Credentials("partner", Secret("partner-token"), provider_id="provider-7")
QUICK = Limits(rest_s=20.0, rest_attempts=3)


async def create(service, who=WHO, limits=QUICK, **more):
    """Create one session."""
    async with serve(service), SukiRest(service.address, who, limits, **more) as rest:
        return await rest.create_dictation(16_000)


async def test_login_sends_the_documented_body_and_no_token_header():
    """S-8, S-5; the token then travels bare (S-11)."""
    service = Service()
    await create(service)
    assert service.bodies[0] == b'{"partner_id":"partner","partner_token":"partner-token"}'
    assert "sdp_suki_token" not in service.headers[0]
    assert service.headers[0]["content-type"] == "application/json"
    assert service.headers[1]["sdp_suki_token"] == "token-1"
    assert "authorization" not in service.headers[1]
    expected = b'{"audio_config":{"audio_encoding":"LINEAR16","audio_language":"en-US","sample_rate_hertz":16000}}'
    assert service.bodies[1] == expected


async def test_a_single_auth_partner_names_the_provider_everywhere():
    """S-21, S-22."""
    service = Service()
    await create(service, SHARED)
    assert b'"provider_id":"provider-7"' in service.bodies[0]
    assert service.headers[1]["sdp_provider_id"] == "provider-7"
    assert "sdp_provider_id" not in service.headers[0]


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_busy_and_failing_answers_are_tried_again(status):
    """S-35."""
    service = Service(create=[envelope(status, "try later", **{"retry-after": "0"})] * 2)
    assert await create(service)
    assert service.calls.count("create") == 3


async def test_tries_are_bounded_and_the_last_answer_is_reported():
    """Not for ever."""
    service = Service(create=[envelope(503, "down", **{"retry-after": "0"})] * 9)
    with pytest.raises(ServiceError, match="503 down") as caught:
        await create(service)
    assert caught.value.status == 503
    assert service.calls.count("create") == 3


@pytest.mark.parametrize(
    ("status", "says"), [(400, "invalid_request"), (402, "quota"), (403, "permission"), (404, "404"), (409, "409")]
)
async def test_other_refusals_are_final(status, says):
    """S-34, S-36."""
    message = {402: "", 403: "permission_denied: no"}.get(status, "invalid_request: bad")
    service = Service(create=[envelope(status, message)])
    with pytest.raises(ServiceError, match=says) as caught:
        await create(service)
    assert service.calls.count("create") == 1
    assert caught.value.error_id == (message.split(":")[0] or None)


async def test_a_refused_token_leads_to_one_login_and_one_replay():
    """S-37."""
    service = Service(create=[envelope(401, "invalid_sdp_token")])
    assert await create(service)
    assert service.calls == ["login", "create", "login", "create"]
    service = Service(create=[envelope(401, "invalid_sdp_token")] * 2)
    with pytest.raises(ServiceError, match="invalid_sdp_token"):
        await create(service)
    assert service.calls == ["login", "create", "login", "create"]


async def test_an_unknown_provider_is_registered_once_and_logged_in_again():
    """S-15, S-18, S-19."""
    for answer in (Response(status_code=201), envelope(409, "already linked")):
        service = Service(login=[envelope(401, "provider_not_registered: who")], register=[answer])
        await create(service)
        assert service.calls == ["login", "register", "login", "create"]
        assert b'"provider_name":' in service.bodies[1]
        assert b'"provider_org_id":' in service.bodies[1]


async def test_a_refused_registration_is_a_matter_of_credentials():
    """One line that names the variables."""
    service = Service(login=[envelope(401, "provider_not_registered")], register=[envelope(400, "Malformed token")])
    with pytest.raises(ConfigurationError, match="Malformed token"):
        await create(service)


async def test_a_token_is_renewed_before_its_hour_is_over():
    """S-12, S-13: by logging in again, with five minutes to spare."""
    now = [0.0]
    service = Service()
    async with serve(service), SukiRest(service.address, WHO, QUICK, now_s=lambda: now[0]) as rest:
        for now[0] in (0.0, 3000.0, 3299.0, 3301.0):
            await rest.create_dictation(16_000)
    assert service.calls.count("login") == 2


@pytest.mark.parametrize("body", [b"", b"{}", b'{"status":"completed","extra":[1]}', b" "])
async def test_an_end_answer_may_lack_anything(body):
    """S-6, S-38, S-54."""
    service = Service(end=[Response(body, 200)])
    async with serve(service), SukiRest(service.address, WHO, QUICK) as rest:
        result = await rest.end_dictation("11111111-2222-4333-8444-555555555555")
    assert result.final_transcript is None


@pytest.mark.parametrize("body", [b"<html>", b'{"transcription_session_id":7}', b"{}", b"\xff"])
async def test_an_answer_that_cannot_be_understood_is_named(body):
    """The route and the JSON path, not the content."""
    with pytest.raises(ServiceError, match=r"session/create.*cannot be understood|cannot be understood.*CreatedD"):
        await create(Service(create=[Response(body, 201)]))


async def test_free_text_errors_are_shown_as_they_are():
    """S-32."""
    with pytest.raises(ServiceError, match="invalid request") as caught:
        await create(Service(create=[JSONResponse({"code": 400, "message": "invalid request"}, 400)]))
    assert caught.value.error_id is None


async def test_a_stalled_answer_is_bounded_by_the_timeout():
    """Nobody waits for ever."""
    import asyncio

    class Slow(Service):
        async def on_login(self, request):
            self.calls.append("login")
            await asyncio.sleep(1)
            return Response(status_code=500)

    with pytest.raises(ServiceError, match=r"no answer in time.*0\.1 s"):
        await create(Slow(), limits=Limits(rest_s=0.1, rest_attempts=1))
