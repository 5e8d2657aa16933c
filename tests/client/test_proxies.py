"""What is meant for this machine goes straight, whatever the environment says; every other host goes one way."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import os
import socket
import ssl
import threading

import pytest
import trustme
from click.testing import CliRunner

from tests.quick import ask, scripted, short_corpus
from tests.service import Service, serve
from tests.simulators import new_simulator
from workbench.cli import cli
from workbench.client.credentials import DEMO_CREDENTIALS
from workbench.client.proxies import proxy_for
from workbench.client.rest import SukiRest
from workbench.client.rest_process import RestProcess
from workbench.client.transport import connect_tcp
from workbench.errors import ConfigurationError, ServiceError
from workbench.instrument.calibration.calibrate import calibrate
from workbench.instrument.capacity.site import LoadPlan, open_site
from workbench.instrument.doctor import State
from workbench.instrument.doctor.reach import reach
from workbench.protocol import endpoints
from workbench.protocol.messages import Product
from workbench.recording.record import Connect
from workbench.runs.evaluate import evaluate
from workbench.settings import Credentials, Limits, Secret, ServiceAddress, Settings, resolve_endpoint
from workbench.simulator.server import SimulatorOptions

VARIABLES = [name for base in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY") for name in (base, base.lower())]
SERVICE = "suki.invalid"
"""No name server knows it: only the proxy finds the way."""
# A name server that loses a question is asked again after 5 s.
ONCE = Limits(connect_s=60.0, rest_s=60.0, rest_attempts=1)
PASSWORD = "hunter2"


@pytest.fixture(autouse=True)
def _nothing_of_whoever_runs_this(monkeypatch):
    for name in [*VARIABLES, "WORKBENCH_ENDPOINT", "WORKBENCH_STORE", "SUKI_PARTNER_ID", "SUKI_PARTNER_TOKEN"]:
        monkeypatch.delenv(name, raising=False)


class Sink:
    """Takes what comes."""

    def arrived(self, raw, received_ns):
        pass

    def drained(self):
        pass

    def closed(self, code, reason, received_ns):
        pass


# -- this machine -------------------------------------------------------------------------------------------------


@pytest.fixture(params=[None, "", "example.com", "*.example,10.0.0.0/8"])
def trap(request, monkeypatch):
    """A proxy that every variable names, and what came there; ``NO_PROXY`` in several forms, none of this machine."""
    came = []

    def listen():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5.0)
                with contextlib.suppress(OSError):
                    came.append(connection.recv(65_536))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=listen)
        thread.start()
        address = f"http://partner:{PASSWORD}@127.0.0.1:{listener.getsockname()[1]}"
        for name in VARIABLES:
            if name.upper() != "NO_PROXY":
                monkeypatch.setenv(name, address)
            elif request.param is not None:
                monkeypatch.setenv(name, request.param)
        yield came
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
    assert came == []


only_without = pytest.mark.parametrize("trap", [None], indirect=True)
"""For what takes long: once, without NO_PROXY."""


async def test_a_login_to_this_machine_meets_no_proxy(trap):
    """The partner token is in no other program's hands."""
    async with serve(Service()) as service, SukiRest(service.address, DEMO_CREDENTIALS, ONCE) as rest:
        assert await rest.token() == "token-1"
    assert trap == []


@only_without
async def test_nor_does_one_made_in_a_process_of_its_own(trap):
    """The environment is inherited."""
    async with (
        serve(Service()) as service,
        RestProcess() as apart,
        SukiRest(service.address, DEMO_CREDENTIALS, ONCE, apart=apart) as rest,
    ):
        assert await rest.token() == "token-1"
    assert trap == []


@only_without
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "127.1", "[::ffff:127.0.0.1]"])
async def test_every_name_of_this_machine_is_this_machine(trap, opening, host):
    """REST and sockets, and a setting ``proxy`` changes nothing."""
    async with serve(Service()) as service:
        port = service.address.rest_url.rpartition(":")[2]
        address = ServiceAddress("here", f"http://{host}:{port}", f"ws://{host}:{port}", "http://127.0.0.1:1")
        async with SukiRest(address, DEMO_CREDENTIALS, ONCE) as rest:
            await rest.token()
        url = address.ws_url + endpoints.SOCKET_PATHS[Product.DICTATION]
        ways = {"tls": None, "phases": Connect(), "close_timeout_s": 1.0, "proxy": address.proxy}
        opened = await opening(url, {}, Sink(), **ways)
        opened.abort()
    assert trap == []


