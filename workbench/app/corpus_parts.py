"""Corpora on the page Data & settings: what there is, whether it is sound, and bringing in others."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from workbench.app import data, jobs
from workbench.app.frame import state
from workbench.app.showing import table
from workbench.errors import WorkbenchError
from workbench.importers import FORMATS
from workbench.tables import Column, Table

__all__ = ["corpora", "importing"]

_CHECKED = "data_checked"
_CHECK_S = 300.0

_CORPUS_COLUMNS: tuple[Column[dict[str, object]], ...] = (
    Column("name", "corpus", lambda c: str(c["name"])),
    Column("utterances", "utterances", lambda c: int(str(c["utterances"]))),
    Column("minutes", "audio", lambda c: float(str(c["seconds"])) / 60, "min", 1),
    Column("times", "with word times", lambda c: int(str(c["times"])), explain="utterances whose words have times"),
    Column("licence", "licence", lambda c: None if c["licence"] is None else str(c["licence"])),
    Column("description", "what it is", lambda c: None if c["description"] is None else str(c["description"])),
)
_PROBLEM_COLUMNS: tuple[Column[dict[str, object]], ...] = (
    Column("path", "file", lambda p: Path(str(p.get("path"))).name),
    Column("line", "line", lambda p: None if p.get("line") is None else int(str(p["line"]))),
    Column("item", "utterance", lambda p: None if p.get("item") is None else str(p["item"])),
    Column("what", "what is wrong", lambda p: str(p.get("what"))),
)


def corpora() -> None:
    """What can be played, and a check of every file of it."""
    rows = []
    for name in data.corpora():
        try:
            corpus = data.corpus(name, "")
        except WorkbenchError as error:
            state("failed", f"{name}: {error}")
            continue
        rows.append(
            {
                "name": corpus.name,
                "utterances": len(corpus.utterances),
                "seconds": sum(u.duration_s for u in corpus.utterances),
                "times": sum(bool(u.reference.words) for u in corpus.utterances),
                "licence": corpus.licence,
                "description": corpus.description,
            }
        )
    listed = tuple({c.key: c.value(row) for c in _CORPUS_COLUMNS} for row in rows)
    table(Table(_CORPUS_COLUMNS, listed), "data_corpora", "Corpora that can be played")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            "Check a corpus", data.corpora(), key="data_corpus", accept_new_options=True, width=420,
            help="a built-in name, or the path of a folder or manifest",
        )  # fmt: skip
        if st.button("Check every file", key="data_check", icon=":material/fact_check:"):
            with st.spinner("Hashing and decoding every file …"):
                st.session_state[_CHECKED] = (name, _checked(str(name)))
    checked = st.session_state.get(_CHECKED)
    if checked is not None:
        _show_check(*checked)


def _checked(name: str) -> dict[str, object]:
    try:
        return jobs.ask(data.store_root(), ("datasets", "check", name, "--json"), _CHECK_S)
    except WorkbenchError as error:
        return {"failure": str(error)}


def _show_check(name: str, found: dict[str, object]) -> None:
    if "failure" in found:
        state("failed", str(found["failure"]))
    elif found.get("good"):
        st.success(f"{name}: every file is there, decodes and has its hash.", icon=":material/check_circle:")
    else:
        problems(found)


def problems(found: dict[str, object]) -> None:
    """What is wrong with the rows of a corpus, each with its file and line."""
    listed = found.get("problems")
    rows = [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
    state("failed", f"{len(rows)} problems")
    listed_rows = tuple({c.key: c.value(row) for c in _PROBLEM_COLUMNS} for row in rows)
    table(Table(_PROBLEM_COLUMNS, listed_rows), "data_problems", "Problems by file and line")


def importing() -> None:
    """Three steps: where it is and what it is, where it goes, and the import itself, which checks every row first."""
    st.markdown("**1 · What it is**")
    one, two = st.columns([1, 2])
    format_name = one.selectbox("Format", list(FORMATS), key="data_format", bind="query-params")
    source = two.text_input("File or folder on this machine", key="data_source", placeholder="/data/test.jsonl")
    root = two.text_input(
        "Folder that holds all audio", key="data_root", placeholder="the folder of the file above",
        help="audio outside of it is refused",
    )  # fmt: skip
    st.markdown("**2 · Where it goes**")
    one, two = st.columns([1, 2])
    licence = one.text_input("Licence of the audio", key="data_licence", placeholder="recorded in every row")
    target = two.text_input("Folder of the new corpus", key="data_target", placeholder="/data/my-corpus")
    copy = two.checkbox("Copy the audio into it", key="data_copy")
    st.markdown("**3 · Bring it in**")
    missing = [
        what for what, text in (("the file or folder", source), ("the folder of the new corpus", target)) if not text
    ]
    if source and not Path(source).expanduser().exists():
        state("missing", f"there is no {source}")
        missing.append("a source that exists")
    if missing:
        st.caption(f"Still needed: {', '.join(missing)}.")
    if st.button("Import", key="data_import", type="primary", icon=":material/input:", disabled=bool(missing)):
        more = [
            part for flag, text in (("--audio-root", root), ("--licence", licence)) if text for part in (flag, text)
        ]
        paths = (str(Path(source).expanduser()), str(Path(target).expanduser()))
        arguments = ("datasets", "import", str(format_name), *paths, *more, *(["--copy"] if copy else []), "--json")
        jobs.start(data.store_root(), f"Import of {Path(source).name} as {format_name}", arguments)
        st.rerun()
    st.caption("Where a row is bad it is named and nothing is written; progress and outcome stand below.")
