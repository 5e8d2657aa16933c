"""What can be done with picked runs: open, compare, resume, export, report, delete.

Nothing is removed without a second click that names what goes; in privacy mode nothing leaves the store.
"""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from workbench.app import data, privacy
from workbench.app.parts import jobs as job_panel
from workbench.app.parts.page import guarded, state
from workbench.app.router import page_of
from workbench.reporting.export import FORMATS, export_run
from workbench.runs.listing import RunListing

__all__ = ["PINS", "bar", "comparison_report", "exported", "report"]

PINS = 5
"""Runs that are compared with a baseline at most."""

_ARCHIVES = ("webvtt", "srt")
"""Formats of one file a session."""

_OPEN = (("compare", "Compare"), ("inspect", "Inspect"))


def bar(picked: Sequence[RunListing], lines: Sequence[RunListing]) -> None:
    """Buttons for the picked runs.

    Args:
        picked: rows that are ticked, in the order of the table.
        lines: all runs.
    """
    if not picked:
        st.caption("Tick one run to open, export or delete it; tick several to compare them.")
        return
    if len(picked) > 1:
        _several(picked)
        return
    line = picked[0]
    run_id = line.summary.run_id
    with st.container(horizontal=True):
        if st.button("Open", key="runs_open", type="primary", disabled=bool(line.summary.problem)):
            st.switch_page(page_of("run"), query_params={"id": run_id})
        for name, title in _OPEN:
            if st.button(title, key=f"runs_open_{name}", disabled=bool(line.summary.problem)):
                st.switch_page(page_of(name), query_params={f"{name}_run": run_id})
        _downloads(run_id, bool(line.summary.problem))
        if line.summary.status == "interrupted" and st.button("Resume", key="runs_resume", icon=":material/resume:"):
            with guarded():
                job_panel.resume_run(run_id)
                st.rerun()
        if st.button("Delete", key="runs_delete", icon=":material/delete:"):
            _confirm(line)
    if line.summary.problem:
        state("failed", line.summary.problem)


def _several(picked: Sequence[RunListing]) -> None:
    ids = [line.summary.run_id for line in picked if not line.summary.problem]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        # The oldest of the picked runs is what the others are usually held against.
        baseline = st.selectbox("Baseline", ids, index=len(ids) - 1 if ids else None, key="runs_baseline", width=320)
        pins = [run_id for run_id in ids if run_id != baseline][:PINS]
        label = f"Compare {len(pins)} with the baseline"
        if st.button(label, key="runs_compare", type="primary", disabled=not pins or baseline is None):
            query = {"compare_run": str(baseline), "compare_pins": " ".join(pins)}
            st.switch_page(page_of("compare"), query_params=query)
    if len(ids) > PINS + 1:
        st.caption(f"{len(ids) - PINS - 1} picked runs are too many and left out; {PINS} are compared at a time.")


def _downloads(run_id: str, damaged: bool) -> None:
    off = damaged or privacy.hidden()
    why = "privacy mode: nothing leaves the store" if privacy.hidden() else None
    with st.popover("Export", icon=":material/download:", disabled=off, help=why):
        st.caption("Files hold transcripts: treat them as patient data.")
        name = st.selectbox("Format", [f for f in FORMATS if f != "nemo"], key="runs_format")
        suffix = f"{name}.zip" if name in _ARCHIVES else name
        st.download_button(
            "Export", lambda: exported(run_id, str(name)), f"{run_id}.{suffix}", key="runs_export", on_click="ignore"
        )
        redact = st.checkbox("Report without transcripts", value=True, key="runs_redact")
        st.download_button(
            "Report",
            lambda: report(run_id, redact),
            f"{run_id}.html",
            "text/html",
            key="runs_report",
            on_click="ignore",
        )


def exported(run_id: str, name: str) -> bytes:
    """A run in one of the formats of ``workbench runs export``; several files come as one archive.

    Raises:
        WorkbenchError: it cannot be read.
    """
    with tempfile.TemporaryDirectory() as folder:
        written = export_run(data.opened(run_id), name, Path(folder) / f"{run_id}.{name}", None)
        if len(written) == 1 and name not in _ARCHIVES:
            return written[0].read_bytes()
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in written:
                archive.write(path, path.name)
        return packed.getvalue()


def report(run_id: str, redact: bool) -> bytes:
    """The run as one HTML page, as ``workbench report`` writes it."""
    from workbench.reporting.html_report import render_report

    result = data.result(run_id, data.chosen(run_id).content)
    return render_report(result, redact=redact, resolution_ms=data.resolution_ms()).encode()


def comparison_report(run_ids: Sequence[str], redact: bool) -> bytes:
    """A comparison as one HTML page, as ``workbench report`` writes it; the baseline first."""
    from workbench.reporting.comparison_report import render_comparison

    runs = [data.chosen(run_id) for run_id in run_ids]
    compared = data.comparison(" ".join(run_ids), " ".join(run.content for run in runs))
    results = [data.result(run.run_id, run.content) for run in runs]
    return render_comparison(compared, results, redact=redact).encode()


@st.dialog("Delete this run?")
def _confirm(line: RunListing) -> None:
    summary = line.summary
    st.markdown(f"**{summary.run_id}**, {summary.counts.sessions} sessions of {summary.corpus or 'an unknown corpus'}.")
    st.markdown("Its frames, transcripts and scores are removed for good.")
    with st.container(horizontal=True):
        if st.button("Delete for good", key="runs_delete_yes", type="primary", icon=":material/delete_forever:"):
            with guarded():
                data.opened(summary.run_id).remove()
                st.rerun()
        if st.button("Keep it", key="runs_delete_no"):
            st.rerun()
