"""From a specification to what is played: corpus loaded, utterances chosen, configurations and context checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import msgspec

from workbench.client.calls import Context
from workbench.client.context import context_of, read_context
from workbench.corpus import Corpus, Utterance, find_corpus, load_corpus, playable_corpus
from workbench.errors import InputError
from workbench.playing.connect import transport_for
from workbench.protocol.messages import Product
from workbench.runs.order import select
from workbench.runs.resolved_run import ResolvedRun, check_product
from workbench.runs.spec import RunSpec
from workbench.runs.spec_fields import spec_fields
from workbench.runs.sweep import Cell, cells_of
from workbench.scoring.metrics.normalize import normaliser
from workbench.settings import Settings, load_settings

__all__ = ["resolve", "service_fields", "service_settings"]


def resolve(
    spec: RunSpec,
    *,
    corpus: Corpus | None = None,
    utterances: tuple[Utterance, ...] | None = None,
    cells: tuple[Cell, ...] | None = None,
) -> ResolvedRun:
    """Load and check what a specification names.

    Args:
        spec: plain values.
        corpus: a loaded corpus, instead of the one that ``spec`` names.
        utterances: chosen already, instead of by ``spec``.
        cells: made already, instead of from ``spec``.

    Raises:
        InputError: a setting that is not allowed, or that the product does not have.
        CorpusError: no such corpus or utterance.
    """
    cells = cells_of(spec) if cells is None else cells
    context = _context(spec)
    check_product(spec, context)
    if corpus is None:
        path = find_corpus(spec.corpus)
        corpus = playable_corpus(path) if spec.skip_bad else load_corpus(path)
    if utterances is None:
        utterances = select(corpus, spec.limit, spec.seed, ids=spec.utterances, tags=spec.tags)
    repeats = max(spec.repeats, 2) if spec.noise_floor else spec.repeats
    transport = transport_for(spec.concurrency) if spec.transport == "auto" else spec.transport
    return ResolvedRun(
        spec=msgspec.structs.replace(spec, repeats=repeats, transport=transport),
        corpus=corpus,
        utterances=utterances,
        cells=cells,
        normaliser=normaliser(spec.normaliser),
        context=context,
    )


def _context(spec: RunSpec) -> Context | None:
    if spec.context is None:
        return None
    if isinstance(spec.context, dict):
        if spec.product is Product.DICTATION:
            raise InputError("dictation has no context", item="context", expected="product ambient or form-filling")
        return context_of(spec.context, spec.product)
    return read_context(Path(spec.context), spec.product)


_SERVICE = tuple(setting.name for setting in fields(Settings) if setting.name in RunSpec.__struct_fields__)
"""Fields of a specification that say where a run is played."""


def service_fields(spec: RunSpec) -> dict[str, Any]:
    """The part of a specification that says where it is played, as :class:`workbench.settings.Settings` has it."""
    values = {name: getattr(spec, name) for name in _SERVICE}
    paths = {field.name for field in spec_fields() if field.path}
    return {name: Path(value) if name in paths and value is not None else value for name, value in values.items()}


def service_settings(
    spec: RunSpec,
    environment: Mapping[str, str],
    *,
    store: Path | None = None,
    settings: Settings | None = None,
) -> Settings:
    """Where a specification is played: what it names comes before environment and ``workbench.toml``.

    Args:
        spec: spec of the run; fields at their default leave the choice to ``settings`` or the environment.
        environment: environment of the process.
        store: folder of the runs.
        settings: used instead of environment and file.

    Raises:
        ConfigurationError: the file cannot be read, or there is no secret for notifications.
    """
    default = service_fields(RunSpec())
    given = {name: value for name, value in service_fields(spec).items() if value != default[name]}
    if settings is None:
        return load_settings(environment, store=store, **given)
    return replace(settings, **given, store=store or settings.store)