@only_without
async def test_the_address_of_this_machine_in_version_6(trap):
    """``::1``, with a socket and a login."""
    heads = []

    async def answer(reader, writer):
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{"suki_token":"t"}')
        writer.close()

    server = await asyncio.start_server(answer, "::1", 0)
    async with server:
        address = resolve_endpoint(f"http://[::1]:{server.sockets[0].getsockname()[1]}")
        async with SukiRest(address, DEMO_CREDENTIALS, ONCE) as rest:
            assert await rest.token() == "t"
        (await connect_tcp(address.ws_url, Connect())).close()
    assert len(heads) == 1
    assert trap == []


@only_without
@pytest.mark.slow
def test_a_run_and_a_live_session_meet_none(trap, tmp_path, monkeypatch):
    """Against a simulator that somebody started; requests, sockets and its control interface."""
    folder = short_corpus(tmp_path / "corpus", 2)
    kept = variables()
    for name in kept:
        monkeypatch.delenv(name, raising=False)
    with scripted() as running:  # the client that tells it what to say asks the environment
        for name, value in kept.items():
            if value is not None:
                monkeypatch.setenv(name, value)
        result = evaluate(ask(folder, cells=1), Settings(endpoint=running.url, store=tmp_path / "runs"))
        arguments = ["live", "--file", str(folder / "tone.wav"), "--endpoint", running.url, "--json"]
        live = CliRunner().invoke(cli, arguments, standalone_mode=False)
    assert [score.failed for score in result.scores] == [False, False]
    assert live.return_value == 0
    assert trap == []


@only_without
@pytest.mark.slow
def test_demo_simulate_and_doctor_meet_none(trap, tmp_path):
    """With simulators of their own: a real recogniser hears a tone."""
    folder = short_corpus(tmp_path / "corpus", 2)
    arguments = [
        "demo",
        "--corpus",
        str(folder),
        "--limit",
        "1",
        "--store",
        str(tmp_path / "runs"),
        "--no-app",
        "--json",
    ]
    demo = CliRunner().invoke(cli, arguments, standalone_mode=False)
    assert demo.return_value == 0, demo.output
    checks = asyncio.run(reach(Settings(model="general")))
    assert {check.state for check in checks} == {State.GOOD}
    assert trap == []


@only_without
@pytest.mark.slow
async def test_calibration_and_capacity_meet_none(trap):
    """Both steer a simulator: its control token is in no other program's hands."""
    assert (await calibrate(2)).sessions == 2
    async with (
        new_simulator(SimulatorOptions(recogniser="scripted")) as simulator,
        open_site(Settings(endpoint=simulator.url), LoadPlan()) as site,
    ):
        assert site._addresses[0].scripted
    assert trap == []


