"""Where levels are played: the service, its recogniser, the journal, and the processes of the client.

Of several processes each has a loop, a pacer and a journal of its own, and its share of the sessions. They meet twice:
when all have created their sessions, and when they hand over what they measured. Monotonic time is the same for all of
them, so they agree on the first start and on the steady stretch by one number.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from multiprocessing.connection import Connection, Pipe
from operator import add
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from workbench.child_process import python_command
from workbench.client.credentials import default_credentials, find_credentials
from workbench.client.rest import SukiRest
from workbench.client.rest_process import RestProcess
from workbench.client.transport import tls_context
from workbench.corpus import load_corpus
from workbench.errors import InputError, MeasurementError, ServiceError, WorkbenchError
from workbench.instrument.capacity.level import Measured
from workbench.instrument.capacity.load import SETTLE_S, LevelRun, arrive, hold, spread_s
from workbench.instrument.capacity.measure import measure
from workbench.instrument.capacity.speech import final_dues_ns, noise_plan, script, spoken_plans, utterance_plans
from workbench.playing.connect import transport_for
from workbench.playing.plan import SessionPlan
from workbench.playing.service import Service
from workbench.settings import Credentials, Secret, ServiceAddress, Settings, is_loopback, resolve_endpoint
from workbench.simulator.control_token import control_client
from workbench.simulator.local import LocalSimulator, usable_cores
from workbench.simulator.recognition.models import model_name
from workbench.simulator.recognition.replay import chunks_of, learn
from workbench.simulator.recognition.timelines import Timelines
from workbench.store import CorpusFacts, Manifest, RunWriter
from workbench.units import NS_PER_S

__all__ = ["LoadPlan", "Part", "PlayParts", "Site", "address_of", "allow_descriptors", "open_site", "play_part"]

_PLANS = 4
"""Different sessions of a held level; each must be decoded once before it can be replayed."""

_UTTERANCE_S = 10.0
"""A session of the scripted recogniser where sessions come and go."""

_START_S = 0.25
"""From everything being ready to the first start."""

_DESCRIPTORS = 25_000


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """What is asked for.

    Attributes:
        sessions: sessions of the one level that is held; None ramps.
        seconds: length of the steady stretch of a level.
        most: sessions at which a ramp ends at the latest.
        arrivals: sessions come at random moments and live for an utterance; otherwise all stream throughout.
        processes: processes of the client.
        transport: ``websockets``, ``picows`` or ``auto``.
        recogniser: recogniser of the simulator that is started: ``scripted`` or ``replay``.
        corpus: recordings played to anything but the scripted recogniser.
        realtime: ask for real-time priority while sessions stream.
        seed: seed of the arrivals.
        owned: whoever asks says that the endpoint is theirs to load.
    """

    sessions: int | None = None
    seconds: float = 20.0
    most: int = 4_000
    arrivals: bool = False
    processes: int = 1
    transport: str = "auto"
    recogniser: str = "scripted"
    corpus: Path | None = None
    realtime: bool = False
    seed: int = 0
    owned: bool = False


@dataclass(frozen=True, slots=True)
class _Address:
    """One process of the service, as one process of the client sees it."""

    name: str
    rest_url: str
    ws_url: str
    credentials: Credentials
    pid: int | None
    scripted: bool


@dataclass(frozen=True, slots=True)
class Part:
    """One process's share of a level; goes to that process whole."""

    settings: Settings
    load: LoadPlan
    address: _Address
    sessions: int
    place: int


PlayParts = Callable[[list[Part]], Awaitable[Measured]]
"""Plays the parts of a level at the same time, each with a loop and a pacer of its own; gives what they measured.

Cancelled, it ends them all: nothing goes on loading a service after Ctrl-C."""


