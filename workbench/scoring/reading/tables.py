"""How the tables of this package are written: words apart by spaces, forms apart by bars."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["rows", "words"]


def words(text: str) -> tuple[str, ...]:
    """Words of a text.

    >>> words("left right")
    ('left', 'right')
    """
    return tuple(text.split())


def rows(table: Mapping[str, str]) -> dict[tuple[str, ...], str]:
    """Canonical form to forms apart by bars, turned round: the words of each form to the canonical form.

    >>> rows({"2x/day": "bid|twice daily"})
    {('bid',): '2x/day', ('twice', 'daily'): '2x/day'}
    """
    return {words(form): name for name, forms in table.items() for form in forms.split("|")}
