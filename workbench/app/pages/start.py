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
from workbench.verdict import enough

__all__ = ["page"]

_LAST = 8
_WAYS = (
    ("Play demo", ":material/play_arrow:", "start_demo", {"live_demo": "1"}),
    ("Microphone", ":material/mic:", "start_microphone", {"live_source": "Microphone"}),
    ("Upload a recording", ":material/upload_file:", "start_upload", {"live_source": "Upload"}),
)
"""Label, symbol, key and what the page Live is told."""


def page() -> None:
    """Draw the page."""
    head("Suki Workbench", "How accurate and how late streaming dictation is, and what the audio costs.")
    _ways_in()
    with guarded():
        found = data.lines()
        if not found:
            what = "The newest verdict, the best numbers and the last runs appear here."
            if empty(what, "Play the sample sweep", "start_empty"):
                _sample()
            job_panel.panel("start")
            return
        _verdict(found)
        _numbers(found)
        job_panel.panel("start")
        _last_runs(found)
    st.caption("Without credentials a simulator on this machine answers; everything it answers is marked as simulated.")


def _ways_in() -> None:
    with st.container(horizontal=True):
        for label, icon, key, query in _WAYS:
            if st.button(label, icon=icon, key=key, type="primary" if key == "start_demo" else "secondary"):
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
    cells = [cell for line in found for cell in line.cells]
    accurate = min((c for c in cells if c.wer is not None), key=lambda c: c.wer or 0.0, default=None)
    fast = min((c for c in cells if c.p95_ns is not None), key=lambda c: c.p95_ns or 0, default=None)
    failed, sessions = (sum(getattr(line.summary.counts, key) for line in found) for key in ("failed", "sessions"))
    damaged = sum(line.summary.status == "damaged" for line in found)
    with st.container(horizontal=True):
        _number("Best WER", f"{accurate.wer:.1%}" if accurate else "–", _of(accurate))
        _number("Fastest word p95", f"{ms(fast.p95_ns):.0f} ms" if fast else "–", _of(fast))
        _number("Failed sessions", f"{failed:,}", f"of {sessions:,}")
        _number("Runs", f"{len(found):,}", f"{damaged} damaged" if damaged else "all readable")


def _of(cell: CellHeadline | None) -> str:
    if cell is None:
        return "nothing scored yet"
    return f"{cell.name}, n = {cell.n}" if enough(cell.n) else f"{cell.name}, thin: n = {cell.n}"


def _number(title: str, value: str, told: str) -> None:
    st.metric(title, value, told, delta_color="off", delta_arrow="off", border=True, width=210)


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
