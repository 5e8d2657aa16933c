"""What ``workbench app`` runs on every rerun; an installed workbench has it in the package."""

from __future__ import annotations

from workbench.app.router import route

__all__: list[str] = []

route()
