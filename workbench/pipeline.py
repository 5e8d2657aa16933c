"""From a question to a stored run: play, store, score; and stored runs again.

This is what the command line, the app and the notebooks call. Scoring happens after the timed phase, never in it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from workbench.client.context import with_templates
from workbench.client.rest import SukiRest
from workbench.client.stream import tls_context
from workbench.client.webhooks import WebhookReceiver
from workbench.errors import ConfigurationError
from workbench.metrics.inference import smallest_detectable
from workbench.metrics.normalize import Normaliser, normaliser
from workbench.pacing import run
from workbench.protocol.messages import Product
from workbench.question import Question, prepare_jobs
from workbench.recording import SessionRecord
from workbench.runner import Job, Service, play_many
from workbench.scoring import CellScore, SessionScore, score_run, score_session
from workbench.settings import Credentials, Secret, ServiceAddress, Settings, is_loopback, resolve_endpoint
from workbench.simulator.local import LocalSimulator, decodable_streams
from workbench.store import CellFacts, CorpusFacts, Manifest, NormaliserFacts, RunWriter, StoredRun, list_runs, open_run

__all__ = [
    "RunResult",
    "detectable_difference",
    "evaluate",
    "fitted",
    "load_result",
    "open_service",
    "rescore",
    "run_manifest",
]

DEMO_CREDENTIALS = Credentials("demo-partner", Secret("demo-partner-token"))
"""What a simulator accepts by default; used for loopback endpoints where the environment has none."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """A stored run with its scores.

    Attributes:
        run: on disk.
        scores: one a session.
        cells: one a configuration, in the order in which they were asked for.
        complete: False when the run was stopped before every session was played.
    """

    run: StoredRun
    scores: list[SessionScore] = field(repr=False)
    cells: list[CellScore]
    complete: bool = True


def fitted(question: Question, settings: Settings) -> Question:
    """The question with no more sessions at a time than the simulator started for it can decode in real time."""
    if settings.endpoint != "simulator":
        return question
    return replace(question, concurrency=min(question.concurrency, decodable_streams()))


def evaluate(
    question: Question,
    settings: Settings,
    *,
    jobs: Sequence[Job] | None = None,
    on_session: Callable[[SessionRecord, int], object] | None = None,
) -> RunResult:
    """Play a question against ``settings.endpoint`` and store and score what happened.

    Args:
        question: what to play.
        settings: endpoint, credentials, store and limits.
        jobs: prepared by :func:`prepare_jobs`; prepared here where not given.
        on_session: called with each finished record and how many have finished.

    Returns:
        The committed run; of a run that was stopped, what there is, ``complete`` False.

    Raises:
        WorkbenchError: wrong credentials, no service, no disk; never for a session that failed.
    """
    jobs = prepare_jobs(question) if jobs is None else jobs
    return run(_evaluate(question, settings, jobs, on_session))


async def _evaluate(
    question: Question,
    settings: Settings,
    jobs: Sequence[Job],
    on_session: Callable[[SessionRecord, int], object] | None,
) -> RunResult:
    async with open_service(settings, question.transport) as (service, recogniser):
        # Login and templates come before the run directory: what is wrong with them leaves no empty run behind.
        await service.rest.token()
        if question.product is Product.FORM_FILLING:
            forms = await with_templates(service.rest, question.context, question.form_templates)
            jobs = [replace(job, context=forms) for job in jobs]
        manifest = run_manifest(question, service.address.name, recogniser, len(jobs))
        with RunWriter.create(settings.store, manifest) as writer:
            done = 0

            def finished(record: SessionRecord) -> None:
                nonlocal done
                writer.add(record)
                done += 1
                if on_session is not None:
                    on_session(record, done)

            stop = asyncio.Event()
            with _interruptible(stop):
                playing = play_many(
                    jobs,
                    service,
                    concurrency=question.concurrency,
                    on_begin=writer.begin,
                    on_done=finished,
                    stop=stop,
                )
                try:
                    writer.manifest.settings["pacer"] = await playing
                except asyncio.CancelledError:
                    stop.set()
            complete = not stop.is_set() or done == len(jobs)
            scores = [score_session(record, question.normaliser) for record in writer.records()]
            if complete:
                writer.commit([score.to_row() for score in scores])
            path = writer.path
    return _result(open_run(settings.store, path), scores, [c.name for c in question.cells], complete)


@contextlib.asynccontextmanager
async def open_service(settings: Settings, transport: str = "websockets") -> AsyncIterator[tuple[Service, str | None]]:
    """The service behind ``settings.endpoint``; ``simulator`` starts one for the duration.

    Yields:
        The service, and the recogniser of a simulator that was started for it.
    """
    async with contextlib.AsyncExitStack() as stack:
        recogniser: str | None = None
        webhooks: WebhookReceiver | None = None
        if settings.webhook_port is not None and settings.webhook_secret is not None:
            receiver = WebhookReceiver(settings.webhook_secret, port=settings.webhook_port)
            webhooks = await stack.enter_async_context(receiver)
        if settings.endpoint == "simulator":
            recogniser = f"pocketsphinx {settings.model}"
            arguments = ["--model", settings.model]
            with contextlib.ExitStack() as starting:
                if webhooks is not None and settings.webhook_secret is not None:
                    arguments += ["--webhook-url", webhooks.url]
                    starting.enter_context(_in_environment("SUKI_WEBHOOK_SECRET", settings.webhook_secret))
                simulator = await stack.enter_async_context(LocalSimulator(*arguments))
            address = ServiceAddress("simulator", simulator.url, simulator.ws_url)
            credentials = Credentials(simulator.partner_id, Secret(simulator.partner_token))
        else:
            address = resolve_endpoint(settings.endpoint)
            credentials = settings.credentials or _default_credentials(address)
        tls = tls_context(settings.ca_file)
        rest = await stack.enter_async_context(SukiRest(address, credentials, settings.limits, tls))
        yield Service(address, rest, tls, settings.limits, transport, webhooks), recogniser


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


def _default_credentials(address: ServiceAddress) -> Credentials:
    if is_loopback(urlsplit(address.rest_url).hostname or ""):
        return DEMO_CREDENTIALS
    raise ConfigurationError(
        "no credentials",
        item=address.name,
        expected="SUKI_PARTNER_ID and SUKI_PARTNER_TOKEN in the environment",
        action="Set both, or use --endpoint simulator",
    )


@contextlib.contextmanager
def _interruptible(stop: asyncio.Event) -> Iterator[None]:
    """Ctrl-C once: no new sessions; twice: now. Both keep everything recorded."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def on_signal() -> None:
        if stop.is_set() and task is not None:
            task.cancel()
        stop.set()

    try:
        loop.add_signal_handler(signal.SIGINT, on_signal)
    except (NotImplementedError, RuntimeError, ValueError):  # not the main thread, or not a Unix
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)


