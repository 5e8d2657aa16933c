"""What the instrument found out about itself, kept beside the runs; reading it needs nothing that plays."""

from __future__ import annotations

from pathlib import Path

import msgspec

from workbench.errors import StoreError
from workbench.store.files import private_folder, write_atomic

__all__ = ["Calibration", "ErrorFacts", "load_calibration", "save_calibration"]

FILE = "calibration.json"


class ErrorFacts(msgspec.Struct, frozen=True):
    """Error of one metric, measured minus injected, in ms.

    Attributes:
        n: values compared.
        bias_ms: mean of the signed error.
        p50_ms, p95_ms, p99_ms, max_ms: of its absolute value.
    """

    n: int
    bias_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float


class Calibration(msgspec.Struct, frozen=True):
    """What the instrument found out about itself.

    Attributes:
        sessions: played at the same time.
        failed: of these.
        transport, pacer: how they were played.
        metrics: name of a latency to its error.
        wire: chunks from our send stamp to the simulator's arrival stamp, and messages the other way; not an error of
            any metric, but what loopback and two processes take. Where the kernel stamped arrivals, ``arrival wait``:
            from its stamp to the first callback that saw the bytes.
        counts_exact: whether every count (words, errors, erasure, unstable words, messages) was as injected.
        count_errors: the counts that were not, one clause each.
        resolution_ms: differences below this say nothing on this machine: the largest p99 of all metrics, rounded up
            to 1, 2 or 5 of its decade.
        created: UTC, RFC 3339.
        host: processor and kernel.
    """

    sessions: int
    failed: int
    transport: str
    pacer: str
    metrics: dict[str, ErrorFacts]
    wire: dict[str, ErrorFacts]
    counts_exact: bool
    count_errors: tuple[str, ...]
    resolution_ms: float | None
    created: str
    host: str


def save_calibration(store: Path, calibration: Calibration) -> Path:
    """Write a calibration beside the runs; later tables show no more digits than it supports."""
    private_folder(store)
    data = msgspec.json.format(msgspec.json.encode(calibration), indent=2) + b"\n"
    write_atomic(store / FILE, lambda file: file.write(data))
    return store / FILE


def load_calibration(store: Path) -> Calibration | None:
    """The calibration beside the runs, or None where this store has none.

    Raises:
        StoreError: the file is there and cannot be understood.
    """
    path = store / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Calibration)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StoreError(
            "calibration cannot be read", item=str(path), got=str(error), action="Calibrate again: workbench calibrate"
        ) from None