@only_without
@pytest.mark.slow
def test_a_tracker_on_this_machine_meets_none(trap, tmp_path):
    """MLflow's client asks the environment by itself; it leaves as it was."""
    pytest.importorskip("mlflow", reason="the extra mlflow is not installed")
    from http.server import BaseHTTPRequestHandler, HTTPServer

    from tests.stored import batch, stored
    from workbench.reporting.mlflow_export import export_to_mlflow

    asked = []

    class Refuses(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(403)

        def log_message(self, *_):
            pass

    before = variables()
    with HTTPServer(("127.0.0.1", 0), Refuses) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with pytest.raises(ServiceError, match="the tracker cannot be used"):
                export_to_mlflow(stored(tmp_path, batch(2)), f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()
    assert asked
    assert variables() == before
    with pytest.raises(ConfigurationError, match="plain HTTP"):
        export_to_mlflow(stored(tmp_path / "two", batch(2)), f"http://{SERVICE}:5000")
    assert trap == []


def variables():
    """The variables as they are."""
    return {name: os.environ.get(name) for name in VARIABLES}


# -- other machines -----------------------------------------------------------------------------------------------


class Way:
    """An HTTP proxy that opens every way to one port of this machine, and keeps the heads of what it was asked."""

    def __init__(self, port, answer=b"HTTP/1.1 200 Connection established\r\nVia: 1.1 here\r\n\r\n"):
        self.port = 0
        self.heads = []
        self._target = port
        self._answer = answer

    @property
    def asked(self):
        """First lines."""
        return [head.split(b"\r\n")[0].decode() for head in self.heads]

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()

    async def _serve(self, reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            self.heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(self._answer)
            if self._answer.startswith(b"HTTP/1.1 200"):
                there, back = await asyncio.open_connection("127.0.0.1", self._target)
                await asyncio.gather(self._pass(reader, back), self._pass(there, writer))
        writer.close()

    async def _pass(self, reader, writer):
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
        writer.close()


@pytest.fixture
def authority(tmp_path):
    """Certificates for the service; gives the file with the authority, the server's files and a client's context."""
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "ca.pem")
    server = made.issue_cert(SERVICE)
    server.private_key_pem.write_to_path(tmp_path / "key.pem")
    server.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    context = ssl.create_default_context()
    made.configure_trust(context)
    return tmp_path, context


def secure(folder):
    """The service, as TLS names it."""
    return serve(Service(), ssl_certfile=str(folder / "cert.pem"), ssl_keyfile=str(folder / "key.pem"))


@pytest.mark.parametrize("said_by", ["proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
async def test_rest_and_sockets_go_one_way_to_another_machine(authority, opening, monkeypatch, said_by):
    """Login and socket are CONNECT to one host and port, with the credentials of the proxy where it has some."""
    folder, tls = authority
    async with secure(folder) as service, Way(int(service.address.rest_url.rpartition(":")[2])) as way:
        login = "" if said_by == "proxy" else f"jo:{PASSWORD}%40@"
        setting = f"http://127.0.0.1:{way.port}" if said_by == "proxy" else None
        monkeypatch.setenv("HTTPS_PROXY" if setting else said_by, f"http://{login}127.0.0.1:{way.port if login else 1}")
        address = resolve_endpoint(f"https://{SERVICE}", setting)
        async with SukiRest(address, DEMO_CREDENTIALS, ONCE, tls) as rest:
            token = await rest.token()
            session = await rest.create_dictation(16_000)
        assert way.asked == [f"CONNECT {SERVICE}:443 HTTP/1.1"]
        phases = Connect()
        opened = await opening(
            address.ws_url + endpoints.SOCKET_PATHS[Product.DICTATION],
            {"sdp_suki_token": token, "transcription_session_id": session},
            Sink(), tls=tls, phases=phases, close_timeout_s=1.0, proxy=address.proxy,
        )  # fmt: skip
        opened.abort()
    assert way.asked == [f"CONNECT {SERVICE}:443 HTTP/1.1"] * 2
    expected = base64.b64encode(f"jo:{PASSWORD}@".encode()) if login else None
    for head in way.heads:
        sent = [line.split(b" ")[-1] for line in head.split(b"\r\n") if line.lower().startswith(b"proxy-auth")]
        assert sent == ([expected] if expected else [])
        assert token.encode() not in head
    assert phases.tcp_ns > 0
    assert phases.dns_ns > 0


@pytest.mark.slow
async def test_a_whole_run_and_doctor_go_through_the_proxy_of_the_settings(authority, tmp_path):
    """Its requests are made in another process; doctor names the proxy."""
    folder, _ = authority
    corpus = short_corpus(tmp_path / "corpus", 2)
    async with secure(folder) as service, Way(int(service.address.rest_url.rpartition(":")[2])) as way:
        settings = Settings(
            endpoint=f"https://{SERVICE}", store=tmp_path / "runs", credentials=DEMO_CREDENTIALS,
            ca_file=folder / "ca.pem", proxy=f"http://127.0.0.1:{way.port}",
        )  # fmt: skip
        result = await asyncio.to_thread(evaluate, ask(corpus, cells=1), settings)
        assert len(way.asked) >= 3  # requests share connections, each session has its socket
        checks = await reach(settings)
    assert [record.outcome.failed for record in result.run.iter_records()] == [False, False]
    assert set(way.asked) == {f"CONNECT {SERVICE}:443 HTTP/1.1"}
    assert {check.state for check in checks} == {State.GOOD}
    assert checks[0].found == f"{SERVICE}, https://{SERVICE}, by proxy through 127.0.0.1:{way.port}"


@pytest.mark.parametrize(
    ("no_proxy", "straight"),
    [
        ("", False), ("*", True), (SERVICE, True), (SERVICE.upper(), True), ("invalid", True), (".invalid", True),
        (f"other.example, {SERVICE}", True), (f"{SERVICE}:443", True), (f"{SERVICE}:8443", False),
        ("other.example", False), (f"x{SERVICE}", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
async def test_no_proxy_means_the_same_to_both(opening, monkeypatch, name, no_proxy, straight):
    """Straight, the name does not resolve; through the proxy, that refuses."""
    async with Way(0, b"HTTP/1.1 403 Not this host\r\n\r\n") as way:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{way.port}")
        monkeypatch.setenv(name, no_proxy)
        errors = await both(resolve_endpoint(f"https://{SERVICE}"), opening)
    assert len(way.asked) == (0 if straight else 2)
    expected = "does not resolve" if straight else f"got 403 Not this host from 127.0.0.1:{way.port}"
    assert [expected in error for error in errors] == [True, True], errors


async def both(address, opening):
    """The errors of a login and a socket, as lines."""
    tls = ssl.create_default_context()

    async def login():
        async with SukiRest(address, Credentials("p", Secret("t0ken")), ONCE, tls) as rest:
            await rest.token()

    ways = {"tls": tls, "phases": Connect(), "close_timeout_s": 1.0, "proxy": address.proxy}
    errors = []
    for asked in (login(), opening(address.ws_url + "/ws", {}, Sink(), **ways)):
        with pytest.raises((ConfigurationError, ServiceError)) as caught:
            await asyncio.wait_for(asked, 300)
        errors.append(str(caught.value))
    assert not any(PASSWORD in error or "\n" in error for error in errors), errors
    return errors


@pytest.mark.slow
@pytest.mark.parametrize("lower", [False, True])
async def test_every_combination_of_the_variables(opening, monkeypatch, lower):
    """A login and a socket each: to this machine never by the listener, to another host as the first that counts says.

    Of a host with TLS ``HTTPS_PROXY`` counts, then ``ALL_PROXY``; ``HTTP_PROXY`` never. ``NO_PROXY`` comes before all.
    """
    async with Way(0, b"HTTP/1.1 403 no\r\n\r\n") as way, serve(Service()) as service:
        here, socks = f"http://127.0.0.1:{way.port}", f"socks5://127.0.0.1:{way.port}"
        combinations = itertools.product((None, here), (None, here), (None, here, socks), (None, SERVICE, "*"))
        for http, https, every, no in combinations:
            values = {"HTTP_PROXY": http, "HTTPS_PROXY": https, "ALL_PROXY": every, "NO_PROXY": no}
            for name, value in values.items():
                name = name.lower() if lower else name
                monkeypatch.delenv(name, raising=False)
                if value is not None:
                    monkeypatch.setenv(name, value)
            way.heads.clear()
            async with SukiRest(service.address, DEMO_CREDENTIALS, ONCE) as rest:
                assert await rest.token()
            assert way.asked == [], values
            first = https or every
            expected = "socks5" if first == socks else "got 403 no" if first else "does not resolve"
            expected = "does not resolve" if no else expected
            errors = await both(resolve_endpoint(f"https://{SERVICE}"), opening)
            assert [expected in error for error in errors] == [True, True], (values, errors)
            assert len(way.asked) == (2 if expected == "got 403 no" else 0), values


@pytest.mark.parametrize(
    ("answer", "got"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "407 Proxy Authentication Required"),
        (b"HTTP/1.0 502 No way\r\n\r\n", "502 No way"),
        (b"", ""),
        (b"SSH-2.0-OpenSSH\r\n\r\n", ""),
    ],
)
async def test_a_proxy_that_does_not_open_the_way_is_one_line(opening, monkeypatch, answer, got):
    """From both, and with the proxy's address but not its password."""
    async with Way(0, answer) as way:
        monkeypatch.setenv("HTTPS_PROXY", f"http://jo:{PASSWORD}@127.0.0.1:{way.port}")
        errors = await both(resolve_endpoint(f"https://{SERVICE}"), opening)
    for error in errors:
        assert got in error
        assert f"127.0.0.1:{way.port}" in error
        assert "roxy" in error


async def test_a_proxy_that_is_not_there_is_named(opening, monkeypatch):
    """Not the service, which nobody asked."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setenv("HTTPS_PROXY", f"http://jo:{PASSWORD}@{address}")
        errors = await both(resolve_endpoint(f"https://{SERVICE}"), opening)
    assert [address in error for error in errors] == [True, True], errors


MALFORMED = [
    f"socks5://jo:{PASSWORD}@proxy.example:1080", f"socks5h://proxy.example:{PASSWORD}", "socks4://h:1",
    f"https://jo:{PASSWORD}@proxy.example:3128", f"http://jo:{PASSWORD}", f"http://jo:{PASSWORD}@", "http://",
    f"http://jo:12{PASSWORD}#@proxy.example:3128", f"http://jo:12#{PASSWORD}@proxy.example:3128", "http://[::1",
    f"http://proxy.example:99999/{PASSWORD}", "http://proxy.example:0", f"http://jo {PASSWORD}", "://", "ftp:// /",
]  # fmt: skip


@pytest.mark.parametrize("text", MALFORMED)
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "all_proxy", "proxy"])
def test_a_proxy_that_cannot_be_used_is_one_line_with_what_to_do(monkeypatch, name, text):
    """Nothing of the value but its scheme; and this machine does not mind."""
    if name != "proxy":
        monkeypatch.setenv(name, text)
    given = text if name == "proxy" else None
    with pytest.raises(ConfigurationError) as caught:
        proxy_for(f"wss://{SERVICE}/ws", given)
    said = str(caught.value)
    assert said.startswith(f"{name if given else name.upper()}: this proxy cannot be used (got ")
    assert "; expected an HTTP proxy, http://host:port). " in said
    assert "NO_PROXY" in said
    assert PASSWORD not in said
    assert proxy_for("ws://127.0.0.1:1/ws", given) is None


async def test_socks_is_said_not_to_be_spoken(opening, monkeypatch):
    """By both ways and doctor the same line, never an import error; a login to this machine goes on."""
    monkeypatch.setenv("ALL_PROXY", f"socks5://jo:{PASSWORD}@proxy.example:1080")
    errors = await both(resolve_endpoint(f"https://{SERVICE}"), opening)
    assert set(errors) == {
        "ALL_PROXY: this proxy cannot be used (got socks5://…; expected an HTTP proxy, http://host:port). Name one in "
        "HTTPS_PROXY or as proxy in workbench.toml, or the service's host in NO_PROXY"
    }
    first = (await reach(Settings(f"https://{SERVICE}")))[0]
    assert (first.name, first.state) == ("endpoint", State.FAILED)
    assert "socks5://…" in first.found
    async with serve(Service()) as service, SukiRest(service.address, DEMO_CREDENTIALS, ONCE) as rest:
        assert await rest.token() == "token-1"


async def test_a_password_has_no_place_in_the_settings(opening):
    """It would lie in a file; the environment is for it. And no repr has it."""
    settings = Settings(f"https://{SERVICE}", proxy=f"http://jo:{PASSWORD}@proxy.example:3128")
    address = resolve_endpoint(settings.endpoint, settings.proxy)
    errors = await both(address, opening)
    assert set(errors) == {
        "proxy: credentials of a proxy are not allowed in settings (got an address with credentials in it; expected "
        "http://host:port). Set HTTPS_PROXY in the environment instead"
    }
    assert PASSWORD not in f"{settings!r} {address!r}"


async def test_plain_http_never_leaves_this_machine(opening, monkeypatch):
    """Also where an address was made by hand, with and without a proxy."""
    for proxy in (None, "http://127.0.0.1:1"):
        address = ServiceAddress("x", "http://10.0.0.1", "ws://10.0.0.1", proxy)
        errors = await both(address, opening)
        assert all("plain HTTP would send credentials and speech in the clear" in error for error in errors)
