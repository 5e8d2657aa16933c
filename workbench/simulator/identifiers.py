"""Identifiers that the simulator makes."""

from __future__ import annotations

import random
import time
from functools import lru_cache

__all__ = ["new_transcript_id"]

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(high + low for high in _ALPHABET for low in _ALPHABET)
"""Ten bits at a time: an id is made for each frame, and half as many look-ups are half of what it costs."""


def new_transcript_id() -> str:
    """A ULID: 48 bits of Unix milliseconds and 80 random bits in Crockford's base 32; fresh for each frame (S-89).

    >>> len(new_transcript_id())
    26
    """
    p, a, b = _PAIRS, random.getrandbits(40), random.getrandbits(40)
    return (
        _moment(time.time_ns() // 1_000_000)
        + p[a >> 30] + p[a >> 20 & 1023] + p[a >> 10 & 1023] + p[a & 1023]
        + p[b >> 30] + p[b >> 20 & 1023] + p[b >> 10 & 1023] + p[b & 1023]
    )  # fmt: skip


@lru_cache(maxsize=4)
def _moment(ms: int) -> str:
    return "".join(_PAIRS[ms >> shift & 1023] for shift in range(40, -1, -10))
