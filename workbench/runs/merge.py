"""Shards of one run, played apart, put together into the run that one machine would have made.

Nothing is guessed. A shard that is missing, unfinished, there twice or of another run is refused by name;
what is merged keeps who played what.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from workbench.errors import InputError
from workbench.recording.anchor import Anchor
from workbench.recording.record import Outcome, newest
from workbench.runs.manifest import request_of, spec_of
from workbench.runs.order import Shard
from workbench.runs.result import RunResult, load_result
from workbench.runs.spec_fields import spec_fields
from workbench.scoring.metrics.normalize import normaliser
from workbench.scoring.session import score_session
from workbench.store import Counts, Manifest, Part, RunWriter, StoredRun, new_run_id, open_run

__all__ = ["merge_runs"]


def _service(manifest: Manifest) -> object:
    """Services that were started on each machine for the run are one service at different ports."""
    here = manifest.endpoint.rpartition(":")[0].strip("[]")
    return "on its own machine" if here in ("127.0.0.1", "localhost", "::1") else manifest.endpoint


_SAME: dict[str, Callable[[Manifest], object]] = {
    "corpus": lambda m: (m.corpus.name, m.corpus.hash[:12]),
    "utterances": lambda m: request_of(m).utterance_ids,
    "configurations": lambda m: [(cell.name, cell.hash[:12]) for cell in m.cells],
    "seed": lambda m: m.seed,
    "repeats": lambda m: m.repeats,
    "concurrency": lambda m: m.concurrency,
    "product": lambda m: m.product,
    "dialect": lambda m: m.dialect,
    "recogniser": lambda m: m.recogniser,
    "service": _service,
    "normaliser": lambda m: m.normaliser,
    "workbench version": lambda m: m.versions.get("suki-workbench"),
    "number of shards": lambda m: _shard(m).of,
}
"""What shards of one run have in common, beside its specification."""

_ELSEWHERE = ("corpus", "base", "vary", "cells", "endpoint", "utterances", "tags", "limit")
"""Fields that are compared by what they stand for: the corpus's hash, the configurations, the ids."""

_OF_A_MACHINE = ("scenario", "provider_id", "webhook_port", "ca_file", "realtime", "kernel_stamps")
"""Fields that may differ from machine to machine."""


def merge_runs(runs: Sequence[StoredRun], store: Path | str) -> RunResult:
    """Make one committed run of all shards of a run.

    Args:
        runs: every shard once, in any order; they stay as they are.
        store: where the run is written.

    Raises:
        InputError: a shard is missing, unfinished, there twice, or of another run.
        StoreError: a shard is damaged, or the run cannot be written.
    """
    ordered = _checked(runs)
    first = ordered[0].manifest
    planned = len(request_of(first).utterance_ids) * len(first.cells) * first.repeats
    anchor = Anchor.now()
    manifest = msgspec.structs.replace(
        first,
        run_id=new_run_id(anchor.wall_ns),
        created=min(run.manifest.created for run in ordered),
        anchor_start=min((run.manifest.anchor_start for run in ordered), key=lambda at: at.wall_ns),
        anchor_end=None,
        request=msgspec.structs.replace(request_of(first), shard=None),
        parts=[_part(run.manifest) for run in ordered],
        counts=Counts(planned=planned),
        settings=dict(first.settings),
        files={},
        status="live",
    )
    which = normaliser(first.normaliser.name if first.normaliser else "clinical")
    with RunWriter.create(store, manifest) as writer:
        for run in ordered:
            for record in run.iter_records(superseded=True):
                writer.add(record)
        ends = [run.manifest.anchor_end for run in ordered if run.manifest.anchor_end is not None]
        scores = [score_session(record, which).to_row() for record in writer.iter_records()]
        writer.commit(scores, ended=max(ends, key=lambda at: at.wall_ns, default=None))
    return load_result(open_run(store, writer.path))


def _checked(runs: Sequence[StoredRun]) -> list[StoredRun]:
    """The shards in their order, or the first reason why they do not make one run."""
    if len(runs) < 2:
        raise InputError("nothing to merge", item="runs merge", got=f"{len(runs)} run", expected="every shard of a run")
    first = runs[0].manifest
    by_number: dict[int, StoredRun] = {}
    for run in runs:
        shard = _shard(run.manifest)
        different = _difference(run.manifest, first)
        if different is not None:
            raise InputError(
                f"a shard of another run: its {different} is not that of {first.run_id}",
                item=run.run_id,
                action="Merge shards of one command alone",
            )
        if shard.number in by_number:
            raise InputError(
                f"shard {shard} is there twice",
                item=run.run_id,
                got=f"also {by_number[shard.number].run_id}",
                action="Leave one of them out",
            )
        _whole(run, shard)
        by_number[shard.number] = run
    total = _shard(first).of
    missing = [str(Shard(number, total)) for number in range(1, total + 1) if number not in by_number]
    if missing:
        raise InputError(
            f"shard {', '.join(missing)} is missing",
            item="runs merge",
            got=f"{len(by_number)} of {total}",
            action="Play it, or name it too",
        )
    return [by_number[number] for number in sorted(by_number)]


def _difference(one: Manifest, other: Manifest) -> str | None:
    """What two shards do not have in common though they must; None if they may be of one run."""
    for what, of in _SAME.items():
        if of(one) != of(other):
            return what
    mine, theirs = spec_of(one), spec_of(other)
    compared = (field.name for field in spec_fields() if field.name not in (*_ELSEWHERE, *_OF_A_MACHINE))
    return next((name.replace("_", " ") for name in compared if getattr(mine, name) != getattr(theirs, name)), None)


def _shard(manifest: Manifest) -> Shard:
    shard = request_of(manifest).shard
    if shard is None:
        raise InputError("not a shard: it is a whole run", item=manifest.run_id, action="Leave it out")
    return Shard.parse(shard)


def _whole(run: StoredRun, shard: Shard) -> None:
    counts, cut_off = run.manifest.counts, Outcome.CANCELLED in _newest_outcomes(run)
    if not run.committed or counts.sessions < counts.planned or cut_off:
        raise InputError(
            f"shard {shard} is not complete",
            item=run.run_id,
            got=f"{counts.sessions} of {counts.planned} sessions, {run.status}",
            action=f"Finish it first: workbench resume {run.run_id}",
        )


def _newest_outcomes(run: StoredRun) -> list[Outcome]:
    outcomes = run.outcomes()
    return [outcomes[key] for key in newest(outcomes).values()]


def _part(manifest: Manifest) -> Part:
    return Part(
        name=f"shard {_shard(manifest)}",
        run_id=manifest.run_id,
        sessions=manifest.counts.sessions,
        host=manifest.host,
        anchor_start=manifest.anchor_start,
        anchor_end=manifest.anchor_end,
        pacer=manifest.settings.get("pacer"),
    )
