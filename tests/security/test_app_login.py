"""The app on a shared machine: who did not open the printed address reads nothing, by path or by socket."""

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.ports import free_port
from tests.stored import batch, store_run

pytest.importorskip("streamlit", reason="the extra 'app' is not installed")

NOBODY = 65534

# What another user of the machine has: the standard library. Pages, sockets, forged names and origins.
PRY = """
import base64, http.client, json, os, socket, sys
port, got = int(sys.argv[1]), []
for path in ("/", "/runs", "/_stcore/health", "/_stcore/host-config", "/media/x", "/workbench/live", "/?start=guess"):
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    link.request("GET", path)
    answer = link.getresponse()
    got.append([path, answer.status, answer.read().decode("utf-8", "replace")[:60]])
for path in ("/_stcore/stream", "/workbench/live/socket"):
    with socket.create_connection(("127.0.0.1", port), 10) as raw:
        raw.sendall(
            f"GET {path} HTTP/1.1\\r\\nHost: 127.0.0.1:{port}\\r\\nOrigin: http://127.0.0.1:{port}\\r\\n"
            "Upgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: "
            f"{base64.b64encode(os.urandom(16)).decode()}\\r\\n\\r\\n".encode())
        got.append([path, int(raw.recv(200).split()[1]), ""])
print(json.dumps(got))
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """The app over a store with a run; the address that it printed, and a client that opened it."""
    folder, port = tmp_path_factory.mktemp("login"), free_port()
    store_run(folder / "runs", batch(2))
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SUKI_", "WORKBENCH_", "STREAMLIT_"))}
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "workbench", "app", "--port", str(port), "--store", str(folder / "runs")],
        cwd=folder, env=kept, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        printed = process.stdout.readline().removeprefix("Suki Workbench: ").strip()
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", transport=httpx.HTTPTransport(retries=5)) as client:
            assert client.get(printed).status_code == 303
            yield printed, client
        process.terminate()
        process.communicate(timeout=300)


def cookie(client):
    """As a browser sends it, to every port of the host."""
    return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


@pytest.mark.slow
def test_a_second_user_of_the_machine_reads_nothing(running):
    """With a real second user: no page and no socket, whatever it says where it comes from."""
    printed, client = running
    if os.geteuid() != 0:
        pytest.skip("only root can act as another user")
    python = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable
    done = subprocess.run(
        [python, "-c", PRY, str(urlsplit(printed).port)], user=NOBODY, group=NOBODY, extra_groups=[],
        cwd="/", capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    if done.returncode and "Permission" in done.stderr:
        pytest.skip("another user cannot run Python here")
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    assert [(path, status) for path, status, _ in answers if status != 403] == []
    assert client.get("/runs").status_code == 200


@pytest.mark.slow
def test_streamlits_socket_takes_the_own_page_and_no_page_of_another_port(running):
    """A browser sends the cookie to either; the origin, its port included, tells them apart."""
    printed, client = running
    url = f"ws://127.0.0.1:{urlsplit(printed).port}/_stcore/stream"
    own = f"http://127.0.0.1:{urlsplit(printed).port}"
    with connect(url, origin=own, additional_headers={"Cookie": cookie(client)}, subprotocols=["streamlit"]):
        pass
    for origin, cookies in ((own, ""), ("http://127.0.0.1:9", cookie(client)), ("http://evil.example", cookie(client))):
        with pytest.raises(InvalidStatus) as caught:
            connect(url, origin=origin, additional_headers={"Cookie": cookies}, subprotocols=["streamlit"])
        assert caught.value.response.status_code == 403


@pytest.mark.slow
def test_the_start_token_is_in_no_command_line_and_no_environment(running):
    """Every user may read the one, and every child has the other."""
    printed, _ = running
    token = printed.partition("start=")[2]
    seen = []
    for entry in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            try:
                seen.append((entry / name).read_bytes())
            except OSError:
                continue
    assert not [text for text in seen if token.encode() in text]
