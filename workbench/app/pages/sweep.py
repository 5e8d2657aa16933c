"""Sweep: ask for a grid of configurations, see what it costs and could find, and play it in the background."""

from __future__ import annotations

import streamlit as st

from workbench.app import data, job_panel, jobs
from workbench.app.asked_sweep import SETTINGS, SUGGESTED, AskedSweep, cells_of, matrix_table
from workbench.app.frame import guarded, head, state
from workbench.app.showing import table
from workbench.errors import WorkbenchError

__all__ = ["page"]

_MODELS = ("general", "vocabulary", "lite")
_PLAN = "sweep_plan"


def page() -> None:
    """Draw the page."""
    head("Sweep", "The same utterances under many configurations, interleaved, so that any two can be compared.")
    with guarded():
        job_panel.panel("sweep")
    left, right = st.columns([1, 1], gap="large")
    with left:
        asked = _asked()
    with right, guarded():
        _planned(asked)


def _asked() -> AskedSweep:
    st.subheader("What to play", anchor=False)
    one, two = st.columns(2)
    corpus = one.selectbox(
        "Corpus", data.corpora(), key="sweep_corpus", bind="query-params", accept_new_options=True,
        help="a built-in name, or the path of a folder or manifest",
    )  # fmt: skip
    endpoint = two.selectbox(
        "Target", ["simulator", "staging", "production"], key="sweep_target", bind="query-params",
        accept_new_options=True, help="a simulator is started for the run; others need credentials in the environment",
    )  # fmt: skip
    vary = st.multiselect(
        "Settings to vary", SETTINGS, default=["snr_db", "sample_rate_hz"], key="sweep_vary", bind="query-params"
    )
    values = {
        key: st.text_input(
            f"{key}, values with commas", SUGGESTED.get(key, ""), key=f"sweep_values_{key}", bind="query-params"
        )
        for key in vary
    }
    one, two, three = st.columns(3)
    limit = one.number_input("Utterances", 1, None, 12, key="sweep_limit", bind="query-params")
    repeats = two.number_input(
        "Repeats", 1, 20, 1, key="sweep_repeats", bind="query-params", help="two give the noise floor"
    )
    concurrency = three.number_input("At a time", 1, 500, 3, key="sweep_concurrency", bind="query-params")
    one, two, _ = st.columns(3)
    seed = one.number_input("Seed", 0, None, 0, key="sweep_seed", bind="query-params")
    simulated = endpoint == "simulator"
    model = two.selectbox("Recogniser", _MODELS, key="sweep_model", bind="query-params", disabled=not simulated)
    return AskedSweep(
        vary=values, corpus=str(corpus), endpoint=str(endpoint), model=str(model), limit=int(limit),
        repeats=int(repeats), concurrency=int(concurrency), seed=int(seed),
    )  # fmt: skip


def _planned(asked: AskedSweep) -> None:
    st.subheader("What comes of it", anchor=False)
    if not asked.vary:
        state("missing", "choose at least one setting to vary")
        return
    cells = cells_of(asked)
    sessions = f"{len(cells)} configurations × {asked.limit} utterances × {asked.repeats}"
    st.markdown(f"**{sessions}** = at most {len(cells) * (asked.limit or 0) * asked.repeats:,} sessions")
    table(matrix_table(cells, asked.vary), "sweep_matrix", f"The {len(cells)} configurations of the sweep")
    arguments = asked.arguments()
    with st.container(horizontal=True):
        if st.button("Dry run", key="sweep_dry", icon=":material/calculate:", help="minutes, and what it could find"):
            with st.spinner("Asking what it would take …"):
                st.session_state[_PLAN] = (arguments, _dry_run(arguments))
        if st.button("Start", key="sweep_start", type="primary", icon=":material/play_arrow:"):
            jobs.start(data.store_root(), f"Sweep of {asked.corpus}: {', '.join(asked.vary)}", arguments)
            st.rerun()
    st.caption("It plays in real time in a process of its own; closing this tab loses nothing.")
    asked_before, plan = st.session_state.get(_PLAN, (None, None))
    if plan is not None and asked_before == arguments:
        _plan(plan)


def _dry_run(arguments: tuple[str, ...]) -> dict[str, object]:
    try:
        return jobs.ask(data.store_root(), (*arguments, "--dry-run"))
    except WorkbenchError as error:
        return {"problem": str(error)}


def _plan(plan: dict[str, object]) -> None:
    if "problem" in plan:
        state("failed", str(plan["problem"]))
        return
    detectable = plan["smallest_detectable_wer"]
    with st.container(horizontal=True):
        st.metric("Sessions", f"{plan['sessions']:,}", border=True, width=140)
        st.metric("Speech", f"{plan['speech_minutes']:.1f} min", border=True, width=150)
        st.metric("Takes about", f"{plan['minutes']:.1f} min", border=True, width=150)
        shown = f"{100 * float(str(detectable)):.1f} points" if detectable is not None else "unknown"
        st.metric("Could find", shown, border=True, width=190, help="smallest detectable difference of WER")
    st.caption(f"Smallest detectable difference of WER: {plan['smallest_detectable_reason']}.")
