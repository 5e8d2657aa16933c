"""The simulator as a process: start, announcement, end."""

import signal
import socket
import ssl
import subprocess
import sys

import httpx
import jwt
import pytest
import trustme

from workbench.errors import ServiceError
from workbench.simulator.control_token import control_headers
from workbench.simulator.local import LocalSimulator

COMMAND = [sys.executable, "-m", "workbench", "simulate", "--recogniser", "scripted"]


def test_it_lives_for_the_block():
    """Address and credentials work inside; nobody listens afterwards."""
    with LocalSimulator("--recogniser", "scripted") as simulator:
        login = {"partner_id": simulator.partner_id, "partner_token": simulator.partner_token}
        assert httpx.post(f"{simulator.url}/api/v1/auth/login", json=login).status_code == 200
        assert simulator.partner_token not in repr(simulator)
        url = simulator.url
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


@pytest.mark.slow
async def test_it_lives_for_an_async_block_too():
    """The loop is not blocked while it starts."""
    async with LocalSimulator("--recogniser", "scripted") as simulator:
        assert simulator.ws_url.startswith("ws://127.0.0.1:")


@pytest.mark.slow
def test_several_processes_are_several_simulators_that_end_together():
    """Each has an address and sessions of its own, and takes the same credentials and settings."""
    with LocalSimulator("--recogniser", "scripted", "--processes", "2", "--token-life", "7") as simulator:
        assert simulator.processes[0] == (simulator.url, simulator.ws_url)
        assert len(set(simulator.processes)) == 2
        login = {"partner_id": simulator.partner_id, "partner_token": simulator.partner_token}
        for url, _ in simulator.processes:
            token = httpx.post(f"{url}/api/v1/auth/login", json=login).json()["suki_token"]
            claims = jwt.decode(token, options={"verify_signature": False})
            assert 6 <= claims["exp"] - claims["iat"] <= 8
    for url, _ in simulator.processes:
        with pytest.raises(httpx.ConnectError):
            httpx.get(url)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(number, ground):
    """Exit status 0 and nothing on standard error."""
    process = subprocess.Popen([*COMMAND, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert "Suki simulator (scripted) at http://127.0.0.1:" in process.stdout.readline()
    process.send_signal(number)
    _, errors = process.communicate(timeout=300)
    assert (process.returncode, errors) == (0, "")


@pytest.mark.slow
def test_a_port_in_use_is_one_line_and_status_4():
    """What, where, and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run([*COMMAND, "--port", port], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 4
    assert done.stderr.count("\n") == 1
    assert f"127.0.0.1:{port}: cannot listen" in done.stderr


@pytest.mark.slow
def test_a_simulator_that_does_not_start_says_why(tmp_path):
    """The child's own line is in the error."""
    missing = str(tmp_path / "missing.pem")
    with pytest.raises(ServiceError, match="certificate and key cannot be used"):
        LocalSimulator("--recogniser", "scripted", "--tls-cert", missing, "--tls-key", missing).__enter__()


@pytest.mark.slow
def test_listening_to_other_machines_is_warned_about(tmp_path):
    """Speech on an open port should be a decision."""
    command = [*COMMAND, "--host", "0.0.0.0", "--port", "0"]  # noqa: S104
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.readline()
    process.terminate()
    assert "warning: 0.0.0.0 can be reached from other machines" in process.communicate(timeout=300)[1]


@pytest.mark.slow
def test_it_serves_tls(tmp_path):
    """https and wss with a given certificate."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    for pem in certificate.cert_chain_pems:
        pem.write_to_path(tmp_path / "cert.pem", append=True)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    paths = ("--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem"))
    with LocalSimulator("--recogniser", "scripted", *paths) as simulator:
        assert simulator.url.startswith("https://")
        assert (
            httpx.get(f"{simulator.url}/_sim/health", verify=trust, headers=control_headers(simulator.url)).json()[
                "recogniser"
            ]
            == "scripted"
        )


@pytest.mark.slow
def test_a_simulator_does_not_outlive_who_started_it():
    """A killed run leaves no process behind."""
    import os
    import signal
    import subprocess
    import sys

    program = (
        "import time; from workbench.simulator.local import LocalSimulator\n"
        "simulator = LocalSimulator('--recogniser', 'scripted').__enter__(); print(simulator.pid, flush=True)\n"
        "time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        child = int(parent.stdout.readline())
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
    watch = os.pidfd_open(child) if _alive(child) else None
    if watch is not None:
        import select

        ended, _, _ = select.select([watch], [], [], 10)
        os.close(watch)
        assert ended


def _alive(pid):
    import os

    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
