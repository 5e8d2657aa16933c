"""Runs: every stored run, searchable, with what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from workbench.app import data, job_panel, run_actions
from workbench.app.frame import empty, guarded, head
from workbench.app.showing import ROWS, table
from workbench.headlines import RunLine
from workbench.run_tables import runs_table
from workbench.tables import Table

__all__ = ["page"]

_ORDER = (
    "created", "state", "corpus", "n", "failed", "left_out", "wer", "p50_ms", "p95_ms", "best", "target", "run_id",
)  # fmt: skip
_SHOWN = (*_ORDER[:9], "course", *_ORDER[9:11], "differing", _ORDER[11])
_STATES = ("committed", "live", "interrupted", "damaged")


def page() -> None:
    """Draw the page."""
    head("Runs", "Every stored run: what was played, to whom, and what came of it.")
    with guarded():
        found = data.lines()
        if not found:
            what = "One line a run appears here: state, target, settings that differ, errors, delays and their course."
            if empty(what, "Play the sample sweep", "runs_empty"):
                job_panel.start_demo()
                st.rerun()
            job_panel.panel("runs")
            return
        job_panel.panel("runs")
        shown = _filtered(found)
        picked = _listed(shown, len(found))
        run_actions.bar([shown[place] for place in picked], found)


def _filtered(found: Sequence[RunLine]) -> list[RunLine]:
    left, middle, right = st.columns([3, 2, 2])
    text = left.text_input(
        "Search", key="runs_search", bind="query-params", placeholder="run, corpus, target, configuration"
    )
    states = middle.multiselect("State", _STATES, key="runs_state", bind="query-params")
    corpora = sorted({line.summary.corpus for line in found if line.summary.corpus})
    corpus = right.multiselect("Corpus", corpora, key="runs_corpus", bind="query-params")
    words = text.casefold().split()
    return [
        line
        for line in found
        if (not states or line.summary.status in states)
        and (not corpus or line.summary.corpus in corpus)
        and all(word in _haystack(line) for word in words)
    ]


def _haystack(line: RunLine) -> str:
    summary = line.summary
    told = (summary.run_id, summary.corpus, summary.endpoint, summary.recogniser, *(cell.name for cell in line.cells))
    return " ".join(part for part in told if part).casefold()


def _listed(shown: list[RunLine], total: int) -> list[int]:
    """The table; returns the places of the picked rows."""
    if len(shown) < total:
        st.caption(f"{len(shown):,} of {total:,} runs; the filters hide {total - len(shown):,}.")
    listed = runs_table(shown)
    bar = st.column_config.ProgressColumn
    extra = {
        "wer": bar("WER [%]", min_value=0, max_value=100, format="%.1f", help="of the best configuration"),
        "course": st.column_config.LineChartColumn("WER over the run", y_min=0, help="in the order of playing"),
        "differing": st.column_config.Column("settings", help="what the configurations differ in"),
    }
    more: dict[str, list[Any]] = {
        "course": [list(line.course) for line in shown[:ROWS]],
        "differing": [_differing(line) for line in shown[:ROWS]],
    }
    columns = {column.key: column for column in listed.columns}
    rows = Table(tuple(columns[key] for key in _ORDER), listed.rows, listed.notes)
    event = table(rows, "runs_table", "All stored runs", extra=extra, more=more, select="multi-row", order=_SHOWN)
    return list(event.selection.rows) if event is not None else []


def _differing(line: RunLine) -> str:
    """Configurations of a run in few words; their names already say what differs."""
    names = [cell.name for cell in line.cells]
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
