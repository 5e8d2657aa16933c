"""Identifiers that the simulator makes."""

from __future__ import annotations

import random
import time
from functools import lru_cache

__all__ = ["new_transcript_id"]

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LETTERS = bytes(_ALPHABET.encode() * 8)
"""A letter for each byte: an id is made for each frame, and one translation costs a third of eight look-ups."""


def new_transcript_id() -> str:
    """A ULID: 48 bits of Unix milliseconds and 80 random bits in Crockford's base 32; fresh for each frame (S-89).

    >>> len(new_transcript_id())
    26
    """
    drawn = random.getrandbits(128).to_bytes(16, "big").translate(_LETTERS).decode()  # five bits of each byte
    return _moment(time.time_ns() // 1_000_000) + drawn


@lru_cache(maxsize=4)
def _moment(ms: int) -> str:
    return "".join(_ALPHABET[ms >> shift & 31] for shift in range(45, -1, -5))
