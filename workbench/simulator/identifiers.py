"""Identifiers that the simulator makes."""

from __future__ import annotations

import random
import time

__all__ = ["new_transcript_id"]

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(high + low for high in _ALPHABET for low in _ALPHABET)
"""Ten bits at a time: an id is made for each frame, and half as many look-ups are half of what it costs."""


def new_transcript_id() -> str:
    """A ULID: 48 bits of Unix milliseconds and 80 random bits in Crockford's base 32; fresh for each frame (S-89).

    >>> len(new_transcript_id())
    26
    """
    number = (time.time_ns() // 1_000_000) << 80 | random.getrandbits(80)
    pairs = _PAIRS
    return "".join([pairs[(number >> shift) & 1023] for shift in range(120, -1, -10)])
