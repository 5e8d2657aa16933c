"""Stored runs as a table: what a screen has room for, in the words of people; everything on request."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import streamlit as st

from workbench.app import data
from workbench.app.parts.chart import ROWS, table
from workbench.app.parts.page import STATES
from workbench.reporting.tables.runs import runs_table, state_of
from workbench.reporting.tables.table import Table
from workbench.runs.listing import RunListing
from workbench.scoring.measures import METRICS
from workbench.store.labels import RunLabel

__all__ = ["EVERY", "FEW", "run_list"]

FEW = ("name", "created", "state", "corpus", "target", "differing", "n", "wer", "p50_ms", "p95_ms")
"""Columns that fit beside each other, from left to right."""
EVERY = (
    "name", "created", "state", "corpus", "target", "differing", "n", "failed", "left_out", "best", "wer", "normaliser",
    "p50_ms", "p95_ms", "course", "run_id",
)  # fmt: skip
_OWN = ("name", "differing", "course")
_NAMED = 3


def run_list(
    shown: Sequence[RunListing], keys: Collection[str], key: str, alt: str, *, select: str = "multi-row"
) -> list[int]:
    """Draw the table; returns the places of the ticked rows.

    Args:
        shown: the runs, in their order.
        keys: columns from left to right; the names of runs are left out where none has one, the target where it is
            the same for all.
        key: unique on the page.
        alt: description in words.
        select: ``single-row`` or ``multi-row``.
    """
    labels = data.labels()
    names = [labels.get(line.summary.run_id, RunLabel()).text or None for line in shown[:ROWS]]
    listed = runs_table(shown)
    rows = tuple({**row, "state": _state(line)} for row, line in zip(listed.rows, shown, strict=True))
    same: tuple[str, ...] = () if any(names) else ("name",)
    if keys != EVERY and len({row["target"] for row in rows if row["target"]}) < 2:
        same += ("target",)
    order = tuple(one for one in keys if one not in same)
    more: dict[str, list[Any]] = {
        "name": names,
        "differing": [_differing(line) for line in shown[:ROWS]],
        "course": [list(line.course) for line in shown[:ROWS]],
    }
    columns = {column.key: column for column in listed.columns}
    event = table(
        Table(tuple(columns[one] for one in order if one not in _OWN), rows, listed.notes), key, alt,
        extra=_drawn(wide=bool(same)),
        more={one: values for one, values in more.items() if one in order}, select=select, order=order,
    )  # fmt: skip
    return list(event.selection.rows) if event is not None else []


def _drawn(*, wide: bool) -> dict[str, Any]:
    text, number = st.column_config.TextColumn, st.column_config.NumberColumn
    return {
        "name": text("name", width=110, help="with its tags; given on the page of the run"),
        "state": text("state", width=100, help="done, running, stopped, failed, damaged or without scores"),
        "corpus": text("data set", width=85, help="what was played"),
        "target": text("target", width=130, help="who answered; a recogniser is named where it was simulated"),
        "differing": text(
            "configurations", width=250 if wide else 150, help="what was played under; their names say what differs"
        ),
        "left_out": number("not timed", help="sessions whose latencies do not count"),
        "wer": number(METRICS["wer"].axis, format="%.1f", help="of the best configuration"),
        "course": st.column_config.LineChartColumn("WER over the run", y_min=0, help="in the order of playing"),
    }


def _state(line: RunListing) -> str:
    failed = line.summary.counts.failed
    state = state_of(line)
    return STATES.get(state, state) + (f", {failed} failed" if failed and state == "committed" else "")


def _differing(line: RunListing) -> str:
    """Configurations of a run in few words; their names already say what differs."""
    names = [cell.name for cell in line.cells]
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
