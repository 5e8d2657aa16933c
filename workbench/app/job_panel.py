"""What runs in the background, on every page that starts something: progress by configuration, stop, resume.

House rules: the panel reads the disk and asks nobody; it looks every two seconds while something runs and not at all
when nothing does. Closing the tab changes nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from workbench.app import jobs
from workbench.app.data import store_root
from workbench.app.frame import Colour, guarded, plain, state
from workbench.app.showing import table
from workbench.errors import WorkbenchError
from workbench.progress import cell_progress, progress_table
from workbench.store import open_run

__all__ = ["DEMO", "panel", "resume_run", "start_demo"]

DEMO = ("demo", "--json", "--no-app")

_POLL_S = 2.0
_SHOWN = 5
_PROBLEMS = 10
_ICONS = {
    "running": ":material/play_circle:",
    "stopping": ":material/hourglass_bottom:",
    "done": ":material/check_circle:",
    "stopped": ":material/stop_circle:",
    "failed": ":material/error:",
}
_COLOURS: dict[jobs.JobState, Colour] = {
    "running": "blue",
    "stopping": "orange",
    "done": "green",
    "stopped": "orange",
    "failed": "red",
}


def start_demo() -> None:
    """Play the built-in corpora under three configurations, in a process of its own."""
    jobs.start(store_root(), "Sample sweep: clean, noise, telephone", DEMO)


def resume_run(run_id: str) -> None:
    """Play what is left of a run, in a process of its own."""
    jobs.start(store_root(), f"Resumed: {run_id}", ("resume", run_id, "--json"), run_id=run_id)


def panel(page: str) -> None:
    """Draw what runs and what ran last; nothing where there is nothing.

    Args:
        page: prefix of the keys.
    """
    store = store_root()
    found = jobs.jobs(store)
    if not found:
        return
    alive = any(jobs.state_of(store, job) in ("running", "stopping") for job in found[:_SHOWN])
    st.subheader("Work in the background", anchor=False)
    if alive:
        st.fragment(_watched, run_every=_POLL_S)(page)
    else:
        _draw(page, found)


def _watched(page: str) -> None:
    """The panel while something runs; the whole page is drawn again once it has ended."""
    store = store_root()
    found = jobs.jobs(store)
    _draw(page, found)
    if not any(jobs.state_of(store, job) in ("running", "stopping") for job in found[:_SHOWN]):
        st.rerun(scope="app")


def _draw(page: str, found: list[jobs.Job]) -> None:
    for job in found[:_SHOWN]:
        with guarded():
            _one(page, job)
    if len(found) > _SHOWN:
        st.caption(f"{len(found) - _SHOWN} earlier ones are not shown.")


def _one(page: str, job: jobs.Job) -> None:
    store = store_root()
    now = jobs.state_of(store, job)
    lines, counted = jobs.said(store, job)
    run_id = jobs.run_of(store, job)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{job.title}**")
            st.badge(now, icon=_ICONS[now], color=_COLOURS[now])
            if run_id:
                st.caption(run_id)
        if now in ("running", "stopping"):
            done, of = counted or (0, 0)
            st.progress(
                done / of if of else 0.0, text=f"{done} of {of} sessions" if of else (lines or ["starting"])[-1]
            )
            if run_id:
                _cells(page, job.job_id, run_id)
        elif now == "failed":
            state("failed", lines[-1] if lines else "it ended without a word; its process may have been killed")
        elif now == "done":
            _outcome(jobs.output(store, job) or {})
        _buttons(page, job, now, run_id)


def _outcome(told: dict[str, Any]) -> None:
    """What came of it, where that is not a run to open: what an import brought in, or what was wrong with its rows."""
    problems = told.get("problems") or []
    if problems:
        state("failed", f"{len(problems)} bad rows, nothing was written")
        for problem in problems[:_PROBLEMS]:
            place = f"{Path(str(problem.get('path', ''))).name}:{problem.get('line') or '–'}"
            st.caption(plain(f"{place} {problem.get('item') or ''} {problem.get('what', '')}"))
        if len(problems) > _PROBLEMS:
            st.caption(f"{len(problems) - _PROBLEMS} more are not shown.")
    elif "utterances" in told and "seconds" in told:
        st.caption(f"{told['utterances']} utterances, {float(told['seconds']):.1f} s of audio.")
    if told.get("failed"):
        state("failed", f"{told['failed']} of {told.get('sessions', '?')} sessions failed and are in no average")


def _cells(page: str, job_id: str, run_id: str) -> None:
    try:
        found = cell_progress(open_run(store_root(), run_id))
    except WorkbenchError:  # begun this very moment
        return
    bar = st.column_config.ProgressColumn("done", min_value=0, max_value=100, format="%.0f %%")
    table(progress_table(found), f"{page}_cells_{job_id}", "Sessions played by configuration", extra={"share": bar})


def _buttons(page: str, job: jobs.Job, now: jobs.JobState, run_id: str | None) -> None:
    from workbench.app.router import page_of

    with st.container(horizontal=True):
        if now in ("running", "stopping"):
            label = "Stop" if now == "running" else "Stopping: sessions under way end first"
            if st.button(label, key=f"{page}_stop_{job.job_id}", icon=":material/stop:", disabled=now == "stopping"):
                jobs.stop(store_root(), job)
                st.rerun()
            return
        if (
            run_id
            and now == "done"
            and st.button("Open", key=f"{page}_open_{job.job_id}", icon=":material/open_in_new:")
        ):
            st.switch_page(page_of("compare"), query_params={"compare_run": run_id})
        resumable = run_id is not None and now in ("stopped", "failed") and not _others(job, run_id)
        if resumable and st.button("Resume", key=f"{page}_resume_{job.job_id}", icon=":material/resume:"):
            resume_run(str(run_id))
            st.rerun()
        if st.button("Dismiss", key=f"{page}_forget_{job.job_id}", icon=":material/close:", type="tertiary"):
            jobs.forget(store_root(), job)
            st.rerun()


def _others(job: jobs.Job, run_id: str) -> bool:
    """Whether a newer job goes on with the same run already."""
    return any(other.job_id > job.job_id and other.run_id == run_id for other in jobs.jobs(store_root()))
