"""One module a page, each with ``page()``; the router imports a page when it is opened."""

from __future__ import annotations

__all__: list[str] = []
