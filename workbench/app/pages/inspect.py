"""Inspect: one utterance, or two side by side, on one time axis and word by word."""

from __future__ import annotations

from typing import Any

import streamlit as st

from workbench.app import components, data, privacy
from workbench.app.choosing import choose_run, link_to
from workbench.app.data import Chosen
from workbench.app.frame import empty, guarded, head, state
from workbench.app.inspecting import frames_table, heard, inspector_session
from workbench.app.router import page_of
from workbench.app.showing import table
from workbench.app.sounds import sound_url
from workbench.errors import WorkbenchError
from workbench.inspection import Session, find_session, term_rows
from workbench.scoring import SessionScore
from workbench.tables import Column, Table

__all__ = ["page"]

_NONE = "nothing"


def page() -> None:
    """Draw the page."""
    head("Inspect", "One utterance in time: what was said, what was shown, what became final. Click a word to hear it.")
    if privacy.hidden():
        st.info("Privacy mode is on: what was said and heard is not shown here.", icon=":material/visibility_off:")
        return
    with guarded():
        found = data.lines()
        if not found:
            if empty("The words and the sound of a session appear here.", "Play demo", "inspect_empty"):
                st.session_state["live_demo"] = True
                st.switch_page(page_of("live"))
            return
        run = choose_run("inspect", found)
        if run is not None:
            _inspect(run)


def _inspect(run: Chosen) -> None:
    result = data.result(run.run_id, run.content)
    if not result.scores:
        state("missing", "this run has no sessions yet")
        return
    left, middle, right = st.columns(3)
    utterances = list(dict.fromkeys(score.utterance for score in result.scores))
    utterance = _pick(left, "Utterance", "inspect_utterance", utterances)
    here = [score for score in result.scores if score.utterance == utterance]
    cell = _pick(middle, "Configuration", "inspect_cell", list(dict.fromkeys(score.cell for score in here)))
    others = [_NONE, *dict.fromkeys(score.cell for score in here if score.cell != cell)]
    other = _pick(right, "Beside it", "inspect_beside", others)
    repeats = sorted({score.repeat for score in here if score.cell == cell})
    repeat = _pick(st, "Repeat", "inspect_repeat", repeats) if len(repeats) > 1 else repeats[0]
    sessions = [find_session(result.run, result.scores, utterance, cell, repeat)]
    if other != _NONE:
        sessions.append(_beside(result.run, result.scores, utterance, other, repeat))
    elif (second := _other_run(run, utterance)) is not None:
        sessions.append(second)
    for session in sessions:
        if session.score.failed:
            state("failed", f"{session.record.key}: {session.record.error or session.score.outcome}")
    components.inspector("inspect_view", {"sessions": [_drawn(s, len(sessions)) for s in sessions], "at": _at()})
    for session in sessions:
        _details(session)


def _beside(run: Any, scores: list[SessionScore], utterance: str, cell: str, repeat: int) -> Session:  # noqa: ANN401
    played = {score.repeat for score in scores if (score.utterance, score.cell) == (utterance, cell)}
    return find_session(run, scores, utterance, cell, repeat if repeat in played else min(played))


def _other_run(run: Chosen, utterance: str) -> Session | None:
    """The same utterance of another run, where somebody asks for one."""
    lines = [line for line in data.lines() if line.summary.run_id != run.run_id and not line.summary.problem]
    if not lines or not st.toggle("Beside another run", key="inspect_two", bind="query-params"):
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
    return find_session(result.run, result.scores, utterance, cell, 0)


def _pick(where: Any, label: str, key: str, options: list[Any]) -> Any:  # noqa: ANN401  a column, and what is in the list
    """A select box whose value stands in the address."""
    wanted = st.query_params.get(key)
    if st.session_state.get(key) not in options:
        st.session_state[key] = next((option for option in options if str(option) == wanted), options[0])
    picked = where.selectbox(label, options, key=key)
    link_to(key, None if picked == options[0] else str(picked))
    return picked


def _at() -> float | None:
    try:
        return float(st.query_params.get("inspect_at", ""))
    except ValueError:
        return None


def _drawn(session: Session, sessions: int) -> dict[str, Any]:
    key = session.record.key
    wav = url = None
    try:
        wav = heard(session)
        url = sound_url(wav, f"inspect {session.run.run_id} {key}")
    except WorkbenchError as error:
        state("missing", f"the sound of {key}: {error}")
    name = key.cell if sessions < 2 else f"{key.cell} · {session.run.run_id[-6:]}"
    return inspector_session(session, wav, url, name)


_TERMS: tuple[Column[Any], ...] = (
    Column("term", "marked term", str),
    Column("kind", "kind", str),
    Column("found", "kept", bool),
    Column("heard", "heard instead", str),
)


def _details(session: Session) -> None:
    rows = term_rows(session.record)
    key = str(session.record.key)
    with st.expander(f"Marked terms and raw frames of {session.record.key.cell}"):
        if rows:
            known = Table(tuple(c for c in _TERMS if c.key in rows[0]), tuple(rows))
            table(known, f"inspect_terms_{session.run.run_id}_{key}", "marked terms and what became of them")
        st.caption("Every frame with its time; text is replaced by its length and hash.")
        frames = frames_table(session)
        table(frames, f"inspect_frames_{session.run.run_id}_{key}", "recorded frames in order")
