"""The inspector on its page: the time axis with its place in the address, a file to hand over, frames and terms."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from workbench.app import components
from workbench.app.corpora import corpora
from workbench.app.inspector_data import Inspected, frames_table
from workbench.app.parts.chart import table
from workbench.app.parts.data_sets import find_word_times
from workbench.app.parts.page import state
from workbench.app.parts.run_picker import link_to
from workbench.app.sounds import sound_url
from workbench.audio.files import encode_audio
from workbench.reporting.case import write_case
from workbench.reporting.session import Session, term_rows
from workbench.reporting.session_page import render_session_page
from workbench.reporting.session_timeline import same_rows
from workbench.reporting.tables.table import Column, Table

__all__ = ["case", "case_bytes", "details", "elsewhere", "save", "view", "without_times"]

_AT, _ZOOM = "inspect_at", "inspect_zoom"


@st.fragment
def view(place: str, shown: Sequence[Inspected]) -> None:
    """The time axis of one or two sessions; where one stands and what is zoomed to goes into the address.

    Args:
        place: the recording.
        shown: its sessions.
    """
    drawn = {"place": place, "sessions": [_drawn(one, len(shown)) for one in shown], "at": _at(), "zoom": _zoom()}
    seen = components.inspector("inspect_view", drawn)
    if seen is not None and seen["place"] == place:
        link_to(_AT, str(seen["at"]) if seen["at"] else None)
        link_to(_ZOOM, "-".join(map(str, seen["zoom"])) if seen["zoom"] else None)


def elsewhere() -> None:
    """Another recording is opened at its beginning."""
    for key in (_AT, _ZOOM):
        st.query_params.pop(key, None)


def _at() -> float | None:
    try:
        return float(st.query_params.get(_AT, ""))
    except ValueError:
        return None


def _zoom() -> list[int] | None:
    first, _, last = st.query_params.get(_ZOOM, "").partition("-")
    if not (first.isdecimal() and last.isdecimal() and int(first) < int(last)):
        return None
    return [int(first), int(last)]


def _drawn(one: Inspected, sessions: int) -> dict[str, Any]:
    session = one.session
    key = session.record.key
    name = key.cell if sessions < 2 else f"{key.cell} · {session.run.run_id[-6:]}"
    place = f"inspect {session.run.run_id} {key}"
    return one.drawn(None if one.sound is None else sound_url(encode_audio(*one.sound, "WAV"), place), name)


def save(shown: Sequence[Inspected]) -> None:
    """A button that saves what is shown as one HTML file with its sound."""
    first = shown[0] if shown else None
    sound = None if first is None else first.sound
    sessions = [one.session for one in shown]
    st.download_button(
        "Save as one HTML",
        lambda: render_session_page(sessions, sound).encode() if sound is not None else b"",
        f"{sessions[0].record.key.utterance if sessions else 'session'}.html".replace("/", "_"),
        "text/html",
        key="inspect_save",
        icon=":material/download:",
        on_click="ignore",
        disabled=sound is None,
        help="Sound, words in time and every partial in one file that can be mailed. It contains speech and "
        "transcripts: treat it as patient data." if sound is not None else "There is no sound to save: see below.",
    )  # fmt: skip


def case(shown: Sequence[Inspected]) -> None:
    """A button that saves what is shown of its first run as a case for the vendor, failed sessions among it."""
    sessions = [one.session for one in shown if one.session.run.run_id == shown[0].session.run.run_id]
    st.download_button(
        "Case for the vendor",
        lambda: case_bytes(sessions),
        f"case-{sessions[0].record.key.utterance}.zip".replace("/", "_"),
        "application/zip",
        key="inspect_case",
        icon=":material/support_agent:",
        on_click="ignore",
        help="One ZIP file for a support ticket: what is wrong in plain English, sound as sent, texts, timeline, every "
        "frame with its times, ids and versions. It holds what was said: treat it as patient data.",
    )


def case_bytes(sessions: Sequence[Session]) -> bytes:
    """The file as ``workbench case`` writes it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "case.zip"
        write_case(path, sessions)
        return path.read_bytes()


def without_times(shown: Sequence[Inspected]) -> bool:
    """Say that no word can be heard alone, and offer to find word times; False where there are some."""
    untimed = [one.session for one in shown if not one.session.record.reference.words and not one.session.score.failed]
    if not untimed:
        return False
    reference, corpus = untimed[0].record.reference, untimed[0].run.manifest.corpus.name
    if not reference.spoken:
        state("missing", "a text of this recording: without one no word has a time")
        return False
    state("missing", "word times: words cannot be heard one by one and have no latency")
    own = corpus in corpora()
    st.button(
        "Find word times",
        key="inspect_align",
        icon=":material/timer:",
        on_click=find_word_times,
        args=(corpus,),
        disabled=not own,
        help="Aligns the data set with its sound, in the background." if own else f"{corpus} is not a data set here.",
    )
    return True


_TERMS: tuple[Column[Any], ...] = (
    Column("term", "marked term", str),
    Column("kind", "kind", str),
    Column("found", "kept", bool),
    Column("heard", "heard instead", str),
)
_SAME: tuple[Column[Any], ...] = (
    Column("said", "in the reference", str),
    Column("heard", "counted as the same", str),
)


def details(session: Session) -> None:
    """Marked terms, what was counted as the same, and every frame; folded."""
    rows = term_rows(session.record)
    key = f"{session.run.run_id}_{session.record.key}"
    with st.expander(f"Marked terms and raw frames of {session.record.key.cell}"):
        if rows:
            known = Table(tuple(c for c in _TERMS if c.key in rows[0]), tuple(rows))
            table(known, f"inspect_terms_{key}", "marked terms and what became of them")
        if same := same_rows(session):
            listed: tuple[dict[str, Any], ...] = tuple({"said": spoken, "heard": heard} for spoken, heard in same)
            table(Table(_SAME, listed), f"inspect_same_{key}", "counted as the same")
        st.caption("Every frame with its time; text is replaced by its length and hash.")
        table(frames_table(session), f"inspect_frames_{key}", "recorded frames in order")
