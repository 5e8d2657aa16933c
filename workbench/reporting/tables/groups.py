"""Parts of configurations side by side: one row a part, a few metrics each with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from workbench.reporting.tables.table import Column, Table, column_of, end_of, table_of
from workbench.scoring.breakdown import parts_of
from workbench.scoring.measured import Measured, measure
from workbench.scoring.metric import Metric
from workbench.scoring.session import SessionScore

__all__ = ["groups_table"]

_Part = tuple[str, str, Mapping[str, Measured]]


def groups_table(
    scores: Sequence[SessionScore], grouping: str, metrics: Sequence[Metric], seed: int, cells: Sequence[str]
) -> Table:
    """One row a part of a configuration.

    Args:
        scores: every session of a run.
        grouping: how to cut.
        metrics: columns, in this order.
        seed: random seed of the bootstrap.
        cells: configurations in the order of the run.
    """
    parts = [
        (cell, name, {metric.key: measure(sessions, metric, seed).shown(metric) for metric in metrics})
        for (cell, name), sessions in parts_of(scores, grouping, cells).items()
    ]
    columns: tuple[Column[_Part], ...] = (
        Column("audio", "audio", lambda p: p[0], explain="audio configuration"),
        Column("slice", grouping, lambda p: p[1], explain="what its sessions have in common"),
        Column("n", "n", lambda p: max(measured.n for measured in p[2].values()), explain="utterances"),
        *(column for metric in metrics for column in _columns(metric)),
    )
    notes = [] if parts else [f"no session of this run has a {grouping}"]
    return table_of(columns, parts, notes)


def _columns(metric: Metric) -> tuple[Column[_Part], ...]:
    value: Column[_Part] = column_of(metric, lambda p: p[2][metric.key].value)

    def end(side: Literal["low", "high"]) -> Column[_Part]:
        explain = "95 %, utterances as blocks"
        column: Column[_Part] = column_of(metric, lambda p: end_of(p[2][metric.key].interval, side), explain)
        return replace(column, key=f"{column.key}_{side}", title=f"{column.title} {side}")

    return value, end("low"), end("high")
