"""Marked terms in the texts of the build scripts: ``{kind:text}``."""

from __future__ import annotations

import re

from workbench.corpus import TermRow

__all__ = ["marked_terms", "without_marks"]

_MARK = re.compile(r"\{(\w+):([^}]+)\}")


def without_marks(text: str) -> str:
    """The written form."""
    return _MARK.sub(r"\2", text)


def marked_terms(text: str) -> tuple[TermRow, ...]:
    """The marked terms, in order."""
    return tuple(TermRow(text=term, kind=kind) for kind, term in _MARK.findall(text))
