"""The service that a run is played against: found, started where it is ours, logged in to."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from workbench.client.context import with_templates
from workbench.client.rest import SukiRest
from workbench.client.rest_process import RestProcess
from workbench.client.stream import tls_context
from workbench.client.webhooks import WebhookReceiver
from workbench.errors import ConfigurationError, InputError
from workbench.protocol.messages import Dialect, Product
from workbench.question import Question
from workbench.runner import Job, Service
from workbench.settings import Credentials, Secret, ServiceAddress, Settings, is_loopback, resolve_endpoint
from workbench.simulator.local import LocalSimulator, decodable_streams, usable_cores
from workbench.simulator.replay import chunks_of, learn
from workbench.simulator.timelines import Timelines

__all__ = [
    "DEMO_CREDENTIALS",
    "default_credentials",
    "fitted",
    "learn_speech",
    "open_service",
    "ready_jobs",
    "service_name",
]

DEMO_CREDENTIALS = Credentials("demo-partner", Secret("demo-partner-token"))
"""What a simulator accepts by default; used for loopback endpoints where the environment has none."""


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
            _, recogniser = service_name(settings)
            arguments = ["--model", settings.model, "--dialect", dialect.value]
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
            address = resolve_endpoint(settings.endpoint)
            if settings.scenario is not None:
                raise InputError(
                    "faults are played by the simulator that a run starts", item="--scenario", got=settings.endpoint,
                    expected="--endpoint simulator",
                )  # fmt: skip
            credentials = settings.credentials or replace(
                default_credentials(address), provider_id=settings.provider_id
            )
        tls = tls_context(settings.ca_file)
        client = SukiRest(address, credentials, settings.limits, tls, apart=apart, ca_file=settings.ca_file)
        rest = await stack.enter_async_context(client)
        yield Service(address, rest, tls, settings.limits, transport, webhooks), recogniser


def fitted(question: Question, settings: Settings) -> Question:
    """The question with no more sessions at a time than the simulator started for it can decode in real time."""
    if settings.endpoint != "simulator" or settings.recogniser == "replay":
        return question
    return replace(question, concurrency=min(question.concurrency, decodable_streams()))


def service_name(settings: Settings) -> tuple[str, str | None]:
    """What the service behind ``settings.endpoint`` is called, and its recogniser where a run starts it.

    Raises:
        ConfigurationError: an endpoint that is none.
    """
    if settings.endpoint == "simulator":
        replayed = "replayed " if settings.recogniser == "replay" else ""
        return "simulator", f"{replayed}pocketsphinx {settings.model}"
    return resolve_endpoint(settings.endpoint).name, None


async def learn_speech(settings: Settings, jobs: Sequence[Job]) -> None:
    """Have what will be said decoded once, where answers are to be replayed; what is known already costs nothing.

    Raises:
        ServiceError: the decoder does not start.
    """
    if settings.endpoint != "simulator" or settings.recogniser != "replay":
        return
    plans = {job.plan.hash: job.plan for job in jobs}.values()
    streams = [(plan.sample_rate_hz, chunks_of(plan)) for plan in plans]
    await learn(streams, Timelines(settings.model), settings.model, usable_cores())


async def ready_jobs(question: Question, service: Service, jobs: Sequence[Job]) -> Sequence[Job]:
    """Log in, and put the chosen templates into the jobs of form filling.

    Raises:
        ConfigurationError: login refused.
        ServiceError: no service.
        InputError: a template that the service does not have.
    """
    await service.rest.token()
    if question.product is not Product.FORM_FILLING:
        return jobs
    forms = await with_templates(service.rest, question.context, question.form_templates)
    return [replace(job, context=forms) for job in jobs]


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


def default_credentials(address: ServiceAddress) -> Credentials:
    """What a simulator on this machine takes. Raises ConfigurationError for any other address."""
    if is_loopback(urlsplit(address.rest_url).hostname or ""):
        return DEMO_CREDENTIALS
    raise ConfigurationError(
        "no credentials",
        item=address.name,
        expected="SUKI_PARTNER_ID and SUKI_PARTNER_TOKEN in the environment",
        action="Set both, or use --endpoint simulator",
    )
