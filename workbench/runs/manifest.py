"""Convert a run to its manifest and back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from workbench.corpus import Corpus, find_corpus, load_corpus
from workbench.corpus.join import join
from workbench.errors import CorpusError, InputError, WorkbenchError
from workbench.runs.order import Shard
from workbench.runs.resolve import resolve, service_fields
from workbench.runs.resolved_run import ResolvedRun
from workbench.runs.result import normaliser_facts
from workbench.runs.spec import RunSpec
from workbench.runs.spec_fields import make_spec
from workbench.runs.sweep import Cell, cell_from
from workbench.settings import Settings, is_loopback, resolve_endpoint
from workbench.store import CellFacts, CorpusFacts, Manifest, RunRequest

__all__ = ["corpus_of", "request_of", "resolved_of", "run_manifest", "settings_of", "spec_of"]


def run_manifest(
    resolved: ResolvedRun,
    endpoint: str,
    recogniser: str | None,
    planned: int,
    settings: Settings | None = None,
    shard: Shard | None = None,
) -> Manifest:
    """Manifest of a run that starts now.

    Args:
        resolved: what is played.
        endpoint: name of the service.
        recogniser: recogniser of a simulator that was started for the run.
        planned: number of sessions.
        settings: where it is played; nothing secret of them is kept. None for a run that cannot be resumed.
        shard: which part of the run it is.
    """
    spec = resolved.spec
    return Manifest.begin(
        corpus=_corpus_facts(resolved.corpus, len(resolved.utterances)),
        cells=[CellFacts.of(cell.name, dict(cell.settings())) for cell in resolved.cells],
        seed=spec.seed,
        concurrency=spec.concurrency,
        repeats=spec.repeats,
        endpoint=endpoint,
        dialect=spec.dialect.value,
        product=spec.product.value,
        recogniser=recogniser,
        normaliser=normaliser_facts(resolved.normaliser),
        settings={
            "transport": spec.transport,
            "compression": "off",
            "stamps": "kernel" if spec.kernel_stamps else "own",
            "push_to_talk": spec.push_to_talk,
            "kind": "aa" if spec.noise_floor else "run",
        },
        request=None if settings is None else _request(resolved, settings, shard),
        planned=planned,
    )


def _request(resolved: ResolvedRun, settings: Settings, shard: Shard | None) -> RunRequest:
    """The specification with everything that another folder or another day would read otherwise written out."""
    location = _corpus_facts(resolved.corpus, 0).location
    spec = msgspec.structs.replace(
        resolved.spec,
        corpus=location or resolved.corpus.name,
        context=None if resolved.context is None else msgspec.to_builtins(resolved.context),
        endpoint=settings.endpoint,
        model=settings.model,
        recogniser=settings.recogniser,
        partials=settings.partials,
        partial_every=settings.partial_every,
        scenario=_absolute(settings.scenario),
        provider_id=settings.provider_id,
        webhook_port=settings.webhook_port,
        ca_file=_absolute(settings.ca_file),
    )
    fields = msgspec.to_builtins(spec)
    return RunRequest(
        spec={name: value for name, value in fields.items() if name not in _CONFIGURATIONS},
        utterance_ids=[utterance.id for utterance in resolved.utterances],
        limits=settings.limits,
        shard=None if shard is None else str(shard),
    )


_CONFIGURATIONS = ("base", "vary", "cells")
"""Fields that the list of configurations stands for; JSON could not hold their infinite values."""


def _absolute(path: Path | None) -> str | None:
    return None if path is None else str(path.resolve())


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
    """Corpus of a stored run, from its place or the built-in one of its name.

    Raises:
        CorpusError: not found, or no longer what was played.
    """
    parts = [corpus_of(part) for part in facts.parts]
    # A bad row matters only if its recording was played; asking for it then says what is wrong with it.
    corpus = join(parts) if parts else load_corpus(_place(facts), skip_bad=True)
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
        raise CorpusError("corpus not found", item=facts.name, expected=f"it at {facts.location}") from None


def request_of(manifest: Manifest) -> RunRequest:
    """What playing the rest of a run takes.

    Raises:
        InputError: the run does not say.
    """
    if manifest.request is None:
        raise InputError(
            "this run cannot be resumed: its manifest has no request",
            item=manifest.run_id,
            action="Keep what it has with `workbench runs recover`",
        )
    return manifest.request


def spec_of(manifest: Manifest) -> RunSpec:
    """Specification of a stored run, without its configurations.

    Raises:
        InputError: the run does not say, or a setting is unknown to this version.
    """
    return make_spec(request_of(manifest).spec, item=manifest.run_id)


def resolved_of(manifest: Manifest) -> tuple[ResolvedRun, Shard | None]:
    """What a stored run plays, loaded again, and which part of it the run is.

    Raises:
        InputError: the run does not say, or a setting means something else by now.
        CorpusError: the corpus is not found or changed.
    """
    request, spec = request_of(manifest), spec_of(manifest)
    corpus = corpus_of(manifest.corpus)
    resolved = resolve(
        spec,
        corpus=corpus,
        utterances=tuple(corpus.utterance(identity) for identity in request.utterance_ids),
        cells=tuple(_cell(facts, manifest.run_id) for facts in manifest.cells),
    )
    return resolved, None if request.shard is None else Shard.parse(request.shard)


def _cell(facts: CellFacts, run_id: str) -> Cell:
    cell = replace(cell_from(facts.config, item=f"{run_id}: {facts.name}"), name=facts.name)
    if CellFacts.of(cell.name, dict(cell.settings())).hash != facts.hash:
        raise InputError(
            "the configuration has another meaning in this version of workbench",
            item=f"{run_id}: {facts.name}",
            action="Play the rest with the version that began the run",
        )
    return cell


def settings_of(
    manifest: Manifest, settings: Settings, endpoint: str | None = None, services: Collection[str] = ()
) -> Settings:
    """Where the rest of a run is played: as before, with the credentials, authority and store of ``settings``.

    A run may come from elsewhere, so it does not decide where credentials go: the simulator is started again, any other
    endpoint must be named by the user, and a certificate authority is never taken from a run.

    Args:
        manifest: manifest of the run.
        settings: settings of this environment; their endpoint is one that the user names.
        endpoint: named for this run; may be another address of the same service on this machine, such as a new port.
        services: named for configurations that have services of their own; their addresses are those of the run.

    Raises:
        InputError: another service, which would mix two of them in one run; or nobody but the run names it.
    """
    fields = service_fields(spec_of(manifest))
    before = replace(settings, **fields | {"model": fields["model"] or settings.model})
    own = [str(cell.config["service"]) for cell in manifest.cells if "service" in cell.config]
    unnamed = [one for one in own if one not in ("simulator", settings.endpoint, *services)]
    if unnamed:
        raise _untrusted(manifest, unnamed[0])
    if own and len(own) == len(manifest.cells):  # none is played against the endpoint of the run
        return replace(before, ca_file=settings.ca_file, limits=request_of(manifest).limits)
    if endpoint is None and before.endpoint not in ("simulator", settings.endpoint):
        raise _untrusted(manifest, before.endpoint)
    if endpoint is not None and endpoint != before.endpoint and not (_is_here(endpoint) and _is_here(before.endpoint)):
        raise InputError(
            "one run cannot be played on two services",
            item="endpoint",
            got=endpoint,
            expected=before.endpoint,
            action="Start a new run there",
        )
    return replace(
        before,
        endpoint=endpoint or before.endpoint,
        ca_file=settings.ca_file,
        limits=request_of(manifest).limits,
    )


def _untrusted(manifest: Manifest, endpoint: str) -> InputError:
    return InputError(
        "a stored run is not trusted to say where credentials and speech go",
        item=manifest.run_id,
        got=endpoint,
        expected="simulator, or the endpoint that you name",
        action=f"If this is where it was played, name it with `endpoint` {endpoint}",
    )


def _is_here(endpoint: str) -> bool:
    """Whether it is the address of a service that somebody started on this machine."""
    try:
        return is_loopback(urlsplit(resolve_endpoint(endpoint).rest_url).hostname or "")
    except WorkbenchError:
        return False
