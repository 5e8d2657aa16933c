"""``workbench runs``: what is stored, whether it is sound, and how to hand it on or be rid of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.cli.options import (
    help_without_verb,
    json_option,
    name_option,
    note_option,
    run_argument,
    store_option,
)
from workbench.cli.screen import echo, note, print_json, print_table, say, store_flag
from workbench.cli.session_page import export_session
from workbench.units import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.recording.record import SessionRecord
    from workbench.reporting.scoring_files import AudioPlace
    from workbench.scoring.metrics.normalize import Normaliser
    from workbench.store import Finding, StoredRun

__all__ = ["runs"]


@click.group(invoke_without_command=True, subcommand_metavar="COMMAND [ARGS]...")
@click.pass_context
def runs(context: click.Context) -> None:
    """List, label, verify, recover, merge, export and remove stored runs.

    RUN is an id or the beginning of one, a folder, or `last` for the newest run.
    """
    help_without_verb(context)


def _root(store: Path | None) -> Path:
    import os

    from workbench.settings import load_settings

    return load_settings(os.environ, store=store).store


def _open(run: str, store: Path | None) -> StoredRun:
    from workbench.store import open_run

    return open_run(_root(store), run)


def _scorer(which: Normaliser) -> Callable[[SessionRecord], dict[str, Any]]:
    from workbench.scoring.session import score_session

    return lambda record: score_session(record, which).to_row()


@runs.command("list", epilog="Example: workbench runs list --filter data_set=clinic --sort wer")
@click.option(
    "--filter",
    "filters",
    multiple=True,
    metavar="TEXT",
    help="Show only runs that contain this text, or COLUMN=TEXT for one column (repeatable; all must match).",
)
@click.option("--sort", metavar="COLUMN", help="Sort by this column; -COLUMN for the largest first.  [default: begun]")
@store_option
@json_option
def list_(filters: tuple[str, ...], sort: str | None, store: Path | None, as_json: bool) -> None:
    """List all runs, interrupted and damaged ones too, oldest first.

    Columns: run, name, begun, state, data_set, settings, endpoint, model, planned, stored, failed, wer and word_p95.
    """
    import msgspec

    from workbench.reporting.tables.runs import runs_text_table
    from workbench.reporting.tables.select import matching, sorted_by
    from workbench.runs.listing import run_listings
    from workbench.store.labels import RunLabel, run_labels

    root = _root(store)
    listings = run_listings(root)[::-1]
    labels = run_labels(root)
    table = matching(runs_text_table(listings, labels), filters, item="--filter")
    if sort is not None:
        table = sorted_by(table, sort, item="--sort")
    if as_json:
        of = {listing.summary.run_id: listing for listing in listings}
        shown = [of[str(row["run"])] for row in table.rows]
        runs = [
            {
                **msgspec.to_builtins(line.summary),
                "label": labels.get(line.summary.run_id, RunLabel()),
                "configurations": [cell.name for cell in line.cells],
                "wer": line.best.wer if line.best else None,
            }
            for line in shown
        ]
        print_json({"store": str(root), "runs": runs})
    elif table.rows:
        print_table(table)
    elif listings:
        note(f"No run in {root} matches; {counted(len(listings), 'run')} without --filter")
    else:
        note(f"There is no run in {root} yet. Start one: workbench run{store_flag()}")


@runs.command(epilog="Example: workbench runs label last --name 'Friday smoke test' --tag smoke --tag release-1.8")
@run_argument
@name_option
@note_option
@click.option("--tag", "tags", multiple=True, metavar="WORD", help="Tag of the run, to find it by (repeatable).")
@store_option
@json_option
def label(
    run: str, name: str | None, note_text: str | None, tags: tuple[str, ...], store: Path | None, as_json: bool
) -> None:
    """Give a run a name, a note and tags; without options show them.

    Each option replaces the earlier value; an empty one (--tag "") removes it. The run itself is not changed.
    """
    from workbench.store.labels import RunLabel, label_run, label_tags, run_labels

    stored = _open(run, store)
    root = stored.path.parent
    given = run_labels(root).get(stored.run_id, RunLabel())
    if name is not None or note_text is not None or tags:
        given = RunLabel(
            given.name if name is None else name.strip(),
            given.note if note_text is None else note_text.strip(),
            label_tags(tags) if tags else given.tags,
        )
        label_run(root, stored.run_id, given)
    if as_json:
        print_json({"run_id": stored.run_id, "label": given})
        return
    say(f"run {stored.run_id}: {given.text or 'no name'}")
    if given.note:
        say(given.note)


@runs.command(epilog="Example: workbench runs verify last")
@run_argument
@store_option
@json_option
def verify(run: str, store: Path | None, as_json: bool) -> int:
    """Recompute hashes, row counts, certificates and scores and report differences.

    Exit code 1 if the run is damaged.
    """
    from workbench.scoring.metrics.normalize import normaliser
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
        echo(f"{'damage' if finding.damage else 'note':8}{finding}")
    verdict = "is damaged" if damaged else "is sound"
    keys = stored.keys()
    sessions = len({(key.cell, key.utterance, key.repeat) for key in keys})
    earlier = f" and {counted(len(keys) - sessions, 'earlier attempt')}" if len(keys) > sessions else ""
    echo(f"run {stored.run_id} {verdict}: {counted(sessions, 'session')}{earlier}, {counted(len(findings), 'remark')}")


@runs.command(epilog="Example: workbench runs recover last")
@run_argument
@store_option
@json_option
def recover(run: str, store: Path | None, as_json: bool) -> None:
    """Commit what an interrupted or killed run recorded; its unfinished sessions count as cancelled."""
    from workbench.scoring.metrics.normalize import normaliser
    from workbench.store import RunWriter

    stored = _open(run, store)
    if stored.committed:
        note(f"Run {stored.run_id} is committed; there is nothing to recover")
    else:
        with RunWriter.resume(stored.path) as writer:
            facts = writer.manifest.normaliser
            score = _scorer(normaliser(facts.name if facts else "clinical"))
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
    echo(f"run {stored.run_id}: {counted(counts.sessions, 'session')} stored, {counts.failed} of them failed{missing}")


@runs.command(epilog="Example: workbench runs merge shard-1/RUN shard-2/RUN shard-3/RUN")
@click.argument("shards", nargs=-1, required=True, metavar="RUN...")
@store_option
@json_option
def merge(shards: tuple[str, ...], store: Path | None, as_json: bool) -> None:
    """Merge the shards of a run or sweep (--shard I/N) into the run that one machine would have made.

    Name every shard once, by id or by folder; the shards are not changed. Missing, unfinished, duplicate or foreign
    shards are rejected.
    """
    from workbench.cli.results import result_json
    from workbench.reporting.tables.cells import summary_table
    from workbench.runs.merge import merge_runs

    root = _root(store)
    result = merge_runs([_open(shard, store) for shard in shards], root)
    if as_json:
        print_json(result_json(result))
        return
    print_table(summary_table(result.cells), store=root)
    note(f"{counted(len(shards), 'shard')}, {counted(len(result.scores), 'session')}, merged into {result.run.path}")


@runs.command(epilog="Example: workbench runs export last --format ctm -o run.ctm")
@run_argument
@click.option(
    "--format",
    "name",
    metavar="FORMAT",
    required=True,
    help="Format to write: csv, parquet, jsonl, ctm, stm, seglst, rttm, webvtt, srt, nemo, mlflow, or html (one "
    "recording with sound).",
)
@click.option(
    "--output", "-o", metavar="PATH", type=click.Path(path_type=Path),
    help="File to write, or folder for captions.  [default: RUN.FORMAT]",
)  # fmt: skip
@click.option(
    "--to", "uri", metavar="URI", help="For mlflow: tracking server, or folder.  [default: MLFLOW_TRACKING_URI]"
)
@click.option("--experiment", metavar="NAME", help="For mlflow: name of the experiment.  [default: name of the corpus]")
@click.option("--transcripts", is_flag=True, help="For mlflow: keep transcripts in the report (patient data).")
@click.option("--recording", metavar="ID", help="For html: recording to export, by id.")
@click.option(
    "--configuration",
    "cells",
    multiple=True,
    metavar="NAME",
    help="For html: configuration of the recording; two are shown in step (repeatable).  [default: the first]",
)
@click.option("--with", "other", metavar="RUN", help="For html: the same recording of this run in step with it.")
@store_option
@json_option
def export(
    run: str,
    name: str,
    output: Path | None,
    uri: str | None,
    experiment: str | None,
    transcripts: bool,
    recording: str | None,
    cells: tuple[str, ...],
    other: str | None,
    store: Path | None,
    as_json: bool,
) -> None:
    """Write a run for other tools; the files hold transcripts (patient data).

    `html` is one recording, or two sessions of it in step, with its sound and every partial, in one file. `mlflow`
    sends the run to a tracking server instead: one MLflow run per configuration, with the settings that differ, every
    headline number and the report without transcripts.
    """
    from workbench.reporting.export import export_run

    stored = _open(run, store)
    if name == "mlflow":
        _to_mlflow(stored, uri, experiment, transcripts, as_json)
        return
    if name == "html":
        export_session(stored, output, recording, cells, None if other is None else _open(other, store), as_json)
        return
    if recording is not None or cells or other is not None:
        raise click.UsageError("--recording, --configuration and --with are for --format html")
    target = output or Path(f"{stored.run_id}.{name}")
    written = export_run(stored, name, target, _audio_places(stored) if name in ("nemo", "seglst") else None)
    if as_json:
        print_json({"run_id": stored.run_id, "format": name, "files": [str(path) for path in written]})
        return
    echo(f"{counted(len(written), 'file')} in {target}" if target.is_dir() else "\n".join(map(str, written)))


def _to_mlflow(stored: StoredRun, uri: str | None, experiment: str | None, transcripts: bool, as_json: bool) -> None:
    import os

    from workbench.errors import InputError
    from workbench.reporting.mlflow_export import export_to_mlflow
    from workbench.runs.result import load_result

    address = uri or os.environ.get("MLFLOW_TRACKING_URI")
    if not address:
        raise InputError("no tracker to send the run to", item="--to", expected="a tracking server or a folder")
    ids = export_to_mlflow(load_result(stored), address, experiment=experiment, transcripts=transcripts)
    if as_json:
        print_json({"run_id": stored.run_id, "format": "mlflow", "runs": ids})
        return
    echo("\n".join(ids))
    note(f"{counted(len(ids), 'configuration')} of {stored.run_id} sent")


def _audio_places(stored: StoredRun) -> dict[str, AudioPlace]:
    """Audio of each utterance, from the corpus if it is still there."""
    from workbench.errors import WorkbenchError
    from workbench.reporting.scoring_files import AudioPlace
    from workbench.runs.manifest import corpus_of

    try:
        corpus = corpus_of(stored.manifest.corpus)
    except WorkbenchError as error:
        note(f"The corpus cannot be read, audio is named by its utterance: {error}")
        return {}
    return {
        u.id: AudioPlace(str(u.audio.resolve()), u.start_sample / u.sample_rate_hz, u.duration_s, u.channel)
        for u in corpus.utterances
    }


@runs.command(epilog="Example: workbench runs rm 20260101T120000000Z-3fa9c1")
@click.argument("run")
@click.option("--yes", is_flag=True, help="Remove without asking.")
@store_option
@json_option
def rm(run: str, yes: bool, store: Path | None, as_json: bool) -> None:
    """Remove a run with its messages, transcripts and scores; asks first."""
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
        echo(f"removed {stored.run_id}")
