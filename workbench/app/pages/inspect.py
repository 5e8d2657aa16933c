"""Inspect: one utterance, or two side by side, on one time axis and word by word."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from workbench.app import data, privacy
from workbench.app.data import Chosen
from workbench.app.inspector_data import Inspected, corpus_stamp
from workbench.app.parts import jobs as job_panel
from workbench.app.parts.inspector import case, details, elsewhere, save, view, without_times
from workbench.app.parts.page import empty, guarded, head, state
from workbench.app.parts.run_picker import choose_run, link_to
from workbench.app.router import page_of
from workbench.runs.result import RunResult

__all__ = ["page"]

_NONE = "nothing"


def page() -> None:
    """Draw the page."""
    head("Inspect", "One recording in time: what was said, what was shown, what became final. Click a word to hear it.")
    if privacy.hidden():
        st.info("Privacy mode is on: what was said and heard is not shown here.", icon=":material/visibility_off:")
        return
    with guarded():
        lines = data.lines()
        if not lines:
            if empty("The words and the sound of a session appear here.", "Play demo", "inspect_empty"):
                st.session_state["live_demo"] = True
                st.switch_page(page_of("live"))
            return
        run = choose_run("inspect", lines)
        if run is not None:
            _inspect(run)


def _inspect(run: Chosen) -> None:
    result = data.result(run.run_id, run.content)
    if not result.scores:
        state("missing", "this run has no sessions yet")
        return
    left, middle, right = st.columns(3)
    utterances = list(dict.fromkeys(score.utterance for score in result.scores))
    utterance = _pick(left, "Recording", "inspect_utterance", utterances)
    here = [score for score in result.scores if score.utterance == utterance]
    cell = _pick(middle, "Configuration", "inspect_cell", list(dict.fromkeys(score.cell for score in here)))
    others = [_NONE, *dict.fromkeys(score.cell for score in here if score.cell != cell)]
    other = _pick(right, "Next to it", "inspect_beside", others)
    repeats = sorted({score.repeat for score in here if score.cell == cell})
    repeat = _pick(st, "Repeat", "inspect_repeat", repeats) if len(repeats) > 1 else repeats[0]
    shown = [_session(run, result, utterance, cell, repeat)]
    if other != _NONE:
        shown.append(_beside(run, result, utterance, other, repeat))
    elif (second := _other_run(run, utterance)) is not None:
        shown.append(second)
    with st.container(horizontal=True, vertical_alignment="center"):
        _steps(utterances, utterance)
        save([one for one in shown if not one.session.score.failed])
        case(shown)
    for one in shown:
        score, record = one.session.score, one.session.record
        if score.failed:
            state("failed", f"{record.key}: {record.error or score.outcome}")
        if one.missing is not None:
            state("missing", f"the sound of {record.key}: {one.missing}")
    if without_times(shown):
        job_panel.panel("inspect")
    view(utterance, shown)
    for one in shown:
        details(one.session)


def _session(run: Chosen, result: RunResult, utterance: str, cell: str, repeat: int) -> Inspected:
    stamp = corpus_stamp(result.run.manifest)
    return data.inspect_session(run.run_id, run.content, json.dumps([utterance, cell, repeat, stamp]))


def _steps(utterances: list[str], utterance: str) -> None:
    """Buttons to the recordings before and after this one."""
    place = utterances.index(utterance)
    steps = (("Previous", place - 1, ":material/arrow_back:"), ("Next", place + 1, ":material/arrow_forward:"))
    for label, to, icon in steps:
        there = 0 <= to < len(utterances)
        target = utterances[to] if there else utterance
        st.button(label, key=f"inspect_{label.lower()}", icon=icon, disabled=not there, on_click=_go, args=(target,))
    st.caption(f"{place + 1} of {len(utterances)}")


def _go(utterance: str) -> None:
    st.session_state["inspect_utterance"] = utterance
    elsewhere()


def _beside(run: Chosen, result: RunResult, utterance: str, cell: str, repeat: int) -> Inspected:
    played = {score.repeat for score in result.scores if (score.utterance, score.cell) == (utterance, cell)}
    return _session(run, result, utterance, cell, repeat if repeat in played else min(played))


def _other_run(run: Chosen, utterance: str) -> Inspected | None:
    """The same utterance of another run, where somebody asks for one."""
    lines = [line for line in data.lines() if line.summary.run_id != run.run_id and not line.summary.problem]
    if not lines or not st.toggle("With another run", key="inspect_two", bind="query-params"):
        return None
    second = choose_run("inspect", lines, label="Other run", name="other", show=False)
    if second is None:
        return None
    result = data.result(second.run_id, second.content)
    cells = list(dict.fromkeys(score.cell for score in result.scores if score.utterance == utterance))
    if not cells:
        state("missing", "that run did not play this utterance")
        return None
    cell = _pick(st, "Configuration of the other run", "inspect_other_cell", cells)
    return _session(second, result, utterance, cell, 0)


def _pick(where: Any, label: str, key: str, options: list[Any]) -> Any:  # noqa: ANN401  a column, and what is in the list
    """A select box whose value stands in the address."""
    wanted = st.query_params.get(key)
    if st.session_state.get(key) not in options:
        st.session_state[key] = next((option for option in options if str(option) == wanted), options[0])
    picked = where.selectbox(label, options, key=key, on_change=elsewhere if key == "inspect_utterance" else None)
    link_to(key, None if picked == options[0] else str(picked))
    return picked
