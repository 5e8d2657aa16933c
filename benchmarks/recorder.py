"""Recording a frame: time, and memory a frame and an idle session.

Usage: python benchmarks/recorder.py [--json]
"""

from __future__ import annotations

import tempfile
import time
import tracemalloc
from pathlib import Path

from figures import Figure, per_call_us, show

from workbench.protocol.messages import Dialect, Product
from workbench.recording.frame_log import FrameLog
from workbench.recording.record import SessionKey, SessionRecord
from workbench.reference import Reference
from workbench.store import CorpusFacts, Manifest, RunWriter

TEXT = '{"transcript":{"transcript":"the patient denies chest pain","words":[]},"is_final":false,"transcript_id":"a"}'


def record() -> SessionRecord:
    return SessionRecord(
        key=SessionKey("c", "u"), product=Product.DICTATION, dialect=Dialect.LIVE, plan_hash="", sample_rate_hz=16_000,
        samples=16_000, chunk_samples=1_600, reference=Reference("", ""),
    )  # fmt: skip


def main() -> None:
    now = time.perf_counter_ns()
    log = FrameLog()
    sent = per_call_us(lambda: log.audio_sent(7, 12_800, now, now + 60_000, now + 70_000, 4_300, 0))
    log = FrameLog()
    received = per_call_us(lambda: log.received(TEXT, now))
    manifest = Manifest.begin(
        corpus=CorpusFacts(name="bench", hash=""), cells=[], seed=0, concurrency=1, repeats=1, endpoint="none",
        dialect="live", product="dictation",
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder, RunWriter.create(Path(folder), manifest) as writer:
        kept = record()
        writer.begin(kept)
        kept_sent = per_call_us(lambda: kept.frames.audio_sent(7, 12_800, now, now + 60_000, now + 70_000, 4_300, 0))
        kept_received = per_call_us(lambda: kept.frames.received(TEXT, now))
        one = record()
        writer.begin(one)
        tracemalloc.start()
        for i in range(20_000):
            one.frames.audio_sent(i, 1_600 * i, now, now + 60_000, now + 70_000, 4_300, 0)
            if i % 2:
                one.frames.received(TEXT, now)
        size = tracemalloc.get_traced_memory()[0] / 30_000
        tracemalloc.stop()
    show(
        "Recorder",
        [
            Figure("a chunk that was sent", sent, "us"),
            Figure("a message that arrived", received, "us"),
            Figure("a chunk, with the journal", kept_sent, "us"),
            Figure("a message, with the journal", kept_received, "us"),
            Figure("memory of a recorded frame, text in the journal", size, "bytes", target=32),
        ],
    )


if __name__ == "__main__":
    main()
