"""Latency: how late words are, in the whole and in the tail, over the run and by stage, and how far to trust it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from workbench.app import data
from workbench.app.data import Chosen
from workbench.app.parts import jobs as job_panel
from workbench.app.parts.chart import chart, table
from workbench.app.parts.numbers import seconds_number
from workbench.app.parts.page import all_failed, folded, guarded, head, plain, state
from workbench.app.parts.run_picker import choose_cell, choose_run
from workbench.reporting.figures.curves import wait_figure
from workbench.reporting.figures.latency import (
    course_figure,
    delay_parts_figure,
    ecdf_figure,
    stages_figure,
    tail_figure,
)
from workbench.reporting.sentence import seconds_text
from workbench.reporting.tables.analysis import (
    delay_parts_table,
    distributions_table,
    moments_table,
    quality_table,
    stages_table,
)
from workbench.reporting.tables.cells import details_table
from workbench.reporting.tables.curves import over_time_table, wait_sentences, wait_table
from workbench.reporting.tables.table import Table
from workbench.runs.result import RunResult
from workbench.runs.throughput import throughput
from workbench.scoring.breakdown import groupings, members, names_of
from workbench.scoring.cells import CellScore
from workbench.scoring.delay_parts import median_words
from workbench.scoring.measures import DURATIONS, METRICS
from workbench.scoring.session import SessionScore
from workbench.scoring.stages import course, latency_blocks, latency_values, stages
from workbench.units import NS_PER_MS, counted

__all__ = ["latency_of", "page"]

_NUMBERS = (
    ("First word", ("first_partial",), "no first word was timed"),
    ("Half · 95 % of words within", ("word_latency_p50", "word_latency_p95"), "no word has a latency that counts"),
    ("Last word final after", ("finalisation_p50",), "no last word was timed"),
)
_RATES = " ".join(key for _, keys, _ in _NUMBERS for key in keys)
_ALL = "all sessions"
_SENTENCES = 4
_CHOICE = [key for key, duration in DURATIONS.items() if duration.page]


def page() -> None:
    """Draw the page."""
    head(
        "Latency", "How late the words are, counted from the speech itself; only sessions with certified pacing count."
    )
    with guarded():
        scored = [line for line in data.lines() if not line.summary.problem and line.cells]
        if not scored:
            what = "The distribution of delays, their tail, their course over the run and each stage appear here."
            job_panel.nothing_yet("latency", what)
            return
        run = choose_run("latency", scored)
        if run is not None:
            latency_of(run)


def latency_of(run: Chosen) -> None:
    """Draw what stands below the choice of a run."""
    result = data.result(run.run_id, run.content)
    if not result.cells:
        state("missing", "this run has no recordings yet")
        return
    _answer(run, result)
    if any(score.timed for score in result.scores):
        _timed(run, result)
    st.header("Can it be trusted?", anchor=False)
    table(quality_table(result.cells, result.scores), "latency_quality", "Quality of the measurement by configuration")
    with st.expander("Details: opening a session, both anchors, bounds"):
        table(details_table(result.cells), "latency_details", "Details by configuration")
        if (played := throughput(result.run)) is not None:
            st.caption(f"The whole run: {played}.")


def _timed(run: Chosen, result: RunResult) -> None:
    """Everything that is drawn from latencies that count."""
    _made_of(result.scores, [cell.cell for cell in result.cells])
    left, middle, right = st.columns(3)
    metric = left.selectbox(
        "Metric", _CHOICE, _CHOICE.index("word_latency"), key="latency_metric", bind="query-params", format_func=_title
    )
    scores, names = _slice(middle, result.scores), [cell.cell for cell in result.cells]
    target_ms = right.number_input(
        "Target [ms]", min_value=0, value=None, step=50, key="latency_target", bind="query-params", placeholder="none"
    )
    chosen_metric = DURATIONS[metric]
    values = latency_values(scores, metric, names)
    if any(values.values()):
        numbers = distributions_table(latency_blocks(scores, metric, names), target_ms)
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
    if (box := folded("What does waiting buy?", "latency_wait", ":material/hourglass_bottom:")) is not None:
        with box:
            _waiting(run, [cell.cell for cell in result.cells])


def _answer(run: Chosen, result: RunResult) -> None:
    """One configuration in a sentence and three numbers."""
    rates = data.rates(run.run_id, run.content, _RATES)
    cell = choose_cell(result, "latency_of")
    if cell.failed == cell.n:
        all_failed(cell, [score for score in result.scores if score.cell == cell.cell])
        return
    why = next(iter(cell.pacing.reasons), "no pacing certificate")
    if cell.left_out == cell.n - cell.failed:
        state("invalid", f"{counted(cell.left_out, 'recording')} not timed, so that no latency is left: {why}")
        return
    st.markdown(f"## {plain(_told(cell))}")
    with st.container(horizontal=True):
        for title, keys, none in _NUMBERS:
            seconds_number(title, [rates[cell.cell, key] for key in keys], cell.reasons.get(f"{keys[0]}_ns") or none)
    if cell.left_out:
        told = f"{counted(cell.left_out, 'recording')} not timed, their latencies are excluded: {why}"
        st.warning(plain(told), icon=":material/timer_off:")
    st.caption("First and last word: median over recordings. Below each number its 95 % interval.")


def _told(cell: CellScore) -> str:
    if cell.word_latency_p50_ns is None:
        return f"No latency: {cell.reasons.get('word_latency_p50_ns', 'no word was matched')}."
    half, most = seconds_text(cell.word_latency_p50_ns), seconds_text(cell.word_latency_p95_ns)
    share = "" if cell.coverage is None else f"; {METRICS['coverage'].text(cell.coverage)} of words counted"
    return f"Half the words show within {half}, 95 % within {most}{share}."


def _made_of(scores: Sequence[SessionScore], cells: Sequence[str]) -> None:
    """What the delay of a word is made of, from its end to its final; the parts add up."""
    st.header("What a word's delay is made of", anchor=False)
    known = median_words(scores, cells)
    if not known:
        state("missing", "no word has every part of its delay; a run of before has them once it is scored again")
        return
    alt = "Parts of the delay of the median word, from its end to its final, for each configuration; they add up"
    chart(delay_parts_figure(known), alt, delay_parts_table(known), "latency_parts")
    st.caption("The median word: the mean over the words whose delay lies between the 45th and the 55th percentile.")


def _waiting(run: Chosen, cells: Sequence[str]) -> None:
    """Errors of the text on screen against the wait for each word, and against the time of the session."""
    found = data.curves(run.run_id, run.content)
    told = wait_sentences(found.waits)
    for line in list(told.values())[:_SENTENCES]:
        st.markdown(plain(line))
    if told:
        alt = "Word error rate of the text on screen against the wait for each word, by configuration"
        chart(wait_figure(found.waits, cells), alt, wait_table(found.waits), "latency_wait_curve")
        st.caption("Dotted: WER at the end of the session. All sessions with certified timing, whatever the group.")
    else:
        state("missing", "no session with certified timing has word times")
    if found.instants:
        numbers = over_time_table(found.instants)
        table(numbers, "latency_over_time", "WER and cursor latency over the session, by configuration")


def _title(metric: str) -> str:
    return DURATIONS[metric].title


def _slice(where: DeltaGenerator, scores: Sequence[SessionScore]) -> list[SessionScore]:
    options = [_ALL]
    for grouping in groupings(scores):
        names = {name for score in scores for name in names_of(score, grouping)}
        options += [f"{grouping}: {name}" for name in sorted(names)]
    picked = where.selectbox("Group", options, key="latency_part", bind="query-params")
    if picked == _ALL:
        return list(scores)
    cut, _, name = picked.partition(": ")
    return members(scores, cut, name)


def _distributions(values: dict[str, list[int]], metric: str, target_ms: int | None, numbers: Table) -> None:
    chosen_metric = DURATIONS[metric]
    left, right = st.columns(2)
    with left:
        st.header("Distribution", anchor=False)
        alt = f"Share of values within a time, {chosen_metric.title}, by configuration"
        chart(ecdf_figure(values, chosen_metric.title, target_ms), alt, numbers, "latency_ecdf")
    with right:
        st.header("Tail", anchor=False)
        alt = f"Share of values later than a time, {chosen_metric.title}, logarithmic"
        chart(tail_figure(values, chosen_metric.title, target_ms), alt, numbers, "latency_tail")
    st.caption(f"Counted from {chosen_metric.since}. Dots mark p50, p95 and p99.")


def _course(run: Chosen, scores: list[SessionScore], cells: Sequence[CellScore], metric: str) -> None:
    st.header("Course of the run", anchor=False)
    moments = course(scores, data.starts(run.run_id, run.content), metric)
    if not moments:
        st.caption("When the sessions began is not known for this run.")
        return
    figure, hidden = course_figure(moments, [cell.cell for cell in cells], _title(metric))
    length = (moments[-1].at_ns - moments[0].at_ns) / NS_PER_MS / 1000
    alt = f"Median {_title(metric)} of {len(moments)} sessions over {length:.0f} seconds of the run"
    chart(figure, alt, moments_table(moments), "latency_course", hidden=hidden, what="sessions")


def _by_stage(scores: Sequence[SessionScore]) -> None:
    st.header("By stage", anchor=False)
    measured = stages(scores)
    if any(stage.p50_ns is not None for stage in measured):
        alt = "Median of each stage of a session, to its 95th percentile"
        chart(stages_figure(measured), alt, stages_table(measured), "latency_stages")
        missing = [stage.name for stage in measured if stage.p50_ns is None]
        if missing:
            st.caption(f"Not drawn, because not measured: {', '.join(missing)}.")
    else:
        state("missing", "no stage was measured")
