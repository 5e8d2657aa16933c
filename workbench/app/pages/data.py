"""System: the service, normalisers, storage, privacy, versions."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from workbench.app.parts import jobs as job_panel
from workbench.app.parts import system as system_parts
from workbench.app.parts.page import guarded, head

__all__ = ["PARTS", "page"]

PARTS: dict[str, Callable[[], None]] = {
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
    head("System", "Whether the service answers, what is stored, and what this workbench is made of.")
    part = st.segmented_control(
        "Part", list(PARTS), default="Connection", required=True, key="data_part", bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    with guarded():
        PARTS[str(part)]()
    with guarded():
        job_panel.panel("data")
