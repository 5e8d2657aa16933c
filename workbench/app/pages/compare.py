"""Compare: one configuration or run against another, recording by recording, with intervals and a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from workbench.app import data, privacy
from workbench.app.data import Chosen, chosen
from workbench.app.parts import jobs as job_panel
from workbench.app.parts.changed_utterances import changed_most, every_recording, scatter
from workbench.app.parts.chart import chart, still, table
from workbench.app.parts.numbers import number, without_unit
from workbench.app.parts.page import folded, guarded, head, plain, state
from workbench.app.parts.run_actions import PINS, comparison_report
from workbench.app.parts.run_picker import choose_run, label_of, link_to
from workbench.comparing.headline import HEADLINES, change_text, headline, interval_text
from workbench.comparing.runs import PairedCells, RunComparison
from workbench.reporting.figures.comparison import heat_figure
from workbench.reporting.figures.pareto import pareto_figure
from workbench.reporting.setting_axis import NAMES, value_text
from workbench.reporting.sides import run_name, side_names
from workbench.reporting.tables.cells import cells_table
from workbench.reporting.tables.comparison import (
    deciding_table,
    display_table,
    every_pair_table,
    one_sided,
    settings_table,
    unpaired_table,
)
from workbench.reporting.tables.table import Column, Table
from workbench.runs.listing import RunListing
from workbench.scoring.measures import METRICS

__all__ = ["page"]

_FAMILY = "p-values are adjusted after Holm over all metrics and pairs; primary metrics share four fifths of the 5 %"
_SETTINGS = 4
"""Told in one line; more have a table."""
_TITLES = {
    "wer": "Word error rate",
    "word_latency_p95": "95 % of words within",
    "critical_errors": "Critical errors per 100 words",
}


def page() -> None:
    """Draw the page."""
    head("Compare", "For a choice between settings, models or releases: what changes, and is it more than noise?")
    with guarded():
        lines = [line for line in data.lines() if not line.summary.problem and line.cells]
        if not lines:
            what = "A verdict, paired differences with intervals, and the recordings that changed most appear here."
            job_panel.nothing_yet("compare", what)
            return
        left, middle, right = st.columns(3)
        several = next((line.summary.run_id for line in lines if len(line.cells) > 1), None)
        with left:
            baseline = choose_run("compare", lines, label="Baseline", default=several)
        if baseline is None:
            return
        with middle:
            others = _others(baseline, lines)
        line = next(line for line in lines if line.summary.run_id == baseline.run_id)
        if not others and len(line.cells) < 2:
            state("missing", "this run has one configuration; choose a second run to compare it with")
            return
        _compare([baseline, *others], right)


def _compare(runs: Sequence[Chosen], where: Any) -> None:  # noqa: ANN401  a column of the page
    ids, contents = " ".join(r.run_id for r in runs), " ".join(r.content for r in runs)
    compared = data.comparison(ids, contents)
    names = [pair.candidate for pair in compared.pairs]
    name = names[0]
    if len(names) > 1:
        name = where.selectbox("Compare with", names, key="compare_pair", bind="query-params")
    pair = next((p for p in compared.pairs if p.candidate == name), compared.pairs[0])
    sides = side_names(pair, data.labels())
    _verdict(pair, compared, sides, runs)
    _differences(pair, compared)
    if not pair.verdict.incomparable:
        place = compared.pairs.index(pair)
        changed_most(data.changed(ids, contents, str(place)) if not privacy.hidden() else None, sides, pair)
        _figures(pair, sides, runs)
        if (box := folded("Every recording", "compare_every_recording", ":material/list:")) is not None:
            with box:
                every_recording(pair, pair.runs[1])
    if (box := folded("Every metric", "compare_every_metric", ":material/table:")) is not None:
        with box:
            _every_metric(pair, compared)


def _others(baseline: Chosen, lines: Sequence[RunListing]) -> list[Chosen]:
    """Further runs, at most five; bound to the address by their ids."""
    others = {line.summary.run_id: line for line in lines if line.summary.run_id != baseline.run_id}
    if "compare_pins" not in st.session_state:
        st.session_state["compare_pins"] = [r for r in st.query_params.get("compare_pins", "").split() if r in others]
    st.session_state["compare_pins"] = [r for r in st.session_state["compare_pins"] if r in others]
    picked = st.multiselect(
        "Other runs",
        list(others),
        key="compare_pins",
        format_func=lambda run_id: label_of(others[run_id]),
        max_selections=PINS,
        placeholder="none: the configurations of this run",
    )
    link_to("compare_pins", " ".join(picked) or None)
    return [chosen(run_id) for run_id in picked]


def _verdict(pair: PairedCells, compared: RunComparison, sides: tuple[str, str], runs: Sequence[Chosen]) -> None:
    """The answer: one sentence, at most three numbers, and what a reader must know of both."""
    st.markdown(f"## {plain(headline(pair.verdict, *sides))}")
    if not pair.verdict.incomparable:
        with st.container(horizontal=True):
            for finding in (pair.verdict.of(key) for key in HEADLINES):
                spread = interval_text(finding) or finding.difference.reason or "no interval"
                number(_TITLES[finding.metric.key], without_unit(change_text(finding)), without_unit(spread))
        st.caption(plain(f"{one_sided(pair)} {_covered(pair)}"))
    if compared.warnings:
        shown, more = compared.warnings[:4], len(compared.warnings) - 4
        rest = f"  \n{more} more are in the report." if more > 0 else ""
        st.warning("  \n".join(plain(line) for line in shown) + rest, icon=":material/warning:")
    hidden = privacy.hidden()
    st.download_button(
        "Report", lambda: comparison_report([run.run_id for run in runs], hidden),
        f"{runs[-1].run_id}-against-{runs[0].run_id}.html" if len(runs) > 1 else f"{runs[0].run_id}-compared.html",
        "text/html", key="compare_report", on_click="ignore", icon=":material/download:", disabled=hidden,
        help="One HTML file that opens from a mail. It holds transcripts: treat it as patient data.",
    )  # fmt: skip


def _covered(pair: PairedCells) -> str:
    """How many words the latencies stand for, on both sides: a word that never came has none."""
    coverage = pair.comparison.of("coverage")
    if coverage.baseline is None or coverage.candidate is None:
        return "No word has a latency on both sides."
    before, now = (METRICS["coverage"].text(value) for value in (coverage.baseline, coverage.candidate))
    return f"Latencies cover {before} of the words before and {now} now."


def _differences(pair: PairedCells, compared: RunComparison) -> None:
    st.header("What changes", anchor=False, help=_FAMILY)
    _told(deciding_table(pair, compared.floor), "compare_deltas", "What decides: paired differences with intervals")
    if not pair.settings:
        st.caption("No setting differs: this is the same configuration twice.")
    elif len(pair.settings) <= _SETTINGS:
        lines = (
            f"{NAMES.get(one.key, (one.key,))[0].lower()} {_value(one.key, one.baseline)} → "
            f"{_value(one.key, one.candidate)}"
            for one in pair.settings
        )
        st.markdown(f"**Settings that differ**: {plain('; '.join(lines))}")
    else:
        st.markdown("**Settings that differ**")
        table(settings_table(pair), "compare_settings", "Settings that are not the same on both sides")


def _value(key: str, value: object) -> str:
    """A value with its unit; a run without noise has no ratio to it, and is called clean."""
    return value_text(key, "inf" if key == "snr_db" and value is None else value)


def _told(content: Table, key: str, alt: str) -> None:
    """A table of differences without columns of gaps; numbers written out with their unit still line up."""
    hide = tuple(c.key for c in content.columns if all(row[c.key] is None for row in content.rows))
    texts = {c.key: _right(c) for c in content.columns if c.key not in ("metric", "level", "n", "reason")}
    table(content, key, alt, hide=hide, extra=texts)


def _right(column: Column[Any]) -> Any:  # noqa: ANN401  Streamlit's configuration
    return st.column_config.TextColumn(column.title, help=column.explain or None, alignment="right")


def _figures(pair: PairedCells, sides: tuple[str, str], runs: Sequence[Chosen]) -> None:
    left, right = st.columns(2)
    with left:
        st.header("Recording by recording", anchor=False)
        scatter(pair, sides)
    with right:
        st.header("Errors against delay", anchor=False)
        _pareto(runs)


def _pareto(runs: Sequence[Chosen]) -> None:
    labels = data.labels()
    every = [
        (cell, run_name(run.run_id, labels) if len(runs) > 1 else "")
        for run in runs
        for cell in data.result(run.run_id, run.content).cells
    ]
    cells = [cell for cell, _ in every]
    if not any(cell.words.rate is not None and cell.word_latency_p95_ns is not None for cell in cells):
        state("missing", "no configuration has both an error rate and a latency that counts")
        return
    alt = f"WER against the 95th percentile of word latency for {len(cells)} configurations; lower left is better"
    figure = pareto_figure(cells, [run for _, run in every]).update_layout(title=None)
    still(figure, alt, lambda: cells_table(cells), "compare_pareto")


def _every_metric(pair: PairedCells, compared: RunComparison) -> None:
    st.markdown(plain(f"{pair.verdict.sentence}."))
    floor = compared.floor
    st.caption(plain(f"Noise floor: {compared.floor_origin}" + (f", n = {floor.n}." if floor else ".")))
    _told(display_table(pair, compared.floor), "compare_metrics", "Paired differences by metric, with intervals")
    if pair.comparison.unpaired:
        st.markdown("**Not compared**")
        table(unpaired_table(pair), "compare_unpaired", "Recordings that are not compared, with the reason")
    if len(compared.pairs) > 1 and not pair.verdict.incomparable:
        st.markdown("**Every configuration**")
        st.caption("Change from the baseline, in points or ms. Orange is worse, green is better, ● is shown to differ.")
        alt = f"Change of every metric for {len(compared.pairs)} configurations against the baseline"
        chart(heat_figure(compared.pairs), alt, lambda: every_pair_table(compared), "compare_heat")
