"""Pages of other origins: closed as the service is, open by a switch."""

import pytest

from tests.simulator.partner import running
from workbench.simulator.server import SimulatorOptions

PAGE = {"Origin": "http://localhost:5173"}
PREFLIGHT = PAGE | {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "sdp_suki_token,content-type",
}
CREATE = "/api/v1/transcription/session/create"


@pytest.mark.parametrize(
    ("cors", "allowed"),
    [((), None), (("*",), "*"), (("http://localhost:5173",), PAGE["Origin"]), (("http://other.example",), None)],
)
async def test_a_page_may_call_rest_where_its_origin_is_named(cors, allowed):
    """Preflight and answer, refusals included; tokens travel in a header, so no credentials of the browser do."""
    async with running(SimulatorOptions(recogniser="scripted", cors=cors)) as partner:
        preflight = await partner.http.options(CREATE, headers=PREFLIGHT)
        assert preflight.headers.get("access-control-allow-origin") == allowed
        assert (preflight.status_code == 200) is (allowed is not None)
        for headers, status in ((partner.headers, 201), ({}, 401)):
            answer = await partner.http.post(CREATE, json={}, headers=headers | PAGE)
            assert (answer.status_code, answer.headers.get("access-control-allow-origin")) == (status, allowed)
        assert "access-control-allow-credentials" not in answer.headers
