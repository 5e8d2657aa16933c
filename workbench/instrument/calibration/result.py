"""What the instrument found out about itself, kept beside the runs; reading it needs nothing that plays."""

from __future__ import annotations

from pathlib import Path

import msgspec

from workbench.errors import StoreError
from workbench.instrument.history import append_result, stored_results
from workbench.store.files import write_atomic

__all__ = ["Calibration", "ErrorFacts", "load_calibration", "save_calibration", "stored_calibrations"]

FILE = "calibration.json"
HISTORY = "calibrations.jsonl"
_BUSY_LOAD = 0.7
_CERTIFIED = 0.95


class ErrorFacts(msgspec.Struct, frozen=True):
    """Error of one metric, measured minus injected, in ms.

    Attributes:
        n: values compared.
        bias_ms: mean of the signed error.
        p50_ms, p95_ms, p99_ms, max_ms: percentiles and maximum of its absolute value.
    """

    n: int
    bias_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float


class Calibration(msgspec.Struct, frozen=True):
    """Timing error of this machine, as `workbench calibrate` measured it.

    Attributes:
        sessions: number of concurrent sessions.
        failed: how many of these failed.
        transport, pacer: WebSocket library and timer that played them.
        metrics: name of a latency to its error.
        wire: chunks from our send stamp to the simulator's arrival stamp, and messages the other way; not an error of
            any metric, but what loopback and two processes take. Where the kernel stamped arrivals, ``arrival wait``:
            from its stamp to the first callback that saw the bytes.
        counts_exact: whether every count (words, errors, erasure, unstable words, messages) was as injected.
        count_errors: the counts that were not, one clause each.
        resolution_ms: smallest difference that means anything on this machine: the largest p99 of all metrics, rounded
            up to 1, 2 or 5 of its decade.
        created: UTC, RFC 3339.
        host: processor and kernel.
        load: load average per core in the minute before it began; None if unknown.
        certified: sessions whose own timing was certified; None in calibrations from before it was counted.

    >>> wb.calibrate(sessions=1).found.failed
    0
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
    load: float | None = None
    certified: int | None = None

    @property
    def busy(self) -> str | None:
        """Why it says more about a busy moment than about the machine; None if it does not."""
        if self.load is not None and self.load > _BUSY_LOAD:
            return f"load {self.load:.1f} a core when it began"
        completed = self.sessions - self.failed
        if self.certified is not None and self.certified < _CERTIFIED * completed:
            return f"timing of {completed - self.certified} of {completed} sessions not certified"
        return None

    @property
    def applied_ms(self) -> float | None:
        """The resolution that tables are rounded to; None where it was measured on a busy machine."""
        return None if self.busy else self.resolution_ms


def save_calibration(store: Path, calibration: Calibration) -> Path:
    """Write a calibration beside the runs; later tables show no more digits than it supports, if it is sound.

    Earlier ones stay in the list of :func:`stored_calibrations`.
    """
    append_result(store, HISTORY, calibration)
    data = msgspec.json.format(msgspec.json.encode(calibration), indent=2) + b"\n"
    write_atomic(store / FILE, lambda file: file.write(data))
    return store / FILE


def stored_calibrations(store: Path) -> list[Calibration]:
    """Every calibration that was made with this store, oldest first.

    Raises:
        StoreError: the list cannot be read.
    """
    return stored_results(store, HISTORY, Calibration)


def load_calibration(store: Path) -> Calibration | None:
    """The calibration beside the runs, or None if this store has none.

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
