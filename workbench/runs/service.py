"""The service that a run is played against: found, started where it is ours, logged in to."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import msgspec

from workbench.client.context import with_templates
from workbench.client.credentials import default_credentials, find_credentials
from workbench.client.rest import SukiRest
from workbench.client.rest_process import RestProcess
from workbench.client.transport import tls_context
from workbench.client.webhooks import WebhookReceiver
from workbench.errors import InputError
from workbench.playing.job import Job
from workbench.playing.service import Service
from workbench.protocol.messages import Dialect, Product
from workbench.runs.resolved_run import ResolvedRun
from workbench.settings import Credentials, Limits, Secret, ServiceAddress, Settings, resolve_endpoint
from workbench.simulator.local import LocalSimulator, decodable_streams, usable_cores
from workbench.simulator.recognition.models import check_model, model_name
from workbench.simulator.recognition.replay import chunks_of, learn
from workbench.simulator.recognition.timelines import Timelines

__all__ = [
    "Services",
    "cap_concurrency",
    "logged_in",
    "open_service",
    "open_services",
    "predecode",
    "prepare_service_jobs",
    "service_name",
    "session_limits",
]

_OWN_TERMINAL_S = 120.0


@contextlib.asynccontextmanager
async def open_service(
    settings: Settings, transport: str = "websockets", dialect: Dialect = Dialect.LIVE
) -> AsyncIterator[tuple[Service, str | None]]:
    """The service behind ``settings.endpoint``; ``simulator`` starts one for the duration, which speaks ``dialect``.

    Yields:
        The service, and the recogniser of a simulator that was started for it.

    Raises:
        ConfigurationError: an endpoint that is none, or no credentials for it.
        ServiceError: the simulator does not start.
    """
    async with contextlib.AsyncExitStack() as stack:
        # Started first: it is ready when the simulator is.
        apart = await stack.enter_async_context(RestProcess())
        recogniser: str | None = None
        webhooks: WebhookReceiver | None = None
        if settings.webhook_port is not None and settings.webhook_secret is not None:
            receiver = WebhookReceiver(settings.webhook_secret, port=settings.webhook_port)
            webhooks = await stack.enter_async_context(receiver)
        if settings.endpoint == "simulator":
            check_model(settings.model)
            _, recogniser = service_name(settings)
            arguments = ["--model", settings.model, "--dialect", dialect.value]
            arguments += ["--partials", settings.partials, "--partial-every", str(settings.partial_every)]
            arguments += ["--recogniser", "replay", "--refuse-unknown"] if settings.recogniser == "replay" else []
            arguments += ["--scenario", str(settings.scenario)] if settings.scenario is not None else []
            arguments += ["--single-auth"] if settings.provider_id is not None else []
            with contextlib.ExitStack() as starting:
                if webhooks is not None and settings.webhook_secret is not None:
                    arguments += ["--webhook-url", webhooks.url]
                    starting.enter_context(_in_environment("SUKI_WEBHOOK_SECRET", settings.webhook_secret))
                simulator = await stack.enter_async_context(LocalSimulator(*arguments))
            address = ServiceAddress("simulator", simulator.url, simulator.ws_url)
            token = Secret(simulator.partner_token)
            credentials = Credentials(simulator.partner_id, token, provider_id=settings.provider_id)
        else:
            address = resolve_endpoint(settings.endpoint, settings.proxy)
            if settings.scenario is not None:
                raise InputError(
                    "faults are played by the simulator that a run starts", item="scenario", got=settings.endpoint,
                    expected="endpoint simulator",
                )  # fmt: skip
            credentials = find_credentials(settings) or replace(
                default_credentials(address), provider_id=settings.provider_id
            )
        tls = tls_context(settings.ca_file)
        limits = session_limits(settings)
        client = SukiRest(address, credentials, limits, tls, apart=apart, ca_file=settings.ca_file)
        rest = await stack.enter_async_context(client)
        yield Service(address, rest, tls, limits, transport, webhooks), recogniser


@dataclass(frozen=True, slots=True)
class Services:
    """The services of a run.

    Attributes:
        first: service of every configuration that is not in ``own``.
        own: service of each configuration by its name, where a run has several.
        name: names of all of them.
        recogniser: recogniser of a simulator that was started for the run.
    """

    first: Service
    own: dict[str, Service]
    name: str
    recogniser: str | None


@contextlib.asynccontextmanager
async def open_services(resolved: ResolvedRun, settings: Settings) -> AsyncIterator[Services]:
    """Every service that a run is played against, each once, all with the credentials of ``settings``.

    Raises:
        ConfigurationError, ServiceError: as of :func:`open_service`.
    """
    of = resolved.endpoints(settings.endpoint)
    opened: dict[str, tuple[Service, str | None]] = {}
    async with contextlib.AsyncExitStack() as stack:
        for endpoint in dict.fromkeys(of.values()):
            opening = open_service(replace(settings, endpoint=endpoint), resolved.spec.transport, resolved.spec.dialect)
            opened[endpoint] = await stack.enter_async_context(opening)
        services = [service for service, _ in opened.values()]
        yield Services(
            services[0],
            {cell: opened[endpoint][0] for cell, endpoint in of.items()} if len(opened) > 1 else {},
            " and ".join(service.address.name for service in services),
            next((recogniser for _, recogniser in opened.values() if recogniser is not None), None),
        )


def session_limits(settings: Settings) -> Limits:
    """Bounded waits of a run's sessions.

    A simulator that a run starts is late only where this machine is busy: its sessions are waited for, and not timed,
    rather than lost. A bound that somebody has set holds, and so does any where faults are played.
    """
    limits = settings.limits
    if settings.endpoint != "simulator" or settings.scenario is not None or limits.terminal_s != Limits().terminal_s:
        return limits
    return msgspec.structs.replace(limits, terminal_s=_OWN_TERMINAL_S)


def logged_in(resolved: ResolvedRun, settings: Settings) -> Settings:
    """Settings with the credentials of services that are there already: asked for before audio is prepared.

    Raises:
        ConfigurationError: only one half of them is set.
    """
    if set(resolved.endpoints(settings.endpoint).values()) == {"simulator"}:
        return settings
    return replace(settings, credentials=find_credentials(settings))


def cap_concurrency(resolved: ResolvedRun, settings: Settings) -> ResolvedRun:
    """Cap concurrency at what the local simulator can decode in real time."""
    if "simulator" not in resolved.endpoints(settings.endpoint).values() or settings.recogniser == "replay":
        return resolved
    concurrency = min(resolved.spec.concurrency, decodable_streams(settings.model))
    return replace(resolved, spec=msgspec.structs.replace(resolved.spec, concurrency=concurrency))


def service_name(settings: Settings) -> tuple[str, str | None]:
    """What the service behind ``settings.endpoint`` is called, and its recogniser where a run starts it.

    Raises:
        ConfigurationError: an endpoint that is none.
    """
    if settings.endpoint == "simulator":
        replayed = "replayed " if settings.recogniser == "replay" else ""
        return "simulator", replayed + model_name(settings.model)
    return resolve_endpoint(settings.endpoint).name, None


async def predecode(
    resolved: ResolvedRun,
    settings: Settings,
    jobs: Sequence[Job],
    on_progress: Callable[[int, int], object] | None = None,
) -> None:
    """Have what will be said decoded once, where answers are to be replayed; what is known already costs nothing.

    Every stream is kept when it is decoded: stopped and started again, only those that were being decoded are lost.

    Args:
        resolved: the run.
        settings: endpoint, recogniser and model.
        jobs: what will be played.
        on_progress: called with how many chunks are decoded, and of how many.

    Raises:
        ServiceError: the decoder does not start.
    """
    of = resolved.endpoints(settings.endpoint)
    if "simulator" not in of.values() or settings.recogniser != "replay":
        return
    plans = {job.plan.hash: job.plan for job in jobs if of[job.key.cell] == "simulator"}.values()
    streams = [(plan.sample_rate_hz, chunks_of(plan)) for plan in plans]
    timelines = Timelines(settings.model, None, settings.partials, settings.partial_every)
    await learn(streams, timelines, usable_cores(), on_progress)


async def prepare_service_jobs(
    resolved: ResolvedRun, service: Service, jobs: Sequence[Job], own: Mapping[str, Service] = MappingProxyType({})
) -> Sequence[Job]:
    """Log in, and put the chosen templates into the jobs of form filling.

    Args:
        resolved: the run.
        service: service of every configuration that is not in ``own``.
        jobs: sessions to play.
        own: services of configurations that have their own, by name of the configuration.

    Raises:
        ConfigurationError: login refused.
        ServiceError: no service.
        InputError: a template that the service does not have.
    """
    services = {id(one): one for one in (service, *own.values())}
    for one in services.values():
        await one.rest.token()
    if resolved.spec.product is not Product.FORM_FILLING:
        return jobs
    templates = resolved.spec.form_templates
    forms = {k: await with_templates(one.rest, resolved.context, templates) for k, one in services.items()}
    return [replace(job, context=forms[id(own.get(job.key.cell, service))]) for job in jobs]


@contextlib.contextmanager
def _in_environment(name: str, secret: Secret) -> Iterator[None]:
    """A secret that a child process inherits; a command line would show it to everybody on this machine."""
    before = os.environ.get(name)
    os.environ[name] = secret.reveal()
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
