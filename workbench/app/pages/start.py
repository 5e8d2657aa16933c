"""Start: the newest verdict and the ways in."""

from __future__ import annotations

import streamlit as st

__all__ = ["page"]


def page() -> None:
    """Draw the page."""
    st.title("Suki Workbench")
