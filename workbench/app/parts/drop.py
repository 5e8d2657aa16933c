"""The drop zone: recordings with their texts become a data set, in four steps on one screen and no path typed."""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from workbench.app.intake import LIMITS, Received, Row, Trouble, import_rows, pair, receive, table_columns
from workbench.app.parts import data_sets
from workbench.app.parts.page import guarded, plain, state
from workbench.app.sounds import sound_url
from workbench.corpus import builtin_corpora
from workbench.corpus.importers.columns import guess_columns
from workbench.corpus.own import own_folder, own_place

__all__ = ["drop_zone"]

_INCOMING = ".incoming"
_STALE_S = 86_400
_PREVIEW = 5
_NAMED = 6
_HELD = "datasets_received"
_PAIRED = "datasets_paired"
_ROUND = "datasets_round"
_NONE = "none"
_HOW = ("Files or a zip", "A folder")


def drop_zone() -> None:
    """Drop, see, name, import."""
    st.header("Bring your own recordings", anchor=False)
    # A widget is emptied by giving it another key.
    number = st.session_state.setdefault(_ROUND, 0)
    how = st.radio("What to drop", _HOW, horizontal=True, key="datasets_how", label_visibility="collapsed")
    folder = how == _HOW[1]
    files = st.file_uploader(
        "Recordings and their texts: a .txt of the same name for each, or one table (CSV)",
        accept_multiple_files="directory" if folder else True,
        key=f"datasets_drop_{number}_{how}",
        help=f"Up to 200 MB per file, {LIMITS.bytes / 1024**3:.0f} GB in all; they stay here until you run them.",
    )
    if not files:
        return
    with guarded():
        received = _received(files)
        rows, troubles, columns = _paired(received)
        _preview(received, rows)
        _troubles(troubles)
        if rows:
            _named(received, rows, columns)


def _received(files: Sequence[st.runtime.uploaded_file_manager.UploadedFile]) -> Received:
    """The dropped files on the disk; written again only when others are dropped."""
    key = tuple(file.file_id for file in files)
    held = st.session_state.get(_HELD)
    if held is not None and held[0] == key and held[1].folder.is_dir():
        return held[1]  # type: ignore[no-any-return]
    incoming = own_folder() / _INCOMING
    if held is not None:
        shutil.rmtree(held[1].folder, ignore_errors=True)
    for left in incoming.glob("*"):  # of tabs that were closed
        if left.stat().st_mtime < time.time() - _STALE_S:
            shutil.rmtree(left, ignore_errors=True)
    with st.spinner("Looking at the recordings …"):
        received = receive(incoming / secrets.token_hex(8), [(file.name, file) for file in files])
    st.session_state[_HELD] = (key, received)
    return received


def _paired(received: Received) -> tuple[list[Row], list[Trouble], dict[str, str] | None]:
    """Recordings with their texts, what is wrong, and the columns of the table if there is one."""
    if not received.sounds:
        state("missing", "no recording among these files. Drop the sound files (WAV, FLAC, MP3 …) as well")
        return [], list(received.troubles), None
    if not received.tables:
        return *_rows(received), None
    left, *others = st.columns(4)
    options = [*received.tables, *([_NONE] if received.texts else [])]
    table = left.selectbox("Texts are in", options, key="datasets_table", format_func=_table_name)
    if table == _NONE:
        return *_rows(received), None
    names = table_columns(received, table)
    likely = guess_columns(names)
    columns = {}
    for place, (what, label) in zip(
        others, (("audio", "Recording"), ("reference", "Text"), ("speaker", "Speaker")), strict=True
    ):
        options = [_NONE, *names] if what == "speaker" else [*names]
        first = likely.get(what, options[0])
        picked = place.selectbox(
            f"Column: {label.lower()}", options, options.index(first), key=f"datasets_column_{what}"
        )
        if picked != _NONE:
            columns[what] = picked
    return *_rows(received, table, columns), columns


def _rows(
    received: Received, table: str | None = None, columns: dict[str, str] | None = None
) -> tuple[list[Row], list[Trouble]]:
    """What :func:`pair` makes of these, kept while they are the same: it opens every recording."""
    key = (received.folder, table, columns)
    held = st.session_state.get(_PAIRED)
    if held is None or held[0] != key:
        held = st.session_state[_PAIRED] = (key, pair(received, table, columns))
    return held[1]


def _table_name(option: str) -> str:
    return ".txt files of the same names" if option == _NONE else Path(option).name


def _preview(received: Received, rows: Sequence[Row]) -> None:
    if not rows:
        state("missing", "no recording has a text yet")
        return
    length = data_sets.length_text(sum(row.seconds for row in rows))
    st.markdown(f"**{len(rows)} recording{'s' * (len(rows) != 1)}, {length}**, ready to import.")
    for row in rows[:_PREVIEW]:
        sound, text = st.columns([1, 2], vertical_alignment="center")
        path = received.folder / row.audio
        if sound_url(b"", "datasets preview") is not None:
            sound.audio(path)
        speaker = f" · {row.speaker}" if row.speaker else ""
        text.markdown(f"**{plain(row.id)}**{plain(speaker)} · {row.seconds:.1f} s  \n{plain(row.reference[:300])}")
    if len(rows) > _PREVIEW:
        st.caption(f"{len(rows) - _PREVIEW:,} more are not shown.")


def _troubles(troubles: Sequence[Trouble]) -> None:
    for trouble in troubles:
        count = len(trouble.items)
        more = f" and {count - _NAMED:,} more" if count > _NAMED else ""
        st.warning(
            plain(f"{count:,} × {trouble.what}: {', '.join(trouble.items[:_NAMED])}{more}"), icon=":material/report:"
        )


def _named(received: Received, rows: Sequence[Row], columns: dict[str, str] | None) -> None:
    left, right = st.columns(2)
    name = left.text_input("Name of the data set", _suggested(received), key="datasets_name", max_chars=64)
    licence = right.text_input("Licence or origin", key="datasets_licence", placeholder="optional")
    name = "-".join(name.split())
    if st.button(
        f"Import {len(rows)} recording{'s' * (len(rows) != 1)}", key="datasets_import", type="primary",
        icon=":material/input:",
    ):  # fmt: skip
        target = own_place(name, tuple(builtin_corpora()))
        with st.spinner("Importing …"):
            import_rows(received, rows, target, licence.strip() or None, columns)
        data_sets.find_word_times(name)
        st.session_state.pop(_HELD, None)
        st.session_state.pop(_PAIRED, None)
        st.session_state[_ROUND] += 1
        st.session_state.pop("datasets_set", None)
        st.query_params["datasets_set"] = name
        st.rerun()
    st.caption("The sound is copied into the data set. Word times are found automatically afterwards.")


def _suggested(received: Received) -> str:
    folders = {Path(path).parts[0] for path in received.sounds if len(Path(path).parts) > 1}
    return folders.pop() if len(folders) == 1 else time.strftime("recordings-%Y-%m-%d")
