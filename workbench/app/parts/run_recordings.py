"""The tab Recordings of a run: worst first, differences marked, heard from the error, wrong references marked."""

from __future__ import annotations

import streamlit as st

from workbench.app import data, privacy
from workbench.app.data import Chosen
from workbench.app.inspector_data import heard
from workbench.app.parts.chart import table
from workbench.app.parts.page import plain, state
from workbench.app.recordings_data import ORDERS, SHOWN, Filter, Recording, from_error, latency_ms, ranked, selected
from workbench.app.router import page_of
from workbench.app.sounds import sound_url
from workbench.errors import WorkbenchError
from workbench.reporting.session import find_session
from workbench.reporting.tables.table import Column, Table, metric_column
from workbench.runs.result import RunResult
from workbench.scoring.cells import latest_attempts
from workbench.scoring.measures import DURATIONS, METRICS
from workbench.scoring.session import SessionScore
from workbench.store.labels import flag_reference

__all__ = ["recordings", "worst_of"]

_PAGE = 12
_WORST = 3


def recordings(run: Chosen, result: RunResult) -> None:
    """Draw the tab."""
    if privacy.hidden():
        st.info("Privacy mode is on: what was said and heard is not shown here.", icon=":material/visibility_off:")
        return
    _excluded(result)
    order, by = _chosen(result)
    every = sum(score.cell == by.cell for score in latest_attempts(result.scores))
    scores = ranked(selected(result.scores, by, data.said(run.run_id, run.content) if by.words else {}), order)
    found = len(scores)
    if found < every:
        st.caption(f"{found:,} of {every:,} recordings; the filters hide the others.")
    if st.toggle("As a table", key="run_table", bind="query-params", help="Sort by any column; tick a row to open it."):
        _table(run, scores)
        return
    count = st.session_state.setdefault("run_shown", _PAGE)
    view = data.recordings_view(order, count, by)
    for number, recording in enumerate(data.recordings(run.run_id, run.content, view)):
        _one(run, result, recording, f"run_{number}")
    if found > count:
        st.caption(f"{count} of {found:,} recordings.")
        if st.button("Show more", key="run_more"):
            st.session_state["run_shown"] = count + _PAGE
            st.rerun()


def _chosen(result: RunResult) -> tuple[str, Filter]:
    """Order and filter; what a run cannot be filtered by is not offered."""
    search, what, order = st.columns([2, 1, 1])
    # Not in the address, which a browser keeps: it may be what a patient said.
    words = search.text_input("Search", key="run_search", placeholder="recording or words in it")
    shown = what.selectbox("Show", list(SHOWN), key="run_kept", bind="query-params")
    ordered = order.selectbox("Order", ORDERS, key="run_order", bind="query-params")
    cells = [cell.cell for cell in result.cells]
    tags = sorted({tag for score in result.scores for tag in score.tags})
    speakers = sorted({score.speaker for score in result.scores if score.speaker})
    wanted = [name for name, many in (("cell", cells[1:]), ("tag", tags), ("speaker", speakers[1:])) if many]
    places = dict(zip(wanted, st.columns(len(wanted)) if wanted else (), strict=True))
    cell = cells[0]
    if "cell" in places:
        cell = places["cell"].selectbox("Configuration", cells, key="run_cell", bind="query-params")
    tag = places["tag"].multiselect("Tag", tags, key="run_tag") if "tag" in places else []
    speaker = places["speaker"].multiselect("Speaker", speakers, key="run_speaker") if "speaker" in places else []
    return str(ordered), Filter(cell, tuple(tag), tuple(speaker), str(shown), tuple(words.casefold().split()))


_COLUMNS: tuple[Column[SessionScore], ...] = (
    Column("utterance", "recording", lambda s: s.utterance),
    Column("outcome", "outcome", lambda s: "failed" if s.failed else "done" if s.timed else "not timed"),
    Column("wrong", "words wrong", lambda s: None if s.failed else s.words.errors),
    Column("words", "words", lambda s: s.words.reference),
    metric_column("wer", lambda s: None if s.failed else METRICS["wer"].shown(s.words.rate)),
    Column("critical", METRICS["critical_errors"].title, lambda s: None if s.failed else s.meaning.critical),
    Column("latency", f"median {DURATIONS['word_latency'].title}", latency_ms, "ms", 0),
    Column("repeat", "play", lambda s: s.repeat + 1),
    Column("tags", "tags", lambda s: ", ".join(s.tags) or None),
)


