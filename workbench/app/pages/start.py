"""Start: the newest run in one sentence, what the newest comparison says, and the ways in."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from workbench.app import data
from workbench.app.parts import jobs as job_panel
from workbench.app.parts.page import empty, excluded_note, guarded, head, plain, state
from workbench.app.parts.run_list import run_list
from workbench.app.router import page_of
from workbench.comparing.headline import headline
from workbench.reporting.tables.runs import target_of
from workbench.runs.listing import CellHeadline, RunListing
from workbench.scoring.measures import METRICS
from workbench.store.labels import RunLabel
from workbench.units import counted

__all__ = ["page"]

_LAST = 8
_EVERY = "every data set"
_COLUMNS = ("name", "created", "state", "corpus", "target", "n", "best", "wer", "p95_ms", "course")
_WAYS = (
    ("Play demo", ":material/play_arrow:", "start_demo", {"live_demo": "1", "present": "1"}),
    ("Microphone", ":material/mic:", "start_microphone", {"live_source": "Microphone"}),
    ("Upload a recording", ":material/upload_file:", "start_upload", {"live_source": "Upload"}),
)
"""Label, symbol, key and what the page Live is told."""


def page() -> None:
    """Draw the page."""
    head("Suki Workbench", "How accurate and how late streaming dictation is, and what the audio costs.")
    _ways_in()
    with guarded():
        lines = data.rated()
        if not lines:
            what = "The newest run in one sentence, its verdict and the last runs appear here."
            if empty(what, "Play the sample sweep", "start_empty"):
                _sample()
            job_panel.panel("start")
            return
        _newest(lines)
        _verdict(lines)
        job_panel.panel("start")
        _last_runs(lines)
    st.caption("Without credentials a simulator on this machine answers; everything it answers is marked as simulated.")


def _ways_in() -> None:
    with st.container(horizontal=True):
        for label, icon, key, query in _WAYS:
            if st.button(label, icon=icon, key=key, type="primary" if key == "start_demo" else "secondary"):
                st.switch_page(page_of("live"), query_params=query)
        if st.button("Run my recordings", icon=":material/library_music:", key="start_own"):
            st.switch_page(page_of("datasets"))
        if st.button("Sample sweep", icon=":material/grid_view:", key="start_sample"):
            _sample()


def _sample() -> None:
    with guarded():
        job_panel.start_demo()
        st.rerun()


def _verdict(lines: Sequence[RunListing]) -> None:
    """The newest run that compares anything, in one sentence for each configuration."""
    newest = next((line for line in lines if len(line.cells) > 1), None)
    if newest is None:
        state("missing", "no stored run has two configurations yet, so there is no verdict; the sample sweep makes one")
        return
    run = data.chosen(newest.summary.run_id)
    with st.container(border=True), guarded():
        pairs = data.comparison(run.run_id, run.content).pairs
        for pair in pairs[:3]:
            st.markdown(plain(headline(pair.verdict, *pair.cells)))
        more = f"{len(pairs) - 3} more under Compare. " if len(pairs) > 3 else ""
        simulated = " Simulated." if newest.simulated else ""
        st.caption(f"{more}Newest comparison: {run.run_id}, {newest.summary.corpus}.{simulated}")


def _newest(lines: Sequence[RunListing]) -> None:
    """The newest run in one sentence, with its change to the run before of the same data set and configuration."""
    line = next((line for line in lines if any(cell.wer is not None for cell in line.cells)), None)
    if line is None:
        state("missing", "no stored run has words that could be scored")
        return
    cell = next(cell for cell in line.cells if cell.wer is not None)
    told = [
        f"{METRICS['wer'].text(cell.wer or 0.0)} of {cell.words:,} words were wrong"
        + (f" ({line.normaliser})" if line.normaliser else "")
    ]
    if cell.p50_ns is not None and cell.p95_ns is not None:
        told.append(f"half the words showed within {cell.p50_ns / 1e9:.2f} s, 95 % within {cell.p95_ns / 1e9:.2f} s")
    if cell.left_out:
        told.append(f"{counted(cell.left_out, 'recording')} not timed")
    if cell.failed:
        told.append(f"{counted(cell.failed, 'recording')} failed")
    label = data.labels().get(line.summary.run_id, RunLabel())
    name = label.name or f"{line.summary.corpus}, {cell.name}"
    with st.container(border=True):
        st.markdown(f"**{plain(name)}**: {'; '.join(told)}.")
        st.caption(plain(_change(line, cell, lines)))
        if st.button("Open the newest run", key="start_open", icon=":material/open_in_new:"):
            st.switch_page(page_of("run"), query_params={"id": line.summary.run_id})


def _change(line: RunListing, cell: CellHeadline, lines: Sequence[RunListing]) -> str:
    older = lines[list(lines).index(line) + 1 :]
    before = next(
        (other for run in older if run.summary.corpus == line.summary.corpus and run.normaliser == line.normaliser
         and target_of(run) == target_of(line)
         for other in run.cells if other.name == cell.name and other.wer is not None),
        None,
    )  # fmt: skip
    if before is None or before.wer is None or cell.wer is None:
        return "The first run of this data set and configuration against this target."
    points = 100 * (cell.wer - before.wer)
    return f"{points:+.1f} points of word errors against the run before ({before.n} recordings then, {cell.n} now)."


def _last_runs(lines: Sequence[RunListing]) -> None:
    st.header("Last runs", anchor=False)
    corpora = list(dict.fromkeys(line.summary.corpus for line in lines if line.summary.corpus))
    if len(corpora) > 1:
        corpus = st.selectbox("Data set", [_EVERY, *corpora], key="start_corpus", bind="query-params", width=320)
        lines = [line for line in lines if corpus in (_EVERY, line.summary.corpus)]
    shown = lines[:_LAST]
    picked = run_list(shown, _COLUMNS, "start_runs", "The last runs", select="single-row")
    if picked:
        run_id = shown[picked[0]].summary.run_id
        del st.session_state["start_runs"]
        st.switch_page(page_of("run"), query_params={"id": run_id})
    st.caption("Tick a run to open it.")
    excluded_note(shown)
    if len(lines) > _LAST:
        st.caption(f"{len(lines) - _LAST:,} earlier runs are under Runs.")
