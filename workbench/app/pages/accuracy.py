"""Accuracy: how much of an error rate is spelling, what is clinically wrong, and which words are confused."""

from __future__ import annotations

import streamlit as st

from workbench.app import data, job_panel, privacy
from workbench.app.choosing import choose_run
from workbench.app.data import Chosen
from workbench.app.frame import empty, guarded, head, state
from workbench.app.router import page_of
from workbench.app.showing import chart, table
from workbench.drawing import slices_figure
from workbench.metrics.normalize import NORMALISERS
from workbench.plots import wer_figure
from workbench.run_tables import confusions_table, ladder_table, slices_table
from workbench.scored import RunResult
from workbench.slices import SLICINGS
from workbench.tables import Table, accuracy_table, cells_table

__all__ = ["page"]

_METRICS = {
    "wer": "WER",
    "wer_raw": "raw WER",
    "medical_wer": "medical WER",
    "term_recall": "term recall",
    "drug_recall": "drug recall",
    "value_accuracy": "value accuracy",
    "negations_kept": "negations kept",
    "sides_kept": "sides kept",
}
_WORDS = ("audio", "wer", "substitutions", "deletions", "insertions", "reference_words", "cer", "wer_raw", "punctuation_error", "case_error")  # fmt: skip  # noqa: E501
_MEANING = ("audio", "medical_wer", "term_recall", "term_precision", "drug_recall", "value_accuracy", "value_written", "negations_kept", "sides_kept", "wder", "streaming_penalty")  # fmt: skip  # noqa: E501
_EVERY = "every configuration"
_CONFUSED = 100


def page() -> None:
    """Draw the page."""
    head("Accuracy", "What was heard wrong: as written, as spoken, and in what matters for a patient.")
    with guarded():
        found = [line for line in data.lines() if not line.summary.problem and line.cells]
        if not found:
            what = "Error rates with intervals, medical terms and values, confused words and parts appear here."
            if empty(what, "Play the sample sweep", "accuracy_empty"):
                job_panel.start_demo()
                st.rerun()
            job_panel.panel("accuracy")
            return
        run = choose_run("accuracy", found)
        if run is not None:
            _accuracy(run, data.result(run.run_id, run.content))


def _accuracy(run: Chosen, result: RunResult) -> None:
    if not any(cell.words.reference for cell in result.cells):
        state("missing", "no session of this run has words that could be scored")
        return
    left, right = st.columns(2)
    with left:
        st.subheader("Word error rate", anchor=False)
        st.caption(f"Normaliser {result.cells[0].normaliser}; intervals are bootstrapped over utterances.")
        alt = f"Word error rate of {len(result.cells)} configurations with 95 % intervals"
        chart(wer_figure(result.cells).update_layout(title=None), alt, cells_table(result.cells), "accuracy_wer")
    with right:
        st.subheader("From raw to clinical", anchor=False)
        st.caption("How much of the rate is spelling: the same sessions under every normaliser.")
        table(
            ladder_table(data.rungs(run.run_id, run.content)), "accuracy_ladder", "Word errors under every normaliser"
        )
    every = accuracy_table(result.cells)
    for title, keys, key in (
        ("Words", _WORDS, "accuracy_words"),
        ("Terms, values and meaning", _MEANING, "accuracy_meaning"),
    ):
        st.subheader(title, anchor=False)
        # A column of gaps says nothing: speakers are told apart in few corpora.
        known = {k for k in keys if any(row[k] is not None for row in every.rows)}
        columns = tuple(column for column in every.columns if column.key in known)
        table(Table(columns, every.rows), key, f"{title} by configuration")
    _parts(run, result)
    _confused(run, result)


def _parts(run: Chosen, result: RunResult) -> None:
    st.subheader("By part", anchor=False)
    left, right = st.columns(2)
    slicing = left.selectbox("Cut by", SLICINGS, key="accuracy_cut", bind="query-params")
    metric = right.selectbox(
        "Metric", list(_METRICS), key="accuracy_metric", bind="query-params", format_func=_METRICS.__getitem__
    )
    found = data.parts(run.run_id, run.content, f"{slicing} {metric}")
    listed = slices_table(found, "%")
    if not any(row["value"] is not None for row in listed.rows):
        state("missing", f"the sessions have no {slicing} with a {_METRICS[metric]}")
        return
    alt = f"{_METRICS[metric]} by {slicing} with 95 % intervals"
    chart(slices_figure(listed.rows, "%", _METRICS[metric]), alt, listed, "accuracy_parts")
    thin = sum(row["low"] is None for row in listed.rows)
    if thin:
        st.caption(f"{thin} of {len(listed.rows)} parts have fewer than two utterances and so no interval.")


def _confused(run: Chosen, result: RunResult) -> None:
    st.subheader("Confused words", anchor=False)
    left, right = st.columns(2)
    used = result.cells[0].normaliser
    names = sorted(NORMALISERS, key=lambda name: name != used)
    name = left.selectbox("Normaliser", names, key="accuracy_normaliser", bind="query-params")
    cell = right.selectbox(
        "Configuration", [_EVERY, *(c.cell for c in result.cells)], key="accuracy_cell", bind="query-params"
    )
    found = data.swaps(run.run_id, run.content, f"{name} {'' if cell == _EVERY else cell}")
    if not found:
        st.caption("No word was heard wrong.")
        return
    if privacy.hidden():
        st.caption("Privacy mode hides the words.")
    errors, more = sum(one.count for one in found), max(0, len(found) - _CONFUSED)
    st.caption(f"{errors:,} errors of {len(found):,} kinds; {more:,} kinds are not shown.")
    shown = found[:_CONFUSED]
    event = table(
        confusions_table(shown, hide_words=privacy.hidden()), "accuracy_swaps", "Confused words, commonest first",
        select="single-row",
    )  # fmt: skip
    if event is not None and event.selection.rows:
        one = shown[event.selection.rows[0]]
        if st.button(f"Open {one.utterance} in {one.cell}", key="accuracy_open", icon=":material/manage_search:"):
            query = {"inspect_run": run.run_id, "inspect_utterance": one.utterance, "inspect_cell": one.cell}
            st.switch_page(page_of("inspect"), query_params=query)
