"""Privacy mode: no transcript on the screen, no export, no sound of a patient.

House rules: ``WORKBENCH_PRIVACY=1`` in the environment of the app turns it on for everybody and no page can turn it
off; otherwise it belongs to one browser session. Whatever shows speech asks :func:`hidden` first.
"""

from __future__ import annotations

import os

__all__ = ["KEY", "hidden", "locked"]

KEY = "privacy_on"
"""Of the switch in a session's state."""


def locked() -> bool:
    """Whether the environment has turned privacy mode on for everybody."""
    return os.environ.get("WORKBENCH_PRIVACY", "") not in ("", "0")


def hidden() -> bool:
    """Whether transcripts and exports are hidden in this session."""
    import streamlit as st

    return locked() or bool(st.session_state.get(KEY, False))
