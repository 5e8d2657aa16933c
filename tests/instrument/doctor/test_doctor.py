"""``workbench doctor``: what it finds, what it advises, and that it leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import ssl
import time
from contextlib import asynccontextmanager
from importlib import metadata

import msgspec
import pytest
import trustme
from click.testing import CliRunner

from workbench.cli import cli
from workbench.instrument.doctor import Check, State, exit_code, machine, pace
from workbench.instrument.doctor.reach import _login, reach
from workbench.settings import STAGING, Credentials, Limits, Secret, Settings
from workbench.units import NS_PER_MS

WHO = Credentials("p", Secret("t0ken"))
FAST = Limits(connect_s=0.3, rest_attempts=1)
STEPS = ["endpoint", "name", "TCP", "TLS", "WebSocket", "credentials"]


def states(checks):
    """Name to state."""
    return {check.name: check.state for check in checks}


def by_name(checks, name):
    """The check of that name."""
    return next(check for check in checks if check.name == name)


@asynccontextmanager
async def answering(upgrade: bytes = b"HTTP/1.1 401 Unauthorized\r\n\r\n", login: bytes = b"", tls=None):
    """A service that answers every upgrade and every login with the same bytes; nothing where they are empty."""

    async def answer(reader, writer):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            said = login if head.startswith(b"POST") else upgrade
            if said:
                writer.write(said)
                await writer.drain()
            else:
                await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1]


def logged_in(status: str, body: object) -> bytes:
    """An HTTP answer with a JSON body."""
    data = msgspec.json.encode(body)
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    return head.encode() + data


TOKEN = logged_in("200 OK", {"suki_token": "secret-suki-token"})


@pytest.mark.slow
def test_a_good_machine_with_a_simulator_passes_every_check(tmp_path, monkeypatch):
    """Thirteen checks as JSON, none failed, and nothing lies in the folder afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WORKBENCH_ENDPOINT", raising=False)
    done = CliRunner().invoke(cli, ["doctor", "--json"], standalone_mode=False)
    said = json.loads(done.stdout)
    assert said["schema_version"] == 1
    assert [check["name"] for check in said["checks"]] == [
        "Python", "libraries", "codecs", "clock", "pacing", *STEPS, "storage", "Chromium",
    ]  # fmt: skip
    failed = {check["name"] for check in said["checks"] if check["state"] == "failed"}
    assert failed <= {"pacing"}  # a busy machine may pace badly; everything else does not depend on it
    assert done.return_value == said["exit_code"] == (6 if failed else 0)
    assert said["good"] is (not failed)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_the_text_names_what_to_do_under_each_failing_line(tmp_path, monkeypatch):
    """A wrong endpoint stops the path; the steps behind it are skipped and say why."""
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, ["doctor", "--endpoint", "ftp://x"], standalone_mode=False)
    lines = done.stdout.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("failed   endpoint"))
    assert lines[at + 1].strip() == "→ Correct --endpoint, WORKBENCH_ENDPOINT or workbench.toml"
    assert "skipped  TCP          endpoint failed" in lines
    assert lines[-1].endswith("checks failed.")
    assert done.return_value in (4, 6)


async def test_each_step_of_the_path_is_good_where_the_service_answers():
    """Login with the credentials given; the token is in no line."""
    async with answering(login=TOKEN) as port:
        found = await reach(Settings(endpoint=f"http://127.0.0.1:{port}", credentials=WHO))
    assert states(found) == dict.fromkeys(STEPS, State.GOOD)
    assert "secret-suki-token" not in str(found)
    assert "t0ken" not in str(found)


async def test_a_name_that_does_not_resolve_is_told_from_a_port_that_nobody_serves():
    """DNS and TCP fail apart, both with exit code 5."""
    found = await reach(Settings(endpoint="https://no-such-host.invalid", credentials=WHO))
    assert by_name(found, "name").state is State.FAILED
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        found = await reach(Settings(endpoint=f"http://127.0.0.1:{port}", credentials=WHO))
    assert states(found) | {"name": None} == {
        "endpoint": State.GOOD, "name": None, "TCP": State.FAILED, "TLS": State.SKIPPED,
        "WebSocket": State.SKIPPED, "credentials": State.SKIPPED,
    }  # fmt: skip
    assert exit_code(found) == 5


async def test_a_certificate_must_be_trusted(tmp_path):
    """Refused without its authority, with the flag that gives it; fine with it, and near its end a warning."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    async with answering(login=TOKEN, tls=context) as port:
        asked = Settings(endpoint=f"https://127.0.0.1:{port}", credentials=WHO, limits=FAST)
        without = await reach(asked)
        with_file = await reach(Settings(endpoint=asked.endpoint, credentials=WHO, ca_file=file))
        missing = await reach(Settings(endpoint=asked.endpoint, credentials=WHO, ca_file=tmp_path / "none.pem"))
    assert "`ca_file`" in (by_name(without, "TLS").action or "")
    assert by_name(without, "credentials").state is State.SKIPPED
    assert states(with_file) == dict.fromkeys(STEPS, State.GOOD)
    assert "TLSv1" in by_name(with_file, "TLS").found
    assert by_name(missing, "TLS").state is State.FAILED


@pytest.mark.parametrize(
    ("upgrade", "state"),
    [
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", State.GOOD),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", State.GOOD),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", State.FAILED),
        (b"SSH-2.0-thing\r\n", State.FAILED),
        (b"", State.FAILED),
    ],
)
async def test_an_upgrade_is_answered_or_something_is_between(upgrade, state):
    """A refusal by the service is a good sign; a gateway's, or silence, is none."""
    async with answering(upgrade, login=TOKEN) as port:
        limits = Limits(connect_s=0.3, rest_attempts=1)
        found = await reach(Settings(endpoint=f"http://127.0.0.1:{port}", credentials=WHO, limits=limits))
    assert by_name(found, "WebSocket").state is state
    assert by_name(found, "credentials").state is State.GOOD  # told apart: REST may work where sockets do not


