"""Runs: every stored run, searchable, with what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from workbench.app import data
from workbench.app.parts import jobs as job_panel
from workbench.app.parts import run_actions
from workbench.app.parts.page import STATES, excluded_note, guarded, head
from workbench.app.parts.run_list import EVERY, FEW, run_list
from workbench.reporting.tables.runs import target_of
from workbench.runs.listing import RunListing
from workbench.store.labels import RunLabel

__all__ = ["page"]

_STATES = ("committed", "live", "interrupted", "damaged")


def page() -> None:
    """Draw the page."""
    head("Runs", "Every stored run: what was played, to whom, and what came of it.")
    with guarded():
        lines = data.rated()
        if not lines:
            what = "One line a run appears here: state, target, settings that differ, errors, delays and their course."
            job_panel.nothing_yet("runs", what)
            return
        job_panel.panel("runs")
        shown = _filtered(lines)
        picked = _listed(shown, len(lines))
        excluded_note(shown)
        run_actions.bar([shown[place] for place in picked], lines)


def _filtered(lines: Sequence[RunListing]) -> list[RunListing]:
    labels = data.labels()
    left, *places = st.columns([3, 2, 2, 2, 2] if any(label.tags for label in labels.values()) else [3, 2, 2, 2])
    text = left.text_input(
        "Search", key="runs_search", bind="query-params", placeholder="name, tag, run, data set, target"
    )
    states = places[0].multiselect(
        "State", _STATES, key="runs_state", bind="query-params", format_func=lambda status: STATES.get(status, status)
    )
    corpora = sorted({line.summary.corpus for line in lines if line.summary.corpus})
    corpus = places[1].multiselect("Data set", corpora, key="runs_corpus", bind="query-params")
    known = sorted({name for line in lines if (name := target_of(line))})
    targets = places[2].multiselect("Target", known, key="runs_target", bind="query-params")
    tags = sorted({tag for label in labels.values() for tag in label.tags})
    tag = places[3].multiselect("Tag", tags, key="runs_tag", bind="query-params") if tags else []
    words = text.casefold().split()
    return [
        line
        for line in lines
        if (not states or line.summary.status in states)
        and (not corpus or line.summary.corpus in corpus)
        and (not targets or target_of(line) in targets)
        and (not tag or set(tag) & set(labels.get(line.summary.run_id, RunLabel()).tags))
        and (not words or _holds(line, labels.get(line.summary.run_id, RunLabel()), words))
    ]


def _holds(line: RunListing, label: RunLabel, words: Sequence[str]) -> bool:
    """Whether every word stands in what is said of a run."""
    summary = line.summary
    fields = (
        label.name,
        label.note,
        *label.tags,
        summary.run_id,
        summary.corpus,
        summary.endpoint,
        summary.recogniser,
        *(cell.name for cell in line.cells),
    )
    text = " ".join(part for part in fields if part).casefold()
    return all(word in text for word in words)


def _listed(shown: list[RunListing], total: int) -> list[int]:
    """The table; returns the places of the picked rows."""
    if len(shown) < total:
        st.caption(f"{len(shown):,} of {total:,} runs; the filters hide {total - len(shown):,}.")
    every = st.toggle("Every column", key="runs_every", bind="query-params")
    return run_list(shown, EVERY if every else FEW, "runs_table", "All stored runs")
