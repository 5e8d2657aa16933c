"""The app: Streamlit pages over stored and running sessions.

House rules: pages draw and do not compute; what they need is a table of :mod:`workbench.tables` or a figure of
:mod:`workbench.plots`. Long work is done by the command line in a process of its own. No thread
that Streamlit did not start calls Streamlit.
"""

from __future__ import annotations

__all__: list[str] = []
