"""Accuracy: how much of an error rate is spelling, what is clinically wrong, and which words are confused."""

from __future__ import annotations

import json

import streamlit as st

from workbench.app import data, privacy
from workbench.app.data import Chosen
from workbench.app.parts import jobs as job_panel
from workbench.app.parts.chart import chart, table
from workbench.app.parts.numbers import metric_number
from workbench.app.parts.page import folded, guarded, head, plain, state
from workbench.app.parts.run_picker import choose_cell, choose_run
from workbench.app.router import page_of
from workbench.reporting.figures.breakdown import breakdown_figure
from workbench.reporting.figures.run import wer_figure
from workbench.reporting.tables.analysis import alike_table, breakdown_table, confusions_table, ladder_table
from workbench.reporting.tables.cells import accuracy_table, cells_table, meaning_table
from workbench.reporting.tables.table import Table
from workbench.runs.result import RunResult
from workbench.scoring.breakdown import groupings
from workbench.scoring.cells import CellScore
from workbench.scoring.measures import METRICS
from workbench.scoring.metric import Counts, Face
from workbench.scoring.metrics.normalize import NORMALISERS
from workbench.units import counted

__all__ = ["accuracy_of", "page"]

_METRICS = [
    key for key, row in METRICS.items() if row.gated and "accuracy" in row.tables and isinstance(row.source, Counts)
]
"""What may be grouped by tag, speaker or length: every rate of its tables that a gate may limit."""
_NUMBERS = (
    ("Word error rate", "wer", "no words"),
    ("Critical errors per 100 words", "critical_errors", "no words"),
    ("Values kept", "value_accuracy", "no value was said"),
)
_RATES = "wer critical_errors value_accuracy term_recall drug_recall negations_kept sides_kept"
"""What has an interval on this page."""
_EVERY = "every configuration"
_CONFUSED = 100


def page() -> None:
    """Draw the page."""
    head("Accuracy", "What was heard wrong: as written, as spoken, and in what matters for a patient.")
    with guarded():
        scored = [line for line in data.lines() if not line.summary.problem and line.cells]
        if not scored:
            what = "Error rates with intervals, medical terms and values, confused words and groups appear here."
            job_panel.nothing_yet("accuracy", what)
            return
        run = choose_run("accuracy", scored)
        if run is not None:
            accuracy_of(run, data.result(run.run_id, run.content))


def accuracy_of(run: Chosen, result: RunResult) -> None:
    """Draw what stands below the choice of a run."""
    if not any(cell.words.reference for cell in result.cells):
        state("missing", "no session of this run has words that could be scored")
        return
    _answer(run, result)
    _rates(run, result)
    _meaning(run, result)
    _groups(run, result)
    _confused(run, result)
    if (box := folded("Every count", "accuracy_every", ":material/table:")) is not None:
        with box:
            _every(result)


def _answer(run: Chosen, result: RunResult) -> None:
    rates = data.rates(run.run_id, run.content, _RATES)
    cell = choose_cell(result, "accuracy_of")
    st.markdown(f"## {plain(_sentence(cell))}")
    with st.container(horizontal=True):
        for title, key, why in _NUMBERS:
            metric_number(title, key, rates[cell.cell, key], cell.reasons.get(key) or why)
    for told in data.streaming(run.run_id, run.content):
        st.markdown(plain(told))
    if result.excluded:
        st.caption(f"{len(result.excluded)} recordings are excluded because their reference is marked as wrong.")


def _sentence(cell: CellScore) -> str:
    words = cell.words
    if words.rate is None:
        return "No recording of this configuration has words that could be scored."
    counts = f"{words.substitutions:,} replaced, {words.deletions:,} missing, {words.insertions:,} added"
    return f"{METRICS['wer'].text(words.rate)} of {words.reference:,} words were wrong: {counts}."


def _rates(run: Chosen, result: RunResult) -> None:
    if len(result.cells) > 1:
        st.header("Word error rate", anchor=False)
        alt = f"Word error rate of {len(result.cells)} configurations with 95 % intervals"
        figure = wer_figure(result.cells).update_layout(title=None, height=110 + 40 * len(result.cells))
        chart(figure, alt, lambda: cells_table(result.cells), "accuracy_wer")
        st.caption(f"Normaliser {result.cells[0].normaliser}; intervals are bootstrapped over recordings.")
    st.header("Effect of text normalisation", anchor=False)
    st.caption("How much of the rate is spelling: the same recordings under every normaliser, the strictest first.")
    table(ladder_table(data.rungs(run.run_id, run.content)), "accuracy_ladder", "Word errors under every normaliser")
    if (box := folded("What was counted as the same", "accuracy_same", ":material/equal:")) is None:
        return
    with box:
        if privacy.hidden():
            st.caption("Privacy mode hides the words.")
            return
        found = data.same(run.run_id, run.content)
        if not found:
            st.caption("Nothing: what was heard right is written as in the reference.")
            return
        st.caption("Under the normaliser of a row and all below it; under those above it is an error.")
        table(alike_table(found), "accuracy_alike", "Writings that are counted as the same")


