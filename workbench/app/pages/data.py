"""Data & settings: corpora and how they get in, the service, normalisers, storage, privacy, versions."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from workbench.app import corpus_parts, job_panel, system_parts
from workbench.app.frame import guarded, head

__all__ = ["PARTS", "page"]

PARTS: dict[str, Callable[[], None]] = {
    "Corpora": corpus_parts.corpora,
    "Import": corpus_parts.importing,
    "Connection": system_parts.connection,
    "Normalisers": system_parts.normalisers,
    "Score again": system_parts.rescoring,
    "Storage": system_parts.storage,
    "Privacy": system_parts.privacy_mode,
    "About": system_parts.versions,
}
"""Parts of the page; only the open one is drawn."""


def page() -> None:
    """Draw the page."""
    head("Data & settings", "What can be played, whether the service answers, and what this workbench is made of.")
    part = st.segmented_control(
        "Part", list(PARTS), default="Corpora", required=True, key="data_part", bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    with guarded():
        PARTS[str(part)]()
    with guarded():
        job_panel.panel("data")