class Site:
    """A service that levels are played against.

    Attributes:
        name: name of the endpoint.
        recogniser: recogniser of the simulator; None if none was started.
    """

    def __init__(
        self,
        settings: Settings,
        load: LoadPlan,
        addresses: list[_Address],
        recogniser: str | None,
        elsewhere: PlayParts | None,
    ) -> None:
        self._settings = settings
        self._load = load
        self._addresses = addresses
        self._elsewhere = elsewhere
        self.name = addresses[0].name
        self.recogniser = recogniser

    async def play(self, sessions: int) -> Measured:
        """One level, split over the processes."""
        load, count = self._load, self._load.processes
        allow_descriptors()
        shares = [sessions // count + (place < sessions % count) for place in range(count)]
        parts = [
            Part(self._settings, load, self._addresses[place % len(self._addresses)], share, place)
            for place, share in enumerate(shares)
        ]
        for address in {part.address.rest_url: part.address for part in parts}.values():
            if address.scripted:
                await _post_script(address, _seconds_of(load))
        if self._elsewhere is None and count == 1:
            return await play_part(parts[0], _soon)
        return await (self._elsewhere or _play_in_processes)(parts)


@contextlib.asynccontextmanager
async def open_site(settings: Settings, load: LoadPlan, elsewhere: PlayParts | None = None) -> AsyncIterator[Site]:
    """The service behind ``settings.endpoint``; ``simulator`` starts one, a process for each of the client.

    Args:
        settings: endpoint, credentials and limits.
        load: what a level is.
        elsewhere: plays the parts of a level on other machines; None plays them here.

    Raises:
        InputError: another machine that nobody said is theirs, or a simulator of this machine for other machines.
        ConfigurationError: no credentials.
        ServiceError: the simulator does not start.
    """
    if settings.endpoint != "simulator":
        host = urlsplit(resolve_endpoint(settings.endpoint).rest_url).hostname or ""
        if not is_loopback(host) and not load.owned:
            raise InputError(
                "load on another machine's service", item="endpoint", got=host, expected="an address of this machine",
                action="Set `owned` if you may load it",
            )  # fmt: skip
        yield Site(settings, load, [await address_of(settings)], None, elsewhere)
        return
    if elsewhere is not None:
        raise InputError(
            "the workers of a cluster do not reach a simulator that starts here", item="endpoint", got="simulator",
            expected="the address of a service", action="Start one that they reach, with `workbench simulate`",
        )  # fmt: skip
    allow_descriptors()
    arguments = ["--recogniser", load.recogniser, "--processes", str(load.processes), "--model", settings.model]
    arguments += ["--refuse-unknown"] if load.recogniser == "replay" else []
    if load.recogniser == "replay":
        await _learn(load, settings.model)
    async with LocalSimulator(*arguments) as simulator:
        credentials = Credentials(simulator.partner_id, Secret(simulator.partner_token))
        scripted = load.recogniser == "scripted"
        pid = simulator.pid if load.processes == 1 else None
        addresses = [_Address("simulator", rest, ws, credentials, pid, scripted) for rest, ws in simulator.processes]
        recogniser = "scripted" if scripted else f"replayed {model_name(settings.model)}"
        yield Site(settings, load, addresses, recogniser, None)


async def address_of(settings: Settings) -> _Address:
    """A running service as this process sees it, with the credentials that this process has for it.

    Raises:
        ConfigurationError: no credentials.
    """
    address = resolve_endpoint(settings.endpoint)
    credentials = find_credentials(settings) or default_credentials(address)
    scripted = is_loopback(urlsplit(address.rest_url).hostname or "") and await _is_scripted(address.rest_url)
    return _Address(address.name, address.rest_url, address.ws_url, credentials, None, scripted)


async def _is_scripted(url: str) -> bool:
    """Whether a simulator with the scripted recogniser answers there."""
    async with control_client(url) as client:
        with contextlib.suppress(httpx.HTTPError, ValueError):
            answer = await client.get("/_sim/health")
            return answer.is_success and answer.json().get("recogniser") == "scripted"
    return False


async def _post_script(address: _Address, seconds: float) -> None:
    async with control_client(address.rest_url) as client:
        try:
            (await client.post("/_sim/scripts/*", json=script(seconds))).raise_for_status()
        except httpx.HTTPError as error:
            raise ServiceError(
                "script not taken",
                item=address.rest_url,
                got=type(error).__name__,
                expected="a simulator with the scripted recogniser",
            ) from None


def _seconds_of(load: LoadPlan) -> float:
    """How long a session streams: at every level of a ramp the same, so that what it says can be known before."""
    if load.arrivals:
        return _UTTERANCE_S
    return spread_s(load.sessions or load.most) + 2 * SETTLE_S + load.seconds


def _plans(load: LoadPlan, *, scripted: bool) -> list[SessionPlan]:
    if scripted:
        return [noise_plan(_seconds_of(load))]
    if load.corpus is None:
        raise InputError("no speech to send", item="corpus", expected="a corpus, for all but a scripted simulator")
    corpus = load_corpus(load.corpus)
    if load.arrivals:
        return utterance_plans(corpus)
    return spoken_plans(corpus, _seconds_of(load), _PLANS)


async def _learn(load: LoadPlan, model: str) -> None:
    """Have everything that will be said decoded once."""
    streams = [(plan.sample_rate_hz, chunks_of(plan)) for plan in _plans(load, scripted=False)]
    await learn(streams, Timelines(model), usable_cores())


async def _soon() -> int:
    return time.perf_counter_ns() + round(_START_S * NS_PER_S)


async def play_part(part: Part, start: Callable[[], Awaitable[int]]) -> Measured:
    """Play one process's share of a level.

    Args:
        part: the share.
        start: awaited once all its sessions are created; gives the monotonic time of the first start, ns.
    """
    load, address, settings = part.load, part.address, part.settings
    plans = _plans(load, scripted=address.scripted)
    transport = transport_for(part.sessions) if load.transport == "auto" else load.transport
    tls = tls_context(settings.ca_file)
    where = ServiceAddress(address.name, address.rest_url, address.ws_url, settings.proxy)
    async with (
        RestProcess() as apart,
        SukiRest(where, address.credentials, settings.limits, tls, apart=apart, ca_file=settings.ca_file) as rest,
    ):
        await rest.token()
        service = Service(where, rest, tls, settings.limits, transport)
        with _journal(address.name) as writer:
            stage = LevelRun(service, plans, address.pid, writer.begin, start, load.realtime)
            if load.arrivals:
                played = await arrive(stage, part.sessions, load.seconds, load.seed + part.place)
            else:
                played = await hold(stage, part.sessions, load.seconds)
            return measure(played, final_dues_ns(plans[0]) if address.scripted else None)


@contextlib.contextmanager
def _journal(endpoint: str) -> Iterator[RunWriter]:
    """Every frame goes to a journal as in any run; it is removed when the level has been measured."""
    manifest = Manifest.begin(
        corpus=CorpusFacts(name="capacity", hash=""), cells=[], seed=0, concurrency=1, repeats=1,
        endpoint=endpoint, dialect="live", product="dictation",
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="workbench-") as folder, RunWriter.create(Path(folder), manifest) as writer:
        yield writer


# -- several processes ----------------------------------------------------------------------------------------------


async def _play_in_processes(parts: list[Part]) -> Measured:
    with contextlib.ExitStack() as started:
        ends = [started.enter_context(_child(part)) for part in parts]
        for end in ends:
            await _received(end)
        start_ns = time.perf_counter_ns() + round(_START_S * NS_PER_S)
        for end in ends:
            _tell(end, start_ns)
        return reduce(add, [await _received(end) for end in ends])


@contextlib.contextmanager
def _child(part: Part) -> Iterator[Connection]:
    """A process of the client that has its part; it is killed when whatever it was to do is done or given up."""
    ours, theirs = Pipe()
    with ours:
        with theirs:
            handle = theirs.fileno()
            child = subprocess.Popen(
                python_command("workbench.instrument.capacity.worker", str(handle)),
                stdin=subprocess.DEVNULL,
                pass_fds=[handle],
            )
        try:
            _tell(ours, part)
            yield ours
        finally:
            child.kill()
            child.wait()


def _tell(end: Connection, what: object) -> None:
    with contextlib.suppress(ConnectionError):  # it has ended; reading its answer says so
        end.send(what)


async def _received(end: Connection) -> Measured:
    try:
        received = await asyncio.to_thread(end.recv)  # ends with the child, which is killed where nobody waits any more
    except (EOFError, ConnectionError):
        raise MeasurementError(
            "a process of the client ended", item="processes", action="Try again with fewer processes or sessions"
        ) from None
    if isinstance(received, WorkbenchError):
        raise received
    result: Measured = received
    return result


def allow_descriptors() -> None:
    """A socket a session: take what the system allows beyond its usual 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(_DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
