"""The app: Streamlit pages over stored and running sessions.

Pages draw and do not compute; what they need is a table of :mod:`workbench.reporting.tables.cells` or a
figure of
:mod:`workbench.reporting.figures.run`. Long work is done by the command line in a process of its own. No thread
that Streamlit did not start calls Streamlit.
"""

from __future__ import annotations

__all__: list[str] = []
