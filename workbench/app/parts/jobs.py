"""What runs in the background, on every page that starts something: progress by configuration, stop, resume, outcome.

The panel reads the disk and asks nobody; it looks every two seconds while something runs and not at all
when nothing does. Closing the tab changes nothing.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import streamlit as st

from workbench.app import jobs
from workbench.app.data import chosen, store_root
from workbench.app.data import result as loaded
from workbench.app.parts.chart import table
from workbench.app.parts.page import Colour, empty, guarded, plain, state
from workbench.errors import WorkbenchError
from workbench.reporting.tables.progress import progress_table
from workbench.runs.progress import cell_progress
from workbench.scoring.measures import METRICS
from workbench.store import open_run

__all__ = ["DEMO", "nothing_yet", "panel", "play_failed", "resume_run", "start_demo"]

DEMO = ("demo", "--json", "--no-app")

_POLL_S = 2.0
_SHOWN = 5
_PROBLEMS = 10
_ALIVE = ("running", "stopping")
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
    jobs.start(store_root(), f"Resumed: {run_id}", ("resume", "--json", "--", run_id), run_id=run_id)


def play_failed(run_id: str) -> None:
    """Play the failed sessions of a run again, in a process of its own."""
    jobs.start(
        store_root(), f"Failed ones again: {run_id}", ("resume", run_id, "--retry-failed", "--json"), run_id=run_id
    )


def nothing_yet(page: str, what: str) -> None:
    """A page without runs: what will appear there, the sample sweep that makes it appear, and what runs already.

    Args:
        page: prefix of the keys.
        what: what will appear, for people.
    """
    if empty(what, "Play the sample sweep", f"{page}_empty"):
        start_demo()
        st.rerun()
    panel(page)


def panel(page: str) -> None:
    """Draw what runs, and in one line what ran last; nothing if there is nothing.

    Args:
        page: prefix of the keys.
    """
    looked = _look()
    if not looked:
        return
    if _any_alive(looked):
        st.fragment(_watched, run_every=_POLL_S)(page)
    else:
        _draw(page, looked)


_Looked = list[tuple[jobs.Job, jobs.JobState]]


def _look() -> _Looked:
    """Every job and what it is doing: each costs a look at the disk, and all that is drawn rests on this one."""
    store = store_root()
    return [(job, jobs.state_of(store, job)) for job in jobs.jobs(store)]


def _any_alive(looked: _Looked) -> bool:
    return any(now in _ALIVE for _, now in looked)


def _watched(page: str) -> None:
    """The panel while something runs; the whole page is drawn again once it has ended.

    Nothing is drawn before that: whoever clicked on *Open* between the two would click on what is just replaced.
    """
    looked = _look()
    if not _any_alive(looked):
        st.rerun(scope="app")
    _draw(page, looked)


def _draw(page: str, looked: _Looked) -> None:
    for number, (job, now) in enumerate([one for one in looked if one[1] in _ALIVE]):
        with guarded():
            # Its figure is drawn of the newest alone: each has controls, which stand in the address.
            _running(page, job, now, figure=page == "sweep" and not number)
    ended = [(job, now) for job, now in looked if now not in _ALIVE]
    if ended:
        with guarded():
            _ended(page, *ended[0])
    if len(ended) > 1:
        store = store_root()
        words = Counter(_verdict(store, job, now)[0] for job, now in ended[1:])
        label = ", ".join(f"{count} {word}" for word, count in words.items())
        with st.expander(f"{len(ended) - 1} earlier: {label}"):
            for job, now in ended[1 : _SHOWN + 1]:
                with guarded():
                    _ended(page, job, now)
            if len(ended) > _SHOWN + 1:
                st.caption(f"{len(ended) - _SHOWN - 1} more are not shown.")


def _verdict(store: Path, job: jobs.Job, now: jobs.JobState) -> tuple[str, Colour]:
    """How a job ended, in one word: a command that ends well may still have brought in nothing, or lost sessions."""
    output = (jobs.output(store, job) or {}) if now == "done" else {}
    if output.get("problems"):
        return "refused", "red"
    if isinstance(output.get("failed"), int) and output["failed"]:
        return f"done, {output['failed']} failed", "orange"
    return now, _COLOURS[now]


def _running(page: str, job: jobs.Job, now: jobs.JobState, *, figure: bool) -> None:
    store = store_root()
    lines, counted = jobs.said(store, job)
    run_id = jobs.run_of(store, job)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(job.title)}**")
            st.badge(now, icon=_ICONS[now], color=_COLOURS[now])
            if run_id:
                st.caption(run_id)
        done, of = counted or (0, 0)
        st.progress(done / of if of else 0.0, text=f"{done} of {of} sessions" if of else (lines or ["starting"])[-1])
        if run_id:
            if figure:
                _filling(run_id)
            _cells(page, job.job_id, run_id)
        label = "Stop" if now == "running" else "Stopping: sessions under way end first"
        if st.button(label, key=f"{page}_stop_{job.job_id}", icon=":material/stop:", disabled=now == "stopping"):
            jobs.stop(store, job)
            st.rerun()


def _filling(run_id: str) -> None:
    """What a sweep has shown so far, over its settings."""
    from workbench.app.parts.setting_axis import setting_axis

    try:
        run = chosen(run_id)
        result = loaded(run.run_id, run.content)
    except WorkbenchError:  # begun this very moment
        return
    if len(result.run.manifest.cells) > 1:
        setting_axis(run, result, "sweep")


def _ended(page: str, job: jobs.Job, now: jobs.JobState) -> None:
    """One line: what it was, how it ended, what can be done; below it what a reader must know."""
    store = store_root()
    word, colour = _verdict(store, job, now)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(word, icon=_ICONS["failed" if colour == "red" else now], color=colour)
        st.markdown(plain(job.title))
        _buttons(page, job, now, jobs.run_of(store, job))
    if now == "failed":
        lines, _ = jobs.said(store, job)
        state("failed", lines[-1] if lines else "The process ended without output; it may have been killed.")
    elif now == "done":
        _outcome(jobs.output(store, job) or {})


def _outcome(output: dict[str, Any]) -> None:
    """What came of it, where that is not a run to open: what an import brought in, or what was wrong with its rows."""
    problems = output.get("problems") or []
    if problems:
        state("failed", f"{len(problems)} bad rows, nothing was written")
        for problem in problems[:_PROBLEMS]:
            place = f"{Path(str(problem.get('path', ''))).name}:{problem.get('line') or '–'}"
            st.caption(plain(f"{place} {problem.get('item') or ''} {problem.get('what', '')}"))
        if len(problems) > _PROBLEMS:
            st.caption(f"{len(problems) - _PROBLEMS} more are not shown.")
    elif "utterances" in output and "seconds" in output:
        st.caption(f"{output['utterances']} recordings, {float(output['seconds']):.1f} s of audio.")
    if "aligned" in output:
        _aligned(output)
    elif output.get("failed"):
        st.caption(
            f"{output['failed']} of {output.get('sessions', '?')} sessions failed and are excluded from averages."
        )


def _aligned(output: dict[str, Any]) -> None:
    """How many words got a time, and which recordings did not follow their text: their reference may be wrong."""
    words, timed = int(output.get("tokens") or 0), int(output.get("aligned") or 0)
    share = f" ({METRICS['coverage'].text(timed / words)})" if words else ""
    st.caption(f"{timed:,} of {words:,} words have a time now{share}.")
    failed = list(output.get("failed") or {})
    if failed:
        more = f" and {len(failed) - _PROBLEMS} more" if len(failed) > _PROBLEMS else ""
        st.warning(
            plain(
                f"{len(failed)} recording{'s' * (len(failed) != 1)} could not be aligned with the text, so words have "
                f"no latency there. Listen and check the text: {', '.join(failed[:_PROBLEMS])}{more}"
            ),
            icon=":material/timer_off:",
        )


def _cells(page: str, job_id: str, run_id: str) -> None:
    try:
        progress = cell_progress(open_run(store_root(), run_id))
    except WorkbenchError:  # begun this very moment
        return
    bar = st.column_config.ProgressColumn("done", min_value=0, max_value=100, format="%.0f %%")
    table(progress_table(progress), f"{page}_cells_{job_id}", "Sessions played by configuration", extra={"share": bar})


def _buttons(page: str, job: jobs.Job, now: jobs.JobState, run_id: str | None) -> None:
    from workbench.app.router import page_of

    if run_id and now == "done" and st.button("Open", key=f"{page}_open_{job.job_id}", icon=":material/open_in_new:"):
        st.switch_page(page_of("run"), query_params={"id": run_id})
    if run_id is not None and not _others(job, run_id):
        if now in ("stopped", "failed"):
            if st.button("Resume", key=f"{page}_resume_{job.job_id}", icon=":material/resume:"):
                resume_run(run_id)
                st.rerun()
        elif (jobs.output(store_root(), job) or {}).get("failed") and st.button(
            "Play the failed again", key=f"{page}_retry_{job.job_id}", icon=":material/replay:"
        ):
            play_failed(run_id)
            st.rerun()
    if st.button("Dismiss", key=f"{page}_forget_{job.job_id}", icon=":material/close:", type="tertiary"):
        jobs.forget(store_root(), job)
        st.rerun()


def _others(job: jobs.Job, run_id: str) -> bool:
    """Whether a newer job goes on with the same run already."""
    return any(other.job_id > job.job_id and other.run_id == run_id for other in jobs.jobs(store_root()))
