"""Samples and nanoseconds: the only conversions, and their rounding rule.

Positions in audio are integer samples, times are integer nanoseconds. Seconds and milliseconds are floats and
exist only on their way to a screen.

Rounding: a sample exists once its whole period has passed, so a position is turned into time by rounding *up* and
a time into whole samples by rounding *down*. The two are then exact inverses for every rate below 1 GHz.
"""

from __future__ import annotations

__all__ = [
    "NS_PER_MS",
    "NS_PER_S",
    "chunk_ends",
    "counted",
    "ms",
    "ms_to_samples",
    "ns_to_samples",
    "rescale",
    "samples_to_ns",
    "seconds",
]

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000


def samples_to_ns(samples: int, rate_hz: int) -> int:
    """Time at which the first ``samples`` samples exist, in ns, rounded up.

    >>> samples_to_ns(1600, 16_000), samples_to_ns(1, 44_100)
    (100000000, 22676)
    """
    return -(-samples * NS_PER_S // rate_hz)


def ns_to_samples(ns: int, rate_hz: int) -> int:
    """Whole samples that exist after ``ns`` nanoseconds, rounded down.

    >>> ns_to_samples(samples_to_ns(12_345, 44_100), 44_100)
    12345
    """
    return ns * rate_hz // NS_PER_S


def ms_to_samples(milliseconds: int, rate_hz: int) -> int:
    """Whole samples in ``milliseconds``, rounded down but never below one.

    >>> ms_to_samples(100, 16_000), ms_to_samples(10, 11_025)
    (1600, 110)
    """
    return max(1, milliseconds * rate_hz // 1000)


def rescale(sample: int, from_hz: int, to_hz: int) -> int:
    """The same instant as a position at another rate, rounded to nearest.

    >>> rescale(16_000, 16_000, 8_000)
    8000
    """
    return (2 * sample * to_hz + from_hz) // (2 * from_hz)


def ms(ns: float | None) -> float | None:
    """Nanoseconds as milliseconds, for tables; unknown stays unknown.

    >>> ms(1_500_000), ms(None)
    (1.5, None)
    """
    return None if ns is None else ns / NS_PER_MS


def seconds(ns: float) -> float:
    """Nanoseconds as seconds, for tables."""
    return ns / NS_PER_S


def counted(count: int, what: str) -> str:
    """A number of things, as people write it.

    >>> counted(1, "session"), counted(1200, "session")
    ('1 session', '1,200 sessions')
    """
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def chunk_ends(samples: int, chunk_samples: int) -> tuple[int, ...]:
    """Audio position after each chunk; the last chunk holds what is left and is there once.

    >>> chunk_ends(10, 4), chunk_ends(8, 4), chunk_ends(0, 4)
    ((4, 8, 10), (4, 8), ())
    """
    return tuple(min(start + chunk_samples, samples) for start in range(0, samples, chunk_samples))
