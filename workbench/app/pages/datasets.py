"""Data sets: what can be played, bringing in one's own, and one of them with its recordings."""

from __future__ import annotations

import streamlit as st

from workbench.app.corpora import corpora
from workbench.app.parts import data_sets
from workbench.app.parts import jobs as job_panel
from workbench.app.parts.drop import drop_zone
from workbench.app.parts.foreign import foreign
from workbench.app.parts.page import guarded, head, state

__all__ = ["page"]

_ALL = "All data sets"


def page() -> None:
    """Draw the page."""
    head("Data sets", "Recordings with what is said in them: yours and the built-in ones. Drop, check, listen, run.")
    names = corpora()
    wanted = st.query_params.get("datasets_set")
    if st.session_state.get("datasets_set", _ALL) not in [_ALL, *names]:
        del st.session_state["datasets_set"]
    if "datasets_set" not in st.session_state and wanted in names:
        st.session_state["datasets_set"] = wanted
    elif wanted and wanted not in names:
        state("missing", f"there is no data set {wanted} here")
        del st.query_params["datasets_set"]
    picked = str(st.selectbox("Data set", [_ALL, *names], key="datasets_set"))
    if picked == _ALL:
        st.query_params.pop("datasets_set", None)
    elif wanted != picked:
        st.query_params["datasets_set"] = picked
    with guarded():
        job_panel.panel("datasets")
    with guarded():
        if picked != _ALL:
            data_sets.opened(picked)
            return
        drop_zone()
        st.header("What there is", anchor=False)
        data_sets.listed()
        with st.expander("Import from a folder on this machine (NeMo, Kaldi, LibriSpeech, Common Voice, Lhotse …)"):
            foreign()
