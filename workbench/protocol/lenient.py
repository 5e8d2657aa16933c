"""Result documents read leniently: what cannot be read is left out and counted, never fatal (S-206).

A paid session whose status is completed must not fail because a document holds an unknown value, a null where the
documents show none, or lacks a member. The raw text stays in the event log; only the decoded view is reduced.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

__all__ = ["read_leniently"]

_T = TypeVar("_T")

_MOST = 1_000
"""Unreadable members of one document; beyond it the document as a whole counts as unreadable."""

_PATH = re.compile(r" - at `(?:key in )?(\$[^`]*)`")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")


def read_leniently(raw: bytes | msgspec.Raw, kind: type[_T]) -> tuple[_T, int]:
    """``raw`` as ``kind``, a type whose every member has a default.

    Args:
        raw: JSON text.
        kind: what the route table says the document is.

    Returns:
        The document without the members and list entries that are not what ``kind`` says, and how many those are.

    Raises:
        msgspec.DecodeError: not JSON at all.

    >>> class Answer(msgspec.Struct):
    ...     numbers: list[int] = []
    >>> read_leniently(b'{"numbers": [1, null, 3], "new": true}', Answer)
    (Answer(numbers=[1, 3]), 1)
    """
    document = msgspec.json.decode(raw)
    for unread in range(_MOST):
        try:
            return msgspec.convert(document, kind), unread
        except msgspec.ValidationError as error:
            steps = _steps(str(error))
            if not steps:
                return kind(), unread + 1
            _remove(document, steps)
    return kind(), _MOST


def _steps(problem: str) -> list[str | int]:
    """Where msgspec met what it could not read, as far as its path can be followed; empty for the whole document."""
    path = _PATH.search(problem)
    steps: list[str | int] = []
    place = 1
    while path is not None and (step := _STEP.match(path[1], place)) is not None:
        steps.append(step[1] if step[2] is None else int(step[2]))
        place = step.end()
    return steps


def _remove(document: Any, steps: list[str | int]) -> None:  # noqa: ANN401  any JSON
    for step in steps[:-1]:
        document = document[step]
    del document[steps[-1]]
