"""The app as a plain script: ``streamlit run streamlit_app.py``. ``workbench app`` adds live routes and headers."""

from __future__ import annotations

from workbench.app.router import route

__all__: list[str] = []

route()
