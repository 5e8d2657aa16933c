"""Requests in a process of their own: the same answers, errors and frames, and nothing left behind."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from tests.service import Service, envelope, serve
from workbench.client.rest import SukiRest
from workbench.client.rest_process import RestProcess
from workbench.errors import ConfigurationError, ServiceError
from workbench.protocol import endpoints
from workbench.settings import Credentials, Limits, Secret

WHO = Credentials("partner", Secret("partner-token-of-a-clinic"))
QUICK = Limits(rest_s=5.0, rest_attempts=2)
SESSION = "11111111-2222-4333-8444-555555555555"


def alive(pid: int) -> bool:
    """Whether there is such a process and it is no zombie."""
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_answers_errors_and_exchanges_come_back_as_if_made_here():
    """Token, typed answer, every try for the event log, a refusal with its status and id, a second login on 401."""
    service = Service(
        end=[envelope(503, "later", **{"retry-after": "0"}), envelope(404, "session_not_found: unknown")],
        create=[envelope(401, "token is expired")],
    )
    async with serve(service), RestProcess() as apart, SukiRest(service.address, WHO, QUICK, apart=apart) as rest:
        assert await rest.token() == "token-1"
        assert await rest.create_dictation(16_000, SESSION) == SESSION
        exchanges = []
        with pytest.raises(ServiceError) as caught:
            await rest.call(endpoints.END_DICTATION, exchanges=exchanges, transcription_session_id=SESSION)
        assert (caught.value.status, caught.value.error_id) == (404, "session_not_found")
        assert [exchange.text.split(",")[1] for exchange in exchanges] == ['"status":503', '"status":404']
        assert all(exchange.sent_ns < exchange.received_ns for exchange in exchanges)
        assert await rest.token_after("token-0") == "token-1"
    assert service.calls == ["login", "create", "login", "create", "end", "end"]
    assert SESSION.encode() in service.bodies[1]


async def test_wrong_credentials_are_the_users_to_mend_from_there_too():
    """The kind of error crosses the border, the partner token does not."""
    service = Service(login=[envelope(401, "invalid partner token")])
    async with serve(service), RestProcess() as apart, SukiRest(service.address, WHO, QUICK, apart=apart) as rest:
        with pytest.raises(ConfigurationError) as caught:
            await rest.token()
    assert "partner-token-of-a-clinic" not in str(caught.value)


async def test_the_process_ends_with_its_owner_and_shows_no_secret():
    """Its command line names no credential; Ctrl-C in the terminal does not reach it."""
    service = Service()
    async with serve(service), RestProcess() as apart, SukiRest(service.address, WHO, QUICK, apart=apart) as rest:
        await rest.token()
        pid = apart._process.pid
        if os.path.exists(f"/proc/{pid}/cmdline"):  # noqa: ASYNC240, PTH110
            with open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: ASYNC230, PTH123
                assert b"partner" not in file.read()
        assert os.getpgid(pid) != os.getpgid(0)
        os.kill(pid, signal.SIGINT)
        assert await rest.token() == "token-1"
    assert not alive(pid)


async def test_a_request_that_is_cut_off_is_cut_off_there():
    """The next one is answered as if nothing had been."""
    waiting = asyncio.Event()
    released = asyncio.Event()
    service = Service()
    first = service.on_end

    async def slow(request):
        waiting.set()
        await released.wait()
        return await first(request)

    service.on_end = slow
    async with serve(service), RestProcess() as apart, SukiRest(service.address, WHO, QUICK, apart=apart) as rest:
        ending = asyncio.create_task(rest.end_dictation(SESSION))
        await waiting.wait()
        ending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await ending
        released.set()
        assert await rest.create_dictation(16_000) == SESSION
        assert apart._waiting == {}


async def test_a_process_that_is_killed_fails_what_waits_for_it_and_all_that_follows():
    """One clear line, no endless wait."""
    waiting = asyncio.Event()
    service = Service()

    async def never(request):
        waiting.set()
        await asyncio.Event().wait()

    service.on_end = never
    limits = Limits(rest_s=0.5, rest_attempts=1)
    async with serve(service), RestProcess() as apart, SukiRest(service.address, WHO, limits, apart=apart) as rest:
        ending = asyncio.create_task(rest.end_dictation(SESSION))
        await waiting.wait()
        apart._process.kill()
        with pytest.raises(ServiceError, match="the process that makes requests has ended"):
            await ending
        with pytest.raises(ServiceError, match="the process that makes requests has ended"):
            await rest.token()
