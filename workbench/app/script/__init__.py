"""The script that Streamlit runs, in a folder of its own: Streamlit takes a ``pages`` folder beside it for its own."""

from __future__ import annotations

__all__: list[str] = []