def _meaning(run: Chosen, result: RunResult) -> None:
    st.header("Values, terms, negations and sides", anchor=False)
    listed = meaning_table(result.cells, data.rates(run.run_id, run.content, _RATES))
    if listed.rows:
        table(listed, "accuracy_meaning", "What became of values, terms, negations and sides")
    else:
        st.caption("The references hold no value, term, negation or side, and none was invented.")


def _groups(run: Chosen, result: RunResult) -> None:
    st.header("By group", anchor=False)
    options = groupings(result.scores)
    if not options:
        st.caption("These recordings carry no tags and name no speaker; their lengths are known once scored again.")
        return
    left, right = st.columns(2)
    grouping = left.selectbox("Group by", options, key="accuracy_cut", bind="query-params")
    key = right.selectbox(
        "Metric", _METRICS, key="accuracy_metric", bind="query-params", format_func=lambda key: METRICS[key].title
    )
    metric = METRICS[key]
    listed = breakdown_table(data.parts(run.run_id, run.content, json.dumps([grouping, key])), metric)
    if not any(row["value"] is not None for row in listed.rows):
        state("missing", f"no {grouping} of these recordings has a {metric.title}")
        return
    alt = f"{metric.title} by {grouping} with 95 % intervals"
    cells = [cell.cell for cell in result.cells]
    chart(breakdown_figure(listed.rows, metric, cells), alt, listed, "accuracy_parts")
    thin = sum(row["low"] is None for row in listed.rows)
    if thin:
        st.caption(f"{thin} of {len(listed.rows)} groups have fewer than two recordings and so no interval.")


def _confused(run: Chosen, result: RunResult) -> None:
    st.header("Confused words", anchor=False)
    left, right = st.columns(2)
    used = result.cells[0].normaliser
    names = sorted(NORMALISERS, key=lambda name: name != used)
    name = left.selectbox("Normaliser", names, key="accuracy_normaliser", bind="query-params")
    cell = right.selectbox(
        "Configuration", [_EVERY, *(c.cell for c in result.cells)], key="accuracy_cell", bind="query-params"
    )
    confusions = data.swaps(run.run_id, run.content, f"{name} {'' if cell == _EVERY else cell}")
    if not confusions:
        st.caption("No word was heard wrong.")
        return
    if privacy.hidden():
        st.caption("Privacy mode hides the words.")
    errors, more = sum(one.count for one in confusions), max(0, len(confusions) - _CONFUSED)
    hidden = f"; {counted(more, 'kind')} not shown" if more else ""
    st.caption(f"{counted(errors, 'error')} of {counted(len(confusions), 'kind')}{hidden}.")
    shown = confusions[:_CONFUSED]
    event = table(
        confusions_table(shown, hide_words=privacy.hidden()), "accuracy_swaps", "Confused words, commonest first",
        select="single-row",
    )  # fmt: skip
    if event is not None and event.selection.rows:
        one = shown[event.selection.rows[0]]
        if st.button(f"Open {one.utterance} in {one.cell}", key="accuracy_open", icon=":material/manage_search:"):
            query = {"inspect_run": run.run_id, "inspect_utterance": one.utterance, "inspect_cell": one.cell}
            st.switch_page(page_of("inspect"), query_params=query)


def _every(result: RunResult) -> None:
    every = accuracy_table(result.cells)
    faces: tuple[tuple[str, Face], ...] = (("Words", "words"), ("Terms, values and meaning", "meaning"))
    for title, face in faces:
        st.markdown(f"**{title}**")
        keys = {"audio", *(metric.name for metric in METRICS.values() if face in metric.tables)}
        # A column of gaps says nothing: speakers are told apart in few corpora.
        known = {k for k in keys if any(row[k] is not None for row in every.rows)}
        columns = tuple(column for column in every.columns if column.key in known)
        table(Table(columns, every.rows), f"accuracy_{face}", f"{title} by configuration")
