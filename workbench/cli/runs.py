"""``workbench runs``: what is stored, whether it is sound, and how to hand it on or be rid of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.cli.screen import json_option, note, print_json, print_table
from workbench.units import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.metrics.normalize import Normaliser
    from workbench.recording import SessionRecord
    from workbench.store import Finding, RunSummary, StoredRun
    from workbench.tables import Table

__all__ = ["runs"]

_store_option = click.option("--store", type=click.Path(path_type=Path), help="Folder of the runs.  [default: .runs]")
_run_argument = click.argument("run", default="last")


@click.group()
def runs() -> None:
    """List, verify, recover, merge, export and remove stored runs. RUN is an id, a folder, or `last`."""


def _root(store: Path | None) -> Path:
    import os

    from workbench.settings import load_settings

    return load_settings(os.environ, store=store).store


def _open(run: str, store: Path | None) -> StoredRun:
    from workbench.store import open_run

    return open_run(_root(store), run)


def _scorer(which: Normaliser) -> Callable[[SessionRecord], dict[str, Any]]:
    from workbench.scoring import score_session

    return lambda record: score_session(record, which).to_row()


@runs.command("list", epilog="Example: workbench runs list --json")
@_store_option
@json_option
def list_(store: Path | None, as_json: bool) -> None:
    """List all runs, oldest first, interrupted and damaged ones too."""
    import msgspec

    from workbench.store import index_runs

    root = _root(store)
    found = index_runs(root)
    if as_json:
        print_json({"store": str(root), "runs": [msgspec.to_builtins(run) for run in found]})
    elif found:
        print_table(_list_table(found))
    else:
        note(f"There is no run in {root} yet. Start one with `workbench run`")


def _list_table(found: list[RunSummary]) -> Table:
    from workbench.tables import Column, Table

    columns: tuple[Column[RunSummary], ...] = (
        Column("run_id", "run", lambda run: run.run_id),
        Column("status", "status", lambda run: run.status),
        Column("corpus", "corpus", lambda run: run.corpus),
        Column("endpoint", "endpoint", lambda run: run.endpoint),
        Column("cells", "cells", lambda run: run.cells),
        Column("planned", "planned", lambda run: run.counts.planned),
        Column("sessions", "stored", lambda run: run.counts.sessions),
        Column("failed", "failed", lambda run: run.counts.failed),
    )
    rows = tuple({column.key: column.value(run) for column in columns} for run in found)
    return Table(columns, rows, tuple(run.problem for run in found if run.problem))


@runs.command(epilog="Example: workbench runs verify last")
@_run_argument
@_store_option
@json_option
def verify(run: str, store: Path | None, as_json: bool) -> int:
    """Derive hashes, row counts, certificates and scores again and name what differs; exit code 1 for damage."""
    from workbench.metrics.normalize import normaliser
    from workbench.store import Finding, verify_run

    stored = _open(run, store)
    findings: list[Finding] = []
    rescore = None
    facts = stored.normaliser
    if facts is not None:
        which = normaliser(facts.name)
        if which.hash == facts.hash:
            rescore = _scorer(which)
        else:
            problem = f"made with {facts.name} {facts.version}, this is {which.version}; not derived again"
            findings.append(Finding("scores.parquet", problem, damage=False))
    findings += verify_run(stored, rescore)
    damaged = any(finding.damage for finding in findings)
    if as_json:
        listed = [{"item": f.item, "problem": f.problem, "damage": f.damage} for f in findings]
        print_json({"run_id": stored.run_id, "status": stored.status, "sound": not damaged, "findings": listed})
    else:
        _print_findings(stored, findings, damaged)
    return int(damaged)


def _print_findings(stored: StoredRun, findings: list[Finding], damaged: bool) -> None:
    for finding in findings:
        click.echo(f"{'damage' if finding.damage else 'note':8}{finding}")
    verdict = "is damaged" if damaged else "is sound"
    keys = stored.keys()
    sessions = len({(key.cell, key.utterance, key.repeat) for key in keys})
    earlier = f" and {len(keys) - sessions} earlier attempts" if len(keys) > sessions else ""
    click.echo(
        f"run {stored.run_id} {verdict}: {counted(sessions, 'session')}{earlier}, {counted(len(findings), 'remark')}"
    )


@runs.command(epilog="Example: workbench runs recover last")
@_run_argument
@_store_option
@json_option
def recover(run: str, store: Path | None, as_json: bool) -> None:
    """Commit what an interrupted or killed run had recorded; sessions that were in flight count as cancelled."""
    from workbench.metrics.normalize import normaliser
    from workbench.store import RunWriter

    stored = _open(run, store)
    if stored.committed:
        note(f"Run {stored.run_id} is committed; there is nothing to recover")
    else:
        with RunWriter.resume(stored.path) as writer:
            facts = writer.manifest.normaliser
            score = _scorer(normaliser(facts.name if facts else "basic"))
            writer.commit([score(record) for record in writer.records()])
    counts = _open(str(stored.path), store).manifest.counts
    if as_json:
        print_json(
            {
                "run_id": stored.run_id,
                "planned": counts.planned,
                "sessions": counts.sessions,
                "failed": counts.failed,
                "superseded": counts.superseded,
            }
        )
        return
    missing = f", {counts.planned - counts.sessions} never began" if counts.planned > counts.sessions else ""
    click.echo(
        f"run {stored.run_id}: {counted(counts.sessions, 'session')} stored, {counts.failed} of them failed{missing}"
    )


@runs.command(epilog="Example: workbench runs merge shard-1/RUN shard-2/RUN shard-3/RUN")
@click.argument("shards", nargs=-1, required=True, metavar="RUN...")
@_store_option
@json_option
def merge(shards: tuple[str, ...], store: Path | None, as_json: bool) -> None:
    """Put the shards of a run or sweep (--shard I/N) together: the run that one machine would have made.

    Every shard is named once, by id or by folder; they stay as they are. A shard that is missing, unfinished, there
    twice or of another run is refused.
    """
    from workbench.cli.playing import result_json
    from workbench.merging import merge_runs
    from workbench.tables import summary_table

    root = _root(store)
    result = merge_runs([_open(shard, store) for shard in shards], root)
    if as_json:
        print_json(result_json(result))
        return
    print_table(summary_table(result.cells), store=root)
    note(f"{len(shards)} shards, {counted(len(result.scores), 'session')}, merged into {result.run.path}")


@runs.command(epilog="Example: workbench runs export last --format ctm --output run.ctm")
@_run_argument
@click.option(
    "--format", "name", required=True, help="csv, parquet, jsonl, ctm, stm, seglst, webvtt, srt, nemo or mlflow."
)
@click.option("--output", type=click.Path(path_type=Path), help="File, or folder for captions.  [default: RUN.FORMAT]")
@click.option(
    "--to", "uri", metavar="URI", help="For mlflow: tracking server, or folder.  [default: MLFLOW_TRACKING_URI]"
)
@click.option("--experiment", help="For mlflow: where to.  [default: the corpus]")
@click.option("--transcripts", is_flag=True, help="For mlflow: leave what was said in the report (patient data).")
@_store_option
@json_option
def export(
    run: str,
    name: str,
    output: Path | None,
    uri: str | None,
    experiment: str | None,
    transcripts: bool,
    store: Path | None,
    as_json: bool,
) -> None:
    """Write a run for other tools; the files hold transcripts (patient data).

    `mlflow` sends it to a tracking server instead: one run for each configuration, with the settings that differ, every
    headline number and the report, without what was said.
    """
    from workbench.store import export_run

    stored = _open(run, store)
    if name == "mlflow":
        _to_mlflow(stored, uri, experiment, transcripts, as_json)
        return
    target = output or Path(f"{stored.run_id}.{name}")
    written = export_run(stored, name, target, _audio_paths(stored) if name == "nemo" else None)
    if as_json:
        print_json({"run_id": stored.run_id, "format": name, "files": [str(path) for path in written]})
        return
    click.echo(f"{len(written)} files in {target}" if len(written) > 1 else str(target))


def _to_mlflow(stored: StoredRun, uri: str | None, experiment: str | None, transcripts: bool, as_json: bool) -> None:
    import os

    from workbench.errors import InputError
    from workbench.scored import load_result
    from workbench.trackers import export_to_mlflow

    address = uri or os.environ.get("MLFLOW_TRACKING_URI")
    if not address:
        raise InputError("no tracker to send the run to", item="--to", expected="a tracking server or a folder")
    ids = export_to_mlflow(load_result(stored), address, experiment=experiment, transcripts=transcripts)
    if as_json:
        print_json({"run_id": stored.run_id, "format": "mlflow", "runs": ids})
        return
    click.echo("\n".join(ids))
    note(f"{len(ids)} configurations of {stored.run_id} sent")


def _audio_paths(stored: StoredRun) -> dict[str, str]:
    """Audio of each utterance, from the corpus where it still is."""
    from workbench.asked import corpus_of
    from workbench.errors import WorkbenchError

    try:
        corpus = corpus_of(stored.manifest.corpus)
    except WorkbenchError as error:
        note(f"The corpus cannot be read, audio is named by its utterance: {error}")
        return {}
    return {utterance.id: str(utterance.audio.resolve()) for utterance in corpus.utterances}


@runs.command(epilog="Example: workbench runs rm 20260101T120000000Z-3fa9c1")
@click.argument("run")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_store_option
@json_option
def rm(run: str, yes: bool, store: Path | None, as_json: bool) -> None:
    """Remove a run and everything that was recorded in it; asks first."""
    stored = _open(run, store)
    sessions = stored.manifest.counts.sessions
    if not yes:
        click.confirm(
            f"Remove run {stored.run_id} ({stored.status}, {counted(sessions, 'session')}) for good?",
            abort=True,
            err=True,
        )
    stored.remove()
    if as_json:
        print_json({"run_id": stored.run_id, "removed": True})
    else:
        click.echo(f"removed {stored.run_id}")