def _table(run: Chosen, scores: list[SessionScore]) -> None:
    """Every recording in a row; a ticked one opens in Inspect."""
    rows = tuple({c.key: c.value(score) for c in _COLUMNS} for score in scores)
    event = table(Table(_COLUMNS, rows), "run_rows", "Recordings of the configuration", select="single-row")
    if event is not None and event.selection.rows:
        score = scores[event.selection.rows[0]]
        query = {"inspect_run": run.run_id, "inspect_utterance": score.utterance, "inspect_cell": score.cell}
        del st.session_state["run_rows"]
        st.switch_page(page_of("inspect"), query_params=query)


def _excluded(result: RunResult) -> None:
    if not result.excluded:
        return
    count = len(result.excluded)
    st.warning(
        f"{count} recording{'s' * (count != 1)} excluded from every number: the reference is marked as wrong.",
        icon=":material/flag:",
    )
    with st.expander("Excluded recordings"):
        for utterance in result.excluded:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(plain(utterance))
                if st.button("The reference is right", key=f"run_unflag_{utterance}", icon=":material/undo:"):
                    flag_reference(data.store_root(), result.run.manifest.corpus.name, utterance, None)
                    st.rerun()


def worst_of(run: Chosen, result: RunResult, cell: str, prefix: str) -> None:
    """The recordings of a configuration that have the most errors, to be heard.

    Args:
        run: the run, and what is stored of it now.
        result: its scores so far.
        cell: name of the configuration.
        prefix: of the keys, unique on the page.

    Raises:
        WorkbenchError: the records cannot be read.
    """
    view = data.recordings_view(ORDERS[0], _WORST, Filter(cell))
    for number, recording in enumerate(data.recordings(run.run_id, run.content, view)):
        _one(run, result, recording, f"{prefix}_worst_{number}")
    if st.button(
        "All its recordings", key=f"{prefix}_all", icon=":material/list:", on_click=_show_recordings, args=(cell,)
    ):
        query = {"id": run.run_id, "run_tab": "Recordings", "run_cell": cell}
        st.switch_page(page_of("run"), query_params=query)


def _show_recordings(cell: str) -> None:
    """What was chosen on the page before would win over the address."""
    st.session_state["run_tab"] = "Recordings"
    st.session_state["run_cell"] = cell


def _one(run: Chosen, result: RunResult, recording: Recording, prefix: str) -> None:
    key = recording.key
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            repeat = f" · play {key.repeat + 1}" if key.repeat else ""
            st.markdown(f"**{plain(key.utterance)}**{repeat}")
            if recording.score.failed:
                st.badge("failed", icon=":material/error:", color="red")
            st.markdown(plain(recording.summary))
        if recording.html:
            st.html(recording.html)
        with st.container(horizontal=True, gap="small"):
            wrong = recording.error_at_ms is not None
            label = "▶ From the error" if wrong else "▶ Listen"
            if st.button(label, key=f"{prefix}_play", disabled=recording.score.failed):
                st.session_state["run_heard"] = str(key)
            if st.button("Open", key=f"{prefix}_inspect", icon=":material/manage_search:"):
                query = {"inspect_run": run.run_id, "inspect_utterance": key.utterance, "inspect_cell": key.cell}
                if wrong:
                    query["inspect_at"] = f"{recording.error_at_ms:.0f}"
                st.switch_page(page_of("inspect"), query_params=query)
            if st.button(
                "The reference is wrong", key=f"{prefix}_flag", icon=":material/flag:", type="tertiary",
                help="Excludes this recording from every number of this data set, and counts it; can be undone.",
            ):  # fmt: skip
                corpus = result.run.manifest.corpus.name
                flag_reference(data.store_root(), corpus, key.utterance, recording.reference)
                st.rerun()
        if st.session_state.get("run_heard") == str(key):
            _player(result, recording)


def _player(result: RunResult, recording: Recording) -> None:
    key = recording.key
    try:
        sound = heard(find_session(result.run, result.scores, key.utterance, key.cell, key.repeat))
    except WorkbenchError as error:
        state("missing", f"the sound: {error}")
        return
    wav = from_error(sound, recording.error_at_ms or 0.0)
    if sound_url(b"", "run player") is not None:
        st.audio(wav, autoplay=True)
    where = f"from {recording.error_at_ms / 1000:.2f} s" if recording.error_at_ms else "from the beginning"
    st.caption(f"Plays {where}, as the service heard it.")
