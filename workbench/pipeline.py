"""From a question to a stored run: prepare, plan, play, store, score.

This is what the command line, the app and the notebooks call. Preparing and scoring happen before and after the
timed phase, never in it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from workbench.audio.degrade import prepare
from workbench.client.rest import SukiRest
from workbench.client.stream import tls_context
from workbench.corpus import Corpus, Utterance, read_utterance
from workbench.errors import ConfigurationError, CorpusError, InputError
from workbench.metrics.normalize import Normaliser, normaliser
from workbench.network import find_profile
from workbench.plan import SessionPlan, build_plan
from workbench.protocol.messages import Dialect, Product
from workbench.recording import SessionKey, SessionRecord
from workbench.runner import Job, Service, play_many
from workbench.scoring import CellScore, SessionScore, score_run, score_session
from workbench.settings import Credentials, Secret, ServiceAddress, Settings, is_loopback, resolve_endpoint
from workbench.simulator.local import LocalSimulator
from workbench.store import CellFacts, CorpusFacts, Manifest, NormaliserFacts, RunWriter, StoredRun, open_run
from workbench.sweep import Cell, play_order

__all__ = ["Question", "RunResult", "evaluate", "join", "load_result", "prepare_jobs", "rescore", "select"]

DEMO_CREDENTIALS = Credentials("demo-partner", Secret("demo-partner-token"))
"""What a simulator accepts by default; used for loopback endpoints where the environment has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of a run.

    Attributes:
        corpus: where the utterances come from.
        utterances: those that are played.
        cells: configurations; every one plays every utterance.
        repeats: how often each session is played.
        seed: of noise, network, order and bootstrap.
        concurrency: sessions at a time.
        normaliser: of the first scores.
        product, dialect: what is spoken.
        transport: ``websockets`` or ``picows``.
    """

    corpus: Corpus
    utterances: tuple[Utterance, ...]
    cells: tuple[Cell, ...]
    repeats: int = 1
    seed: int = 0
    concurrency: int = 4
    normaliser: Normaliser = field(default_factory=lambda: normaliser("basic"))
    product: Product = Product.DICTATION
    dialect: Dialect = Dialect.LIVE
    transport: str = "websockets"

    @property
    def sessions(self) -> int:
        """How many sessions will be played."""
        return len(self.utterances) * len(self.cells) * self.repeats


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


def join(corpora: Sequence[Corpus]) -> Corpus:
    """Several corpora as one; its hash covers theirs.

    Raises:
        CorpusError: two utterances share an id.
    """
    if len(corpora) == 1:
        return corpora[0]
    owner: dict[str, str] = {}
    for corpus in corpora:
        for utterance in corpus.utterances:
            if utterance.id in owner:
                raise CorpusError(
                    "two corpora have an utterance of this id",
                    item=utterance.id,
                    got=f"{owner[utterance.id]} and {corpus.name}",
                    action="Rename one, or play the corpora apart",
                )
            owner[utterance.id] = corpus.name
    return Corpus(
        name="+".join(corpus.name for corpus in corpora),
        root=corpora[0].root,
        utterances=tuple(u for corpus in corpora for u in corpus.utterances),
        sha256=hashlib.sha256("".join(corpus.sha256 for corpus in corpora).encode()).hexdigest(),
    )


def select(corpus: Corpus, limit: int | None = None, seed: int = 0) -> tuple[Utterance, ...]:
    """All utterances, or ``limit`` of them: drawn by seed, in manifest order, spread over tags and speakers.

    Raises:
        InputError: a limit below one.
    """
    if limit is None or limit >= len(corpus.utterances):
        return corpus.utterances
    if limit < 1:
        raise InputError("no utterance would be played", item="--limit", got=limit, expected="1 or more")
    shuffled = play_order([u.id for u in corpus.utterances], ["-"], 1, seed)
    position = {identity: rank for rank, (identity, _, _) in enumerate(shuffled)}
    seen: dict[tuple[object, ...], int] = {}
    spread = []
    for utterance in sorted(corpus.utterances, key=lambda u: position[u.id]):
        group = (utterance.speaker, utterance.tags)
        seen[group] = seen.get(group, 0) + 1
        spread.append((seen[group], position[utterance.id], utterance))
    chosen = {utterance.id for _, _, utterance in sorted(spread, key=lambda item: item[:2])[:limit]}
    return tuple(utterance for utterance in corpus.utterances if utterance.id in chosen)


def prepare_jobs(question: Question, on_progress: Callable[[int, int], object] | None = None) -> list[Job]:
    """Prepared, planned and encoded sessions in the order of playing; a plan is shared by its repeats.

    Raises:
        AudioError: naming the file that cannot be read.
    """
    plans: dict[tuple[str, str], SessionPlan] = {}
    total = len(question.utterances) * len(question.cells)
    for utterance in question.utterances:
        audio = read_utterance(utterance)
        for cell in question.cells:
            prepared = prepare(
                audio.pcm,
                audio.sample_rate_hz,
                utterance.reference,
                cell.audio,
                seed=question.seed,
                key=utterance.id,
                speaker=utterance.speaker,
            )
            plans[utterance.id, cell.name] = build_plan(
                prepared.pcm,
                prepared.sample_rate_hz,
                utterance_id=utterance.id,
                cell=cell.name,
                reference=prepared.reference,
                chunk_ms=cell.audio.chunk_ms,
                product=question.product,
                dialect=question.dialect,
                pace=cell.pace,
                facts=prepared.facts,
                speaker=utterance.speaker,
                tags=utterance.tags,
                network=find_profile(cell.network),
                seed=question.seed,
            )
            if on_progress is not None:
                on_progress(len(plans), total)
    ids, names = [u.id for u in question.utterances], [c.name for c in question.cells]
    order = play_order(ids, names, question.repeats, question.seed)
    return [Job(SessionKey(cell, utterance, repeat), plans[utterance, cell]) for utterance, cell, repeat in order]


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
    return asyncio.run(_evaluate(question, settings, jobs, on_session))


async def _evaluate(
    question: Question,
    settings: Settings,
    jobs: Sequence[Job],
    on_session: Callable[[SessionRecord, int], object] | None,
) -> RunResult:
    async with _service(settings, question.transport) as (service, recogniser):
        # The login comes before the run directory: wrong credentials leave no empty run behind.
        await service.rest.token()
        manifest = _manifest(question, service.address.name, recogniser, len(jobs))
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
                playing = play_many(jobs, service, concurrency=question.concurrency, on_done=finished, stop=stop)
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
async def _service(settings: Settings, transport: str) -> AsyncIterator[tuple[Service, str | None]]:
    """The service behind ``settings.endpoint``; ``simulator`` starts one for the duration."""
    async with contextlib.AsyncExitStack() as stack:
        recogniser: str | None = None
        if settings.endpoint == "simulator":
            recogniser = "pocketsphinx"
            simulator = await stack.enter_async_context(LocalSimulator("--recogniser", recogniser))
            address = ServiceAddress("simulator", simulator.url, simulator.ws_url)
            credentials = Credentials(simulator.partner_id, Secret(simulator.partner_token))
        else:
            address = resolve_endpoint(settings.endpoint)
            credentials = settings.credentials or _default_credentials(address)
        tls = tls_context(settings.ca_file)
        rest = await stack.enter_async_context(SukiRest(address, credentials, settings.limits, tls))
        yield Service(address, rest, tls, settings.limits, transport), recogniser


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


def _manifest(question: Question, endpoint: str, recogniser: str | None, planned: int) -> Manifest:
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
        settings={"transport": question.transport, "compression": "off"},
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
