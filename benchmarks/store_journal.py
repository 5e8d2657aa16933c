"""What the journal of sessions in flight costs the timed loop, per recorded frame.

Usage: python benchmarks/store_journal.py [--frames 200000]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from workbench.protocol.messages import Dialect, Product
from workbench.recording.record import SessionKey, SessionRecord
from workbench.reference import Reference
from workbench.store import Journal

PARTIAL = (
    '{"transcript":{"transcript":"the patient denies chest pain","words":[]},"is_final":false,"transcript_id":"7f3a"}'
)


def record() -> SessionRecord:
    return SessionRecord(
        SessionKey("cell", "utterance"),
        Product.DICTATION,
        Dialect.LIVE,
        "0",
        16_000,
        16_000,
        1_600,
        Reference("a", "a"),
    )


def costs_ns(session: SessionRecord, frames: int) -> np.ndarray:
    """Time of each pair of a chunk sent and a partial received, halved."""
    log, spent = session.frames, np.empty(frames // 2)
    clock = time.perf_counter_ns
    for i in range(frames // 2):
        begun = clock()
        log.audio_sent(i, i, i, i, i, 4_300)
        log.received(PARTIAL, i)
        spent[i] = (clock() - begun) / 2
    return spent


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--frames", type=int, default=200_000)
    frames = parser.parse_args().frames
    print(f"{'':20}{'mean':>8}{'p50':>8}{'p99':>8}{'p99.9':>8}{'max':>9}  us a frame, {frames:,} frames")
    with tempfile.TemporaryDirectory() as folder:
        for name in ("memory only", "with the journal"):
            session, journal = record(), Journal(Path(folder), "bench")
            if name == "with the journal":
                journal.begin(session)
            spent = costs_ns(session, frames) / 1_000
            marks = np.percentile(spent, [50, 99, 99.9])
            print(f"{name:20}{spent.mean():8.2f}{marks[0]:8.2f}{marks[1]:8.2f}{marks[2]:8.2f}{spent.max():9.1f}")
            journal.close()


if __name__ == "__main__":
    main()
