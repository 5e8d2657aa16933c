"""The table of stored runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from workbench.reporting.tables.table import Column, Table, metric_column, table_of
from workbench.runs.listing import RunListing
from workbench.store.labels import RunLabel
from workbench.units import ms

__all__ = ["RUN_COLUMNS", "runs_table", "runs_text_table", "state_of", "target_of"]


def target_of(line: RunListing) -> str | None:
    """Who answered; a recogniser is named where it was simulated."""
    summary = line.summary
    if summary.endpoint is None:
        return None
    return f"{summary.endpoint}, {summary.recogniser}" if summary.recogniser else summary.endpoint


def state_of(line: RunListing) -> str:
    """Status for people: the four states that must not be mistaken for each other, else the status itself."""
    summary = line.summary
    if summary.status == "committed" and not line.cells:
        return "missing scores"
    if summary.status == "committed" and summary.counts.sessions and summary.counts.failed == summary.counts.sessions:
        return "failed"
    return summary.status


def _begun(line: RunListing) -> str | None:
    created = line.summary.created
    return created.replace("T", " ")[:16] if created else None


def _word_columns() -> tuple[Column[RunListing], ...]:
    """The short keys are those of the JSON of a list."""
    same = "of the same"
    p50: Column[RunListing] = metric_column("word_latency_p50", lambda r: ms(r.best.p50_ns) if r.best else None, same)
    p95: Column[RunListing] = metric_column("word_latency_p95", lambda r: ms(r.best.p95_ns) if r.best else None, same)
    return replace(p50, key="p50_ms"), replace(p95, key="p95_ms")


RUN_COLUMNS: tuple[Column[RunListing], ...] = (
    Column("run_id", "run", lambda r: r.summary.run_id, explain="sorts by age"),
    Column("created", "begun", _begun, explain="UTC"),
    Column("state", "state", state_of, explain="committed, live, interrupted, damaged, failed or missing scores"),
    Column("corpus", "corpus", lambda r: r.summary.corpus, explain="what was played"),
    Column("target", "target", target_of, explain="who answered; a recogniser is named where it was simulated"),
    Column("simulated", "simulated", lambda r: r.simulated, explain="a simulator answered, not the service"),
    Column("cells", "configurations", lambda r: r.summary.cells, explain="audio configurations"),
    Column("n", "sessions", lambda r: r.summary.counts.sessions, explain="stored, failed ones included"),
    Column("failed", "failed", lambda r: r.summary.counts.failed, explain="excluded from averages"),
    Column("left_out", "invalid pacing", lambda r: r.left_out, explain="sessions whose latencies do not count"),
    Column("best", "best configuration", lambda r: r.best.name if r.best else None, explain="lowest WER"),
    metric_column("wer", lambda r: r.best.wer if r.best else None, "of the best configuration"),
    Column("normaliser", "normaliser", lambda r: r.normaliser, explain="text normaliser of the WER"),
    *_word_columns(),
)


def runs_table(lines: Sequence[RunListing]) -> Table:
    """One row a run, in the order given; the notes say why a run cannot be read."""
    notes = tuple(f"{r.summary.run_id}: {r.summary.problem}" for r in lines if r.summary.problem)
    return table_of(RUN_COLUMNS, lines, notes)


_SETTINGS = 4
"""Configurations of a run that a list names."""


def _settings(line: RunListing) -> str | None:
    """Names of the configurations, which say what differs between them."""
    names = [cell.name for cell in line.cells]
    more = f" and {len(names) - _SETTINGS} more" if len(names) > _SETTINGS else ""
    return (", ".join(names[:_SETTINGS]) + more) or None


def runs_text_table(lines: Sequence[RunListing], labels: Mapping[str, RunLabel]) -> Table:
    """One row a run as a terminal shows it, in the order given.

    Args:
        lines: the runs.
        labels: what people call them, by run id.
    """
    best = "of the configuration with the lowest WER"
    p95: Column[RunListing] = metric_column("word_latency_p95", lambda r: ms(r.best.p95_ns) if r.best else None, best)
    columns: tuple[Column[RunListing], ...] = (
        Column("run", "run", lambda r: r.summary.run_id, explain="sorts by age"),
        Column("name", "name", lambda r: labels.get(r.summary.run_id, RunLabel()).text or None, explain="with tags"),
        Column("begun", "begun", _begun, explain="UTC"),
        Column("state", "state", state_of, explain="committed, live, interrupted, damaged, failed or missing scores"),
        Column("data_set", "data set", lambda r: r.summary.corpus),
        Column("settings", "settings", _settings, explain="names of the configurations"),
        Column("endpoint", "endpoint", lambda r: r.summary.endpoint),
        Column("model", "model", lambda r: r.summary.recogniser, explain="of the simulator"),
        Column("planned", "planned", lambda r: r.summary.counts.planned, explain="sessions", whole=True),
        Column("stored", "stored", lambda r: r.summary.counts.sessions, explain="sessions", whole=True),
        Column("failed", "failed", lambda r: r.summary.counts.failed, explain="sessions", whole=True),
        metric_column("wer", lambda r: r.best.wer if r.best else None, best),
        replace(p95, key="word_p95"),
    )
    notes = [r.summary.problem for r in lines if r.summary.problem]
    if any(len(r.cells) > 1 for r in lines):
        notes.append("WER and word p95 of a run with several configurations are those of the one with the lowest WER")
    return table_of(columns, lines, notes)
