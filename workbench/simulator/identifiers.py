"""Identifiers that the simulator makes."""

from __future__ import annotations

import os
import time

__all__ = ["new_transcript_id"]

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_transcript_id() -> str:
    """A ULID: 48 bits of Unix milliseconds and 80 random bits in Crockford's base 32; fresh for each frame (S-89).

    >>> len(new_transcript_id())
    26
    """
    number = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))
