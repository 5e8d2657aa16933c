"""Latency: how late words are, in the whole and in the tail, over the run and by stage, and how far to trust it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from workbench.app import data, job_panel
from workbench.app.choosing import choose_run
from workbench.app.data import Chosen
from workbench.app.frame import empty, guarded, head, state
from workbench.app.showing import chart, table
from workbench.latency_plots import course_figure, ecdf_figure, stages_figure, tail_figure
from workbench.run_tables import distributions_table, moments_table, quality_table, stages_table
from workbench.scoring import CellScore, SessionScore
from workbench.slices import SLICINGS, members, names_of
from workbench.stages import LATENCY_METRICS, course, latency_blocks, latency_values, stages
from workbench.tables import Table
from workbench.units import NS_PER_MS, counted

__all__ = ["page"]

_ALL = "all sessions"


def page() -> None:
    """Draw the page."""
    head(
        "Latency", "How late the words are, counted from the speech itself; only sessions with certified pacing count."
    )
    with guarded():
        found = [line for line in data.lines() if not line.summary.problem and line.cells]
        if not found:
            what = "The distribution of delays, their tail, their course over the run and each stage appear here."
            if empty(what, "Play the sample sweep", "latency_empty"):
                job_panel.start_demo()
                st.rerun()
            job_panel.panel("latency")
            return
        run = choose_run("latency", found)
        if run is not None:
            _latency(run)


def _latency(run: Chosen) -> None:
    result = data.result(run.run_id, run.content)
    left, middle, right = st.columns(3)
    metric = left.selectbox(
        "Metric", list(LATENCY_METRICS), key="latency_metric", bind="query-params", format_func=_title
    )
    scores = _slice(middle, result.scores)
    target_ms = right.number_input(
        "Target [ms]", min_value=0, value=None, step=50, key="latency_target", bind="query-params", placeholder="none"
    )
    chosen_metric = LATENCY_METRICS[metric]
    values = latency_values(scores, metric)
    left_out = sum(cell.left_out for cell in result.cells)
    if left_out:
        state("invalid", f"latencies of {counted(left_out, 'session')} are left out: no valid pacing certificate")
    if any(values.values()):
        numbers = distributions_table(latency_blocks(scores, metric), target_ms)
        table(
            numbers,
            "latency_numbers",
            f"Percentiles of {chosen_metric.title} by configuration",
            resolution_ms=data.resolution_ms(),
        )
        _distributions(values, metric, target_ms, numbers)
        _course(run, scores, result.cells, metric)
    else:
        state("missing", f"no session of this choice has a {chosen_metric.title} that counts")
    _by_stage(scores)
    st.subheader("Can it be trusted?", anchor=False)
    table(quality_table(result.cells, result.scores), "latency_quality", "Quality of the measurement by configuration")


def _title(metric: str) -> str:
    return LATENCY_METRICS[metric].title


def _slice(where: DeltaGenerator, scores: Sequence[SessionScore]) -> list[SessionScore]:
    options = [_ALL]
    for slicing in SLICINGS:
        names = {name for score in scores for name in names_of(score, slicing)}
        options += [f"{slicing}: {name}" for name in sorted(names)]
    picked = where.selectbox("Part", options, key="latency_part", bind="query-params")
    if picked == _ALL:
        return list(scores)
    cut, _, name = picked.partition(": ")
    return members(scores, next(known for known in SLICINGS if known == cut), name)


def _distributions(values: dict[str, list[int]], metric: str, target_ms: int | None, numbers: Table) -> None:
    chosen_metric = LATENCY_METRICS[metric]
    left, right = st.columns(2)
    with left:
        st.subheader("Distribution", anchor=False)
        alt = f"Share of values within a time, {chosen_metric.title}, by configuration"
        chart(ecdf_figure(values, chosen_metric.title, target_ms), alt, numbers, "latency_ecdf")
    with right:
        st.subheader("Tail", anchor=False)
        alt = f"Share of values later than a time, {chosen_metric.title}, logarithmic"
        chart(tail_figure(values, chosen_metric.title, target_ms), alt, numbers, "latency_tail")
    st.caption(f"Counted from {chosen_metric.since}. Dots mark p50, p95 and p99.")


def _course(run: Chosen, scores: list[SessionScore], cells: Sequence[CellScore], metric: str) -> None:
    st.subheader("Course of the run", anchor=False)
    moments = course(scores, data.starts(run.run_id, run.content), metric)
    if not moments:
        st.caption("When the sessions began is not known for this run.")
        return
    figure, hidden = course_figure(moments, [cell.cell for cell in cells], _title(metric))
    length = (moments[-1].at_ns - moments[0].at_ns) / NS_PER_MS / 1000
    alt = f"Median {_title(metric)} of {len(moments)} sessions over {length:.0f} seconds of the run"
    chart(figure, alt, moments_table(moments), "latency_course", hidden=hidden, what="sessions")


def _by_stage(scores: Sequence[SessionScore]) -> None:
    st.subheader("By stage", anchor=False)
    found = stages(scores)
    if any(stage.p50_ns is not None for stage in found):
        alt = "Median of each stage of a session, to its 95th percentile"
        chart(stages_figure(found), alt, stages_table(found), "latency_stages")
        missing = [stage.name for stage in found if stage.p50_ns is None]
        if missing:
            st.caption(f"Not drawn, because not measured: {', '.join(missing)}.")
    else:
        state("missing", "no stage was measured")