@pytest.mark.parametrize(
    ("answer", "state", "code"),
    [
        (logged_in("401 Unauthorized", {"code": 401, "message": "invalid_partner_token"}), State.FAILED, 4),
        (logged_in("404 Not Found", {"code": 404, "message": "provider_not_registered"}), State.WARNING, 0),
        (logged_in("503 Service Unavailable", {"code": 503, "message": "later"}), State.FAILED, 5),
    ],
)
async def test_a_login_is_refused_for_different_reasons(answer, state, code):
    """Credentials, a provider that the first run would register, and a service that fails."""
    async with answering(login=answer) as port:
        found = await reach(Settings(endpoint=f"http://127.0.0.1:{port}", credentials=WHO, limits=FAST))
    check = by_name(found, "credentials")
    assert check.state is state
    assert check.action
    assert exit_code(found) == code


async def test_missing_credentials_are_named_by_their_variables():
    """Not on this machine, where the simulator's are used."""
    async with answering(login=TOKEN) as port:
        here = await reach(Settings(endpoint=f"http://127.0.0.1:{port}"))
    assert by_name(here, "credentials").state is State.GOOD
    there = await _login(STAGING, Settings(endpoint="staging"))
    assert there.exit_code == 4
    assert "SUKI_PARTNER_TOKEN" in (there.action or "")


def test_libraries_that_are_missing_old_or_broken_are_named(monkeypatch):
    """All of them in one line."""
    monkeypatch.setattr(metadata, "requires", lambda name: ["no-such-thing>=1", "numpy>=999", "scipy>=1"])
    monkeypatch.setattr(machine, "_NATIVE", ("no_such_module",))
    check = machine.libraries()
    assert check.state is State.FAILED
    assert "no-such-thing is missing" in check.found
    assert ", not >=999" in check.found
    assert "no_such_module does not load" in check.found
    assert "pip install" in (check.action or "")


def test_an_old_python_and_a_missing_codec_are_matters_of_the_installation(monkeypatch):
    """Exit code 4 each."""
    monkeypatch.setattr(machine.platform, "python_version", lambda: "3.10.1")
    assert machine.python().exit_code == 4
    monkeypatch.setattr(machine, "round_trip", lambda *a: (_ for _ in ()).throw(RuntimeError("no encoder")))
    check = machine.codecs()
    assert check.exit_code == 4
    assert "opus (no encoder)" in check.found


def test_a_coarse_clock_cannot_measure(monkeypatch):
    """A clock that steps by 16 ms, as some emulated ones do."""
    ticks = iter(range(40_000))
    monkeypatch.setattr(time, "perf_counter_ns", lambda: next(ticks) // 100 * 16 * NS_PER_MS)
    assert machine.clock().exit_code == 6


def test_pacing_is_judged_by_the_budget_of_the_certificate():
    """p99 of 10 ms and a maximum of 50 ms, no more."""
    assert pace.judged([NS_PER_MS] * 100, "timerfd").state is State.GOOD
    assert pace.judged([11 * NS_PER_MS] * 100, "timerfd").exit_code == 6
    assert pace.judged([0] * 999 + [51 * NS_PER_MS], "loop").state is State.FAILED


def test_storage_is_written_private_and_roomy(tmp_path, monkeypatch):
    """A folder below a file, one that others may read, a full disk, a store that there is not yet."""
    file = tmp_path / "file"
    file.touch()
    assert machine.storage(file / "runs").exit_code == 1
    open_store = tmp_path / "open"
    open_store.mkdir()
    open_store.chmod(0o755)
    check = machine.storage(open_store)
    assert check.state is State.WARNING
    assert check.action == f"Run: chmod 700 {open_store}"
    assert machine.storage(tmp_path / "a" / "b").state is State.GOOD
    assert not (tmp_path / "a").exists()
    assert machine.storage("nosuchkind://bucket").exit_code == 1
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(1, 1, 1_000_000))
    assert machine.storage(tmp_path / "a").exit_code == 1


def test_a_missing_browser_is_no_failure(monkeypatch, tmp_path):
    """Nor is one that does not start."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine.chromium().state is State.WARNING
    broken = tmp_path / "chromium"
    broken.write_bytes(b"\x00not a program")
    broken.chmod(0o755)
    check = machine.chromium()
    assert check.state is State.WARNING
    assert "does not start" in check.found


def test_the_exit_code_is_that_of_the_first_failure():
    """What is worth mending first."""
    first, second = Check("a", State.FAILED, "", "x", 6), Check("b", State.FAILED, "", "x", 4)
    assert exit_code([Check("w", State.WARNING, "", "x"), first, second]) == 6
    assert exit_code([]) == 0
