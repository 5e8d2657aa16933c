"""A tool that reads /openapi.json and nothing else tries to break the simulator: schemathesis, with every check on."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.interop.test_foreign_clients import Backend
from workbench.simulator.control_token import control_headers
from workbench.simulator.local import LocalSimulator

pytestmark = pytest.mark.beside

# A request can be valid by the schema and still be refused as the documents say: an id of another product or of
# nobody (404, 412), a session in another state (412), a value outside a vocabulary that they write as a string (400),
# an id that exists already (409), a wrong partner token (401).
CONFIGURATION = """
[checks]
positive_data_acceptance.expected-statuses = ["2xx", 400, 401, 403, 404, 409, 412]

[[operations]]
include-path-regex = "/ambient/sessions?/"
parameters = {{ "path.ambient_session_id" = "{ambient}" }}

[[operations]]
include-path-regex = "/form-filling/sessions?/"
parameters = {{ "path.ambient_session_id" = "{form}" }}

[[operations]]
include-path-regex = "/(transcription/session|dictation/sessions)/"
parameters = {{ "path.transcription_session_id" = "{dictation}" }}
"""


def configuration(backend, dialect: str) -> str:
    """With ids of sessions that exist: most generated ones would end in a 404."""
    if dialect == "asyncapi":
        ids = (backend.post(f"/api/v1/{p}/sessions", {"providerId": "ada"}).json()["sessionId"] for p in PRODUCTS)
        return CONFIGURATION.format(**dict(zip(("ambient", "form", "dictation"), ids, strict=True)))
    made = {
        product: backend.post(f"/api/v1/{product}/session/create", {}).json().popitem()[1]
        for product in ("ambient", "form-filling")
    }
    return CONFIGURATION.format(ambient=made["ambient"], form=made["form-filling"], dictation=backend.create())


PRODUCTS = ("ambient", "form-filling", "dictation")


@pytest.mark.slow
@pytest.mark.parametrize("dialect", ["live", "asyncapi"])
def test_schemathesis_finds_nothing(tmp_path, dialect):
    """Generated and boundary requests of every operation: no 5xx, and every answer as described."""
    tool = Path(sys.executable).with_name("schemathesis")
    with LocalSimulator("--recogniser", "scripted", "--dialect", dialect) as simulator:
        backend = Backend(simulator)
        settings = tmp_path / "schemathesis.toml"
        settings.write_text(configuration(backend, dialect))
        command = [tool, "--config-file", settings, "run", f"{simulator.url}/openapi.json", "--checks", "all"]
        command += ["-H", f"sdp_suki_token: {backend.token}", "--max-examples", "25", "--seed", "1", "--no-color"]
        found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=250)
        assert (
            requests.get(f"{simulator.url}/_sim/health", timeout=10, headers=control_headers(simulator.url)).status_code
            == 200
        )
    report = found.stdout.replace(backend.token, "…")
    assert found.returncode == 0, report[-4000:]
    generated, passed = re.search(r"(\d+) generated, (\d+) passed", report).groups()
    assert int(generated) == int(passed) > 500
