"""Compare: one configuration or run against another, utterance by utterance, with intervals and a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from workbench.app import data, job_panel
from workbench.app.changed_utterances import changed
from workbench.app.choosing import choose_run, label_of, link_to
from workbench.app.data import Chosen, chosen
from workbench.app.frame import empty, guarded, head, plain, state
from workbench.app.showing import chart, table
from workbench.compare_plots import heat_figure
from workbench.comparisons import PairedCells, RunComparison
from workbench.delta_tables import every_pair_table, settings_table, told_table
from workbench.headlines import RunLine
from workbench.plots import pareto_figure
from workbench.scoring import CellScore
from workbench.tables import Column, cells_table

__all__ = ["page"]

_PINS = 5


def page() -> None:
    """Draw the page."""
    head("Compare", "What changes between two configurations or runs, and whether that is more than noise.")
    with guarded():
        found = [line for line in data.lines() if not line.summary.problem and line.cells]
        if not found:
            what = "A verdict, paired differences with intervals, and errors against delay appear here."
            if empty(what, "Play the sample sweep", "compare_empty"):
                job_panel.start_demo()
                st.rerun()
            job_panel.panel("compare")
            return
        several = next((line.summary.run_id for line in found if len(line.cells) > 1), None)
        baseline = choose_run("compare", found, label="Run, the baseline", default=several)
        if baseline is not None:
            _compare(baseline, found)


def _compare(baseline: Chosen, found: Sequence[RunLine]) -> None:
    chosen_line = next(line for line in found if line.summary.run_id == baseline.run_id)
    pins = _pins(baseline, found)
    if not pins and len(chosen_line.cells) < 2:
        state("missing", "this run has one configuration; choose a second run to compare it with")
        return
    runs = [baseline, *pins]
    compared = data.comparison(" ".join(r.run_id for r in runs), " ".join(r.content for r in runs))
    for line in compared.warnings:
        st.warning(plain(line), icon=":material/warning:")
    names = [pair.candidate for pair in compared.pairs]
    name = (
        st.selectbox("Against the baseline", names, key="compare_pair", bind="query-params")
        if len(names) > 1
        else names[0]
    )
    pair = next((p for p in compared.pairs if p.candidate == name), compared.pairs[0])
    _verdict(pair, compared)
    _differences(pair, compared)
    changed(pair, runs[-1].run_id if len(runs) == 2 else baseline.run_id)
    _all_pairs(compared, runs)


def _pins(baseline: Chosen, found: Sequence[RunLine]) -> list[Chosen]:
    """Further runs, at most five; bound to the address by their ids."""
    others = {line.summary.run_id: line for line in found if line.summary.run_id != baseline.run_id}
    if "compare_pins" not in st.session_state:
        st.session_state["compare_pins"] = [r for r in st.query_params.get("compare_pins", "").split() if r in others]
    st.session_state["compare_pins"] = [r for r in st.session_state["compare_pins"] if r in others]
    picked = st.multiselect(
        "Other runs",
        list(others),
        key="compare_pins",
        format_func=lambda run_id: label_of(others[run_id]),
        max_selections=_PINS,
        placeholder="none: the configurations of this run are compared with its first",
    )
    link_to("compare_pins", " ".join(picked) or None)
    return [chosen(run_id) for run_id in picked]


def _verdict(pair: PairedCells, compared: RunComparison) -> None:
    with st.container(border=True):
        st.markdown(f"**{pair.candidate}** against {pair.baseline}")
        st.markdown(f"#### {pair.verdict.sentence}", help="p-values are adjusted after Holm over all metrics and pairs")
        floor = compared.floor
        told = f"Noise floor: {compared.floor_origin}" + (f", n = {floor.n}." if floor else ".")
        st.caption(f"{told} Left out: {len(pair.comparison.unpaired)} utterances that one side lacks or failed.")


def _differences(pair: PairedCells, compared: RunComparison) -> None:
    left, right = st.columns([7, 3])
    with left:
        st.subheader("Differences", anchor=False)
        found = told_table(pair, compared.floor)
        hide = tuple(c.key for c in found.columns if all(row[c.key] is None for row in found.rows))
        texts = {c.key: _right(c) for c in found.columns if c.key not in ("metric", "n", "reason")}
        table(found, "compare_deltas", "Paired differences by metric, with intervals", hide=hide, extra=texts)
    with right:
        st.subheader("What differs", anchor=False)
        differing = settings_table(pair)
        if differing.rows:
            table(differing, "compare_settings", "Settings that are not the same on both sides")
        else:
            st.caption("No setting differs: this is the same configuration twice.")


def _right(column: Column[Any]) -> Any:  # noqa: ANN401  Streamlit's configuration
    """Numbers that are written out with their unit still stand below each other."""
    return st.column_config.TextColumn(column.title, help=column.explain or None, alignment="right")


def _all_pairs(compared: RunComparison, runs: Sequence[Chosen]) -> None:
    cells = _cells(runs)
    st.subheader("Errors against delay", anchor=False)
    alt = f"WER against the 95th percentile of word latency for {len(cells)} configurations; lower left is better"
    figure = (
        pareto_figure(cells)
        .update_layout(title=None, margin={"r": 160})
        .update_traces(textposition="top right", cliponaxis=False)
    )
    chart(figure, alt, cells_table(cells), "compare_pareto")
    st.subheader("Every metric", anchor=False)
    st.caption(
        "Change from the baseline, in percentage points or ms. Orange is worse, green is better, ● is shown to differ."
    )
    alt = f"Change of every metric for {len(compared.pairs)} configurations against the baseline"
    chart(heat_figure(compared.pairs), alt, every_pair_table(compared), "compare_heat")


def _cells(runs: Sequence[Chosen]) -> list[CellScore]:
    """Configurations of all runs, told apart by the end of the run's id where there are several."""
    if len(runs) == 1:
        return data.result(runs[0].run_id, runs[0].content).cells
    return [
        replace(cell, cell=f"{cell.cell} · {run.run_id[-6:]}")
        for run in runs
        for cell in data.result(run.run_id, run.content).cells
    ]
