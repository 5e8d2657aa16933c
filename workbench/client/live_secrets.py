"""Tokens that a service was given, cut out of everything that it says before that is shown or stored."""

from __future__ import annotations

import json
from collections.abc import Iterable
from urllib.parse import quote

__all__ = ["LiveSecrets"]

_LEAST = 8
"""Shorter ones would be found in what somebody said, and protect nothing."""

_BLOT = "***"


class LiveSecrets:
    """The secrets of one client, known as they come to be.

    >>> secrets = LiveSecrets(["hunter-22"])
    >>> secrets.cut("no session for hunter-22")
    'no session for ***'
    """

    __slots__ = ("_forms",)

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._forms: tuple[str, ...] = ()
        for value in values:
            self.add(value)

    def __repr__(self) -> str:
        return "LiveSecrets(***)"

    def add(self, value: str | None) -> None:
        """Cut this one, too, as it is and as JSON and addresses write it."""
        if value is None or len(value) < _LEAST or value in self._forms:
            return
        forms = {value, json.dumps(value)[1:-1], value.replace("/", "\\/"), quote(value, safe="")}
        self._forms += tuple(sorted(forms, key=len, reverse=True))

    def cut(self, text: str) -> str:
        """The text without them."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, _BLOT)
        return text

    def cut_bytes(self, data: bytes) -> bytes:
        """The same for bytes."""
        for form in self._forms:
            if (wanted := form.encode()) in data:
                data = data.replace(wanted, _BLOT.encode())
        return data
