"""Start: what the newest comparison says, the best numbers of the store, and the ways in."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from workbench.app import data, job_panel
from workbench.app.frame import empty, guarded, head, state
from workbench.app.router import page_of
from workbench.app.showing import table
from workbench.headlines import CellHeadline, RunLine
from workbench.run_tables import runs_table
from workbench.tables import Table
from workbench.units import ms

__all__ = ["page"]

_LAST = 8


def page() -> None:
    """Draw the page."""
    head("Suki Workbench", "How accurate and how late streaming dictation is, and what the audio costs.")
    _ways_in()
    with guarded():
        found = data.lines()
        if not found:
            what = "The newest verdict, the best word error rate, the fastest 95th percentile and the last runs appear here."
            if empty(what, "Play the sample sweep", "start_empty"):
                _sample()
            job_panel.panel("start")
            return
        _verdict(found)
        _numbers(found)
        job_panel.panel("start")
        _last_runs(found)
    st.caption(
        "Without credentials everything is played to a simulator on this machine; what it answers is marked as simulated."
    )


def _ways_in() -> None:
    ways = (
        ("Play demo", ":material/play_arrow:", {"live_source": "demo"}),
        ("Microphone", ":material/mic:", {"live_source": "microphone"}),
        ("Upload a recording", ":material/upload_file:", {"live_source": "upload"}),
    )
    with st.container(horizontal=True):
        for label, icon, query in ways:
            kind = "primary" if query["live_source"] == "demo" else "secondary"
            if st.button(label, icon=icon, key=f"start_{query['live_source']}", type=kind):
                st.switch_page(page_of("live"), query_params=query)
        if st.button("Sample sweep", icon=":material/grid_view:", key="start_sample"):
            _sample()


def _sample() -> None:
    with guarded():
        job_panel.start_demo()
        st.rerun()


def _verdict(found: Sequence[RunLine]) -> None:
    """The newest run that compares anything, in one sentence for each configuration."""
    newest = next((line for line in found if len(line.cells) > 1), None)
    if newest is None:
        state("missing", "no stored run has two configurations yet, so there is no verdict; the sample sweep makes one")
        return
    run = data.chosen(newest.summary.run_id)
    with st.container(border=True), guarded():
        pairs = data.comparison(run.run_id, run.content).pairs
        for pair in pairs[:3]:
            st.markdown(f"**{pair.candidate}** against {pair.baseline}: {pair.verdict.sentence}.")
        more = f"{len(pairs) - 3} more under Compare. " if len(pairs) > 3 else ""
        simulated = " Simulated." if newest.simulated else ""
        st.caption(f"{more}Newest comparison: {run.run_id}, {newest.summary.corpus}.{simulated}")


def _numbers(found: Sequence[RunLine]) -> None:
    cells = [(line, cell) for line in found for cell in line.cells]
    accurate = min((c for c in cells if c[1].wer is not None), key=lambda c: c[1].wer or 0, default=None)
    fast = min((c for c in cells if c[1].p95_ns is not None), key=lambda c: c[1].p95_ns or 0, default=None)
    failed = sum(line.summary.counts.failed for line in found)
    sessions = sum(line.summary.counts.sessions for line in found)
    left, middle, right, last = st.columns(4)
    _number(left, "Best WER", accurate, lambda c: f"{c.wer:.1%}" if c.wer is not None else "–")
    _number(middle, "Fastest word p95", fast, lambda c: f"{ms(c.p95_ns):.0f} ms")
    right.metric("Failed sessions", f"{failed:,}", help="of all stored sessions; they are in no average", border=True)
    right.caption(f"of {sessions:,}")
    last.metric("Runs", f"{len(found):,}", border=True)
    damaged = sum(line.summary.status == "damaged" for line in found)
    last.caption(f"{damaged} damaged" if damaged else "all readable")


def _number(place, title: str, found: tuple[RunLine, CellHeadline] | None, text) -> None:  # noqa: ANN001  Streamlit's column, a plain function
    place.metric(title, text(found[1]) if found else "–", border=True)
    place.caption(f"{found[1].name}, n = {found[1].n}" if found else "nothing scored yet")


def _last_runs(found: Sequence[RunLine]) -> None:
    st.subheader("Last runs", anchor=False)
    shown = found[:_LAST]
    listed = runs_table(shown)
    keep = ("created", "corpus", "state", "simulated", "n", "failed", "best", "wer", "p95_ms")
    rows = Table(tuple(c for c in listed.columns if c.key in keep), listed.rows, listed.notes)
    line = st.column_config.LineChartColumn("WER over the run", y_min=0, help="in the order of playing")
    table(rows, "start_runs", "The last runs", extra={"course": line}, more={"course": [list(r.course) for r in shown]})
    if len(found) > _LAST:
        st.caption(f"{len(found) - _LAST:,} earlier runs are under Runs.")
