"""Importing a data set of another format from a folder on the machine of the app."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from workbench.app import data, jobs
from workbench.app.parts.page import state
from workbench.corpus import builtin_corpora
from workbench.corpus.importers import FORMATS
from workbench.corpus.own import own_place

__all__ = ["foreign"]


def foreign() -> None:
    """What it is, what it is called, and the import itself, which checks every row first."""
    one, two = st.columns([1, 2])
    format_name = one.selectbox("Format", list(FORMATS), key="data_format")
    source = two.text_input("File or folder on this machine", key="data_source", placeholder="/data/test.jsonl")
    name = one.text_input("Name of the data set", key="data_target", placeholder="my-recordings")
    root = two.text_input(
        "Folder that holds all audio", key="data_root", placeholder="the folder of the file above",
        help="audio outside this folder is refused",
    )  # fmt: skip
    licence = one.text_input("Licence of the audio", key="data_licence", placeholder="recorded in every row")
    copy = two.checkbox("Copy the audio into the data set", key="data_copy")
    missing = [what for what, text in (("the file or folder", source), ("a name", name)) if not text]
    if source and not Path(source).expanduser().exists():
        state("missing", f"there is no {source}")
        missing.append("a source that exists")
    if missing:
        st.caption(f"Still needed: {', '.join(missing)}.")
    if st.button("Import", key="data_import", icon=":material/input:", disabled=bool(missing)):
        more = [
            part for flag, text in (("--audio-root", root), ("--licence", licence)) if text for part in (flag, text)
        ]
        target = own_place("-".join(name.split()), tuple(builtin_corpora()))
        paths = (str(Path(source).expanduser().resolve()), str(target.resolve()))
        arguments = ("datasets", "import", str(format_name), *paths, *more, *(["--copy"] if copy else []), "--json")
        jobs.start(data.store_root(), f"Import of {Path(source).name} as {format_name}", arguments)
        st.rerun()
    st.caption("If a row is bad, it is listed and nothing is written; progress and result are shown above.")
