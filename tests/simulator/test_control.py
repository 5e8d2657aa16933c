"""The control API: this machine, this user, and nobody else."""

import socket
import stat

import httpx
import pytest

from tests.simulator.partner import running
from tests.simulators import new_simulator
from workbench.errors import ConfigurationError
from workbench.simulator import control_token
from workbench.simulator.control_token import CONTROL_HEADER, control_headers
from workbench.simulator.server import SimulatorOptions

pytestmark = pytest.mark.asyncio(loop_scope="module")
PATHS = ["/_sim/health", "/_sim/sessions/x", "/_sim/scripts/x"]


def own_address():
    """An address of this machine that is not loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = probe.getsockname()[0]
    return None if address.startswith("127.") else address


@pytest.mark.parametrize("path", PATHS)
async def test_without_the_token_nobody_is_answered(scripted, path):
    """Nor with a wrong one, nor with one that is no ASCII."""
    method = "POST" if "scripts" in path else "GET"
    async with httpx.AsyncClient(base_url=scripted.url) as http:
        for headers in ({}, {CONTROL_HEADER: "guessed"}, {CONTROL_HEADER: "é".encode("latin-1")}):
            answer = await http.request(method, path, headers=headers, json={"messages": []})
            assert answer.status_code == 401
            assert answer.json()["message"].startswith("invalid_control_token")


async def test_a_peer_with_another_address_is_refused_although_it_has_the_token():
    """The simulator listens everywhere; its control API does not answer everywhere."""
    address = own_address()
    if address is None:
        pytest.skip("this machine has no address but loopback")
    async with new_simulator(SimulatorOptions(host="0.0.0.0", recogniser="scripted")) as simulator:  # noqa: S104
        port = simulator.url.rsplit(":", 1)[1]
        headers = control_headers(f"http://127.0.0.1:{port}")
        async with httpx.AsyncClient(headers=headers) as http:
            assert (await http.get(f"http://127.0.0.1:{port}/_sim/health")).status_code == 200
            for path in PATHS:
                method = "POST" if "scripts" in path else "GET"
                assert (await http.request(method, f"http://{address}:{port}{path}", json={})).status_code == 403


async def test_the_token_lies_where_only_its_user_can_read_it_and_goes_with_the_simulator():
    """0600 in a folder of 0700."""
    async with running(SimulatorOptions(recogniser="scripted")) as partner:
        path = control_token._folder() / f"control-{partner.simulator.url.rsplit(':', 1)[1]}"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert control_headers(partner.simulator.url)[CONTROL_HEADER] == path.read_text()
    assert not path.exists()
    assert control_headers(partner.simulator.url) == {}


async def test_a_folder_that_others_can_read_is_not_used(tmp_path, monkeypatch):
    """Somebody else may have made it, to read the token or to put one of theirs there."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    folder = control_token._folder()
    folder.chmod(0o755)
    with pytest.raises(ConfigurationError, match="not private"):
        async with new_simulator(SimulatorOptions(recogniser="scripted")):
            pass
    folder.rmdir()
    folder.symlink_to(tmp_path)
    with pytest.raises(ConfigurationError, match="not private"):
        control_token._folder()


async def test_nothing_of_the_token_is_in_a_repr():
    """Masked like every secret."""
    token = control_token.new_token()
    assert token.reveal() not in repr(token)
    assert token.reveal() not in f"{token}"
