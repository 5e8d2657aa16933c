"""What is asked of a run, as its manifest keeps it, and back: the question that a stored run was asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from workbench.client.context import context_of
from workbench.corpus import Corpus, find_corpus, load_corpus
from workbench.errors import CorpusError, InputError, WorkbenchError
from workbench.metrics.normalize import normaliser
from workbench.protocol.messages import Dialect, Product
from workbench.question import Question, join
from workbench.scored import normaliser_facts
from workbench.settings import Settings, is_loopback, resolve_endpoint
from workbench.shards import Shard
from workbench.store import Asked, CellFacts, CorpusFacts, Manifest
from workbench.sweep import Cell, cell_from

__all__ = ["asked_of", "corpus_of", "question_of", "run_manifest", "settings_of"]


def run_manifest(
    question: Question,
    endpoint: str,
    recogniser: str | None,
    planned: int,
    settings: Settings | None = None,
    shard: Shard | None = None,
) -> Manifest:
    """What a run of ``question`` says of itself, from now on.

    Args:
        question: what is played.
        endpoint: what the service is called.
        recogniser: of a simulator that was started for the run.
        planned: sessions.
        settings: where it is played; nothing secret of them is kept. None for a run that cannot be resumed.
        shard: which part of the question it is.
    """
    return Manifest.begin(
        corpus=_corpus_facts(question.corpus, len(question.utterances)),
        cells=[CellFacts.of(cell.name, dict(cell.settings())) for cell in question.cells],
        seed=question.seed,
        concurrency=question.concurrency,
        repeats=question.repeats,
        endpoint=endpoint,
        dialect=question.dialect.value,
        product=question.product.value,
        recogniser=recogniser,
        normaliser=normaliser_facts(question.normaliser),
        settings={
            "transport": question.transport,
            "compression": "off",
            "stamps": "kernel" if question.kernel_stamps else "own",
            "push_to_talk": question.push_to_talk,
            "kind": "aa" if question.noise_floor else "run",
        },
        asked=None if settings is None else _asked(question, settings, shard),
        planned=planned,
    )


def _asked(question: Question, settings: Settings, shard: Shard | None) -> Asked:
    return Asked(
        endpoint=settings.endpoint,
        model=settings.model,
        recogniser=settings.recogniser,
        utterance_ids=[utterance.id for utterance in question.utterances],
        transport=question.transport,
        realtime=question.realtime,
        kernel_stamps=question.kernel_stamps,
        noise_floor=question.noise_floor,
        push_to_talk=question.push_to_talk,
        form_templates=list(question.form_templates),
        context=None if question.context is None else msgspec.to_builtins(question.context),
        provider_id=settings.provider_id,
        ca_file=None if settings.ca_file is None else str(settings.ca_file.resolve()),
        webhook_port=settings.webhook_port,
        limits=settings.limits,
        shard=None if shard is None else str(shard),
    )


def _corpus_facts(corpus: Corpus, utterances: int) -> CorpusFacts:
    return CorpusFacts(
        name=corpus.name,
        hash=corpus.sha256,
        utterances=utterances,
        location=None if corpus.manifest is None else str(corpus.manifest.resolve()),
        words_hash=corpus.words_sha256,
        parts=[_corpus_facts(part, len(part.utterances)) for part in corpus.parts],
    )


def corpus_of(facts: CorpusFacts) -> Corpus:
    """The corpus of a stored run: where it lay, or the built-in one of its name.

    Raises:
        CorpusError: it is gone, or it is no longer what was played.
    """
    corpus = join([corpus_of(part) for part in facts.parts]) if facts.parts else load_corpus(_place(facts))
    if corpus.sha256 != facts.hash or (facts.words_hash is not None and corpus.words_sha256 != facts.words_hash):
        what = "manifest" if corpus.sha256 != facts.hash else "word times"
        raise CorpusError(
            f"the corpus is not what was played: its {what} changed",
            item=facts.location or facts.name,
            action="Bring back the old one, or start a new run",
        )
    return corpus


def _place(facts: CorpusFacts) -> Path:
    if facts.location is not None and Path(facts.location).exists():
        return Path(facts.location)
    try:
        return find_corpus(facts.name)
    except CorpusError:
        raise CorpusError("the corpus is gone", item=facts.name, expected=f"it at {facts.location}") from None


def asked_of(manifest: Manifest) -> Asked:
    """What playing the rest of a run takes.

    Raises:
        InputError: the run does not say.
    """
    if manifest.asked is None:
        raise InputError(
            "this run does not say what is left of it",
            item=manifest.run_id,
            action="Keep what it has with `workbench runs recover`",
        )
    return manifest.asked


def question_of(manifest: Manifest) -> tuple[Question, Shard | None]:
    """The question that a stored run was asked, and which part of it the run is.

    Raises:
        InputError: the run does not say, or a setting means something else by now.
        CorpusError: the corpus is gone or changed.
    """
    asked = asked_of(manifest)
    corpus = corpus_of(manifest.corpus)
    product = Product(manifest.product)
    question = Question(
        corpus=corpus,
        utterances=tuple(corpus.utterance(identity) for identity in asked.utterance_ids),
        cells=tuple(_cell(facts, manifest.run_id) for facts in manifest.cells),
        repeats=manifest.repeats,
        seed=manifest.seed,
        concurrency=manifest.concurrency,
        normaliser=normaliser(manifest.normaliser.name if manifest.normaliser else "basic"),
        product=product,
        dialect=Dialect(manifest.dialect),
        transport=asked.transport,
        realtime=asked.realtime,
        kernel_stamps=asked.kernel_stamps,
        noise_floor=asked.noise_floor,
        push_to_talk=asked.push_to_talk,
        context=None if asked.context is None else context_of(asked.context, product),
        form_templates=tuple(asked.form_templates),
    )
    return question, None if asked.shard is None else Shard.parse(asked.shard)


def _cell(facts: CellFacts, run_id: str) -> Cell:
    cell = replace(cell_from(facts.config, item=f"{run_id}: {facts.name}"), name=facts.name)
    if CellFacts.of(cell.name, dict(cell.settings())).hash != facts.hash:
        raise InputError(
            "the configuration means something else in this version of workbench",
            item=f"{run_id}: {facts.name}",
            action="Play the rest with the version that began the run",
        )
    return cell


def settings_of(manifest: Manifest, settings: Settings, endpoint: str | None = None) -> Settings:
    """Where the rest of a run is played: as before, with the credentials and the store of ``settings``.

    Args:
        manifest: of the run.
        settings: of this environment.
        endpoint: another address of the same service on this machine, such as a new port.

    Raises:
        InputError: another service, which would mix two of them in one run.
    """
    asked = asked_of(manifest)
    if endpoint is not None and endpoint != asked.endpoint and not (_is_here(endpoint) and _is_here(asked.endpoint)):
        raise InputError(
            "one run cannot be played on two services",
            item="--endpoint",
            got=endpoint,
            expected=asked.endpoint,
            action="Start a new run there",
        )
    return replace(
        settings,
        endpoint=endpoint or asked.endpoint,
        ca_file=settings.ca_file or (None if asked.ca_file is None else Path(asked.ca_file)),
        limits=asked.limits,
        model=asked.model,
        recogniser=asked.recogniser,
        provider_id=asked.provider_id,
    )


def _is_here(endpoint: str) -> bool:
    """Whether it is the address of a service that somebody started on this machine."""
    try:
        return is_loopback(urlsplit(resolve_endpoint(endpoint).rest_url).hostname or "")
    except WorkbenchError:
        return False