def run_manifest(question: Question, endpoint: str, recogniser: str | None, planned: int) -> Manifest:
    """What a run of ``question`` says of itself, from now on."""
    corpus = question.corpus
    return Manifest.begin(
        corpus=CorpusFacts(
            name=corpus.name, hash=corpus.sha256, utterances=len(question.utterances), location=str(corpus.root)
        ),
        cells=[CellFacts.of(cell.name, dict(cell.settings())) for cell in question.cells],
        seed=question.seed,
        concurrency=question.concurrency,
        repeats=question.repeats,
        endpoint=endpoint,
        dialect=question.dialect.value,
        product=question.product.value,
        recogniser=recogniser,
        normaliser=_facts(question.normaliser),
        settings={
            "transport": question.transport,
            "compression": "off",
            "push_to_talk": question.push_to_talk,
            "kind": "aa" if question.noise_floor else "run",
        },
        planned=planned,
    )


def _facts(which: Normaliser) -> NormaliserFacts:
    return NormaliserFacts(name=which.name, version=which.version, hash=which.hash)


def _result(run: StoredRun, scores: list[SessionScore], cells: Sequence[str], complete: bool = True) -> RunResult:
    rank = {name: place for place, name in enumerate(cells)}
    scored = score_run(scores, seed=run.manifest.seed)
    return RunResult(run, scores, sorted(scored, key=lambda cell: rank.get(cell.cell, len(rank))), complete)


def load_result(run: StoredRun) -> RunResult:
    """A stored run with the scores that lie beside it; a run that was never committed is scored from its journal."""
    names = [cell.name for cell in run.manifest.cells]
    if not run.committed:
        facts = run.manifest.normaliser
        which = normaliser(facts.name if facts else "basic")
        return _result(run, [score_session(record, which) for record in run.iter_records()], names, complete=False)
    return _result(run, [SessionScore.from_row(row) for row in run.scores()], names)


def rescore(run: StoredRun, which: Normaliser) -> RunResult:
    """Score a stored run again; replaces its scores and nothing else."""
    scores = [score_session(record, which) for record in run.iter_records()]
    if run.committed:
        run.replace_scores([score.to_row() for score in scores], _facts(which))
    return _result(run, scores, [cell.name for cell in run.manifest.cells], run.committed)


def detectable_difference(store: Path, question: Question, pilot: str | None = None) -> tuple[float | None, str]:
    """Smallest difference of WER between two cells that ``question`` would find with a power of 80 %.

    Args:
        store: folder of the runs.
        question: the planned run.
        pilot: run whose paired differences tell the spread; None takes the newest with two cells on this corpus.

    Returns:
        The difference, or None; and where it comes from, or why it is unknown.
    """
    if pilot is not None:
        candidates = [open_run(store, pilot)]
    else:
        candidates = [
            run
            for run in reversed(list_runs(store))
            if run.committed and len(run.manifest.cells) > 1 and run.manifest.corpus.name == question.corpus.name
        ]
    if not candidates:
        return None, f"no pilot: no stored run of {question.corpus.name} with two cells"
    result = load_result(candidates[0])
    differences = _paired_differences(result)
    found = smallest_detectable(differences, len(question.utterances))
    if found is None:
        return None, f"pilot {result.run.run_id} has fewer than two paired utterances"
    return found, f"at 80 % power, from {len(differences)} pairs of {result.run.run_id}"


def _paired_differences(result: RunResult) -> list[float]:
    """Per utterance, errors of the second cell minus the first over the mean words of an utterance."""
    first, second = (
        {s.utterance: s.words for s in result.scores if s.cell == cell.cell and not s.failed}
        for cell in result.cells[:2]
    )
    both = [u for u in first if u in second]
    words = sum(first[u].reference for u in both) / len(both) if both else 0
    return [(second[u].errors - first[u].errors) / words for u in both] if words else []
