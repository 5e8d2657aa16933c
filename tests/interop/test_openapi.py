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

# A request can be valid by the schema and still be refused as the documents say: an id of another product or of nobody
# (404, 412), a session in another state (412), an id that exists already (409), a wrong partner token (401). What no
# schema can say is refused with 400 by the operations that are named.
CHECKS = """
[checks]
positive_data_acceptance.expected-statuses = ["2xx", 401, 403, 404, 409, 412]

[[operations]]
include-path-regex = "/auth/(login|register)$"
checks.positive_data_acceptance.expected-statuses = ["2xx", 400, 401, 409]

[[operations]]
include-path-regex = "/feedback$"
checks.positive_data_acceptance.expected-statuses = ["2xx", 400, 401, 403, 404, 409, 412]

[[operations]]
include-path-regex = "/form-filling/.*/end$"
checks.positive_data_acceptance.expected-statuses = ["2xx", 400, 401, 403, 404, 412]

[[operations]]
include-path-regex = "/ambient/.*/context$"
checks.positive_data_acceptance.expected-statuses = ["2xx", 400, 401, 403, 404, 412]

[[operations]]
include-path-regex = "^/ws/|/audio$"
checks.positive_data_acceptance.expected-statuses = [426]
checks.negative_data_rejection.expected-statuses = [404, 426]
checks.missing_required_header.expected-statuses = [426]
"""

IDS = """
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
PRODUCTS = ("ambient", "form-filling", "dictation")


def ids_of_sessions(backend, dialect: str) -> str:
    """Of sessions that exist: most generated ones would end in a 404."""
    if dialect == "asyncapi":
        ids = (backend.post(f"/api/v1/{p}/sessions", {"providerId": "ada"}).json()["sessionId"] for p in PRODUCTS)
        return IDS.format(**dict(zip(("ambient", "form", "dictation"), ids, strict=True)))
    made = {
        product: backend.post(f"/api/v1/{product}/session/create", {}).json().popitem()[1]
        for product in ("ambient", "form-filling")
    }
    return IDS.format(ambient=made["ambient"], form=made["form-filling"], dictation=backend.create())


def play(backend, folder, configuration: str, *options: str) -> str:
    """The report of schemathesis, which found nothing."""
    tool = Path(sys.executable).with_name("schemathesis")
    settings = folder / "schemathesis.toml"
    settings.write_text(configuration)
    command = [tool, "--config-file", settings, "run", f"{backend.simulator.url}/openapi.json", "--checks", "all"]
    command += ["-H", f"sdp_suki_token: {backend.token}", "--seed", "1", "--no-color", *options]
    played = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=280)
    report = played.stdout.replace(backend.token, "…")
    assert played.returncode == 0, report[-4000:]
    return report


@pytest.fixture(params=["live", "asyncapi"])
def dialect(request):
    return request.param


@pytest.fixture
def backend(dialect):
    """Alive afterwards, too."""
    with LocalSimulator("--recogniser", "scripted", "--processing", "0", "--dialect", dialect) as simulator:
        yield Backend(simulator)
        health = requests.get(f"{simulator.url}/_sim/health", timeout=10, headers=control_headers(simulator.url))
        assert health.status_code == 200


@pytest.mark.slow
def test_schemathesis_finds_nothing(backend, dialect, tmp_path):
    """Generated and boundary requests of every operation: no 5xx, and every answer as described."""
    report = play(backend, tmp_path, CHECKS + ids_of_sessions(backend, dialect),
                  "--phases", "examples,coverage,fuzzing", "--max-examples", "25")  # fmt: skip
    generated, passed = map(int, re.search(r"(\d+) generated, (\d+) passed", report).groups())
    assert generated == passed > 500


@pytest.mark.slow
def test_sessions_are_walked_along_the_links(backend, tmp_path):
    """From create over the stream to the end and the results, by nothing but the description."""
    report = play(backend, tmp_path, CHECKS, "--phases", "stateful", "--max-examples", "30")
    covered = re.search(r"(\d+) covered / (\d+) selected / (\d+) total", report)
    assert covered is not None, report[-2000:]
