"""Nine million frame rows: journal, commit, size, percentiles by cell and peak memory.

Usage: python benchmarks/store_frames.py [--sessions 1000] [--frames 9000] [--texts 0.1]
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from workbench.protocol.messages import Dialect, Product
from workbench.recording.frame import UNSET
from workbench.recording.frame_log import FrameLog
from workbench.recording.record import Outcome, SessionKey, SessionRecord
from workbench.reference import Reference
from workbench.store import CellFacts, CorpusFacts, Manifest, RunWriter, lateness_by_cell

CELLS = [f"cell-{i}" for i in range(10)]
WORDS = "the patient denies chest pain shortness of breath or palpitations and takes metformin daily".split()  # noqa: SIM905
CHUNK_NS = 100_000_000


def log_of(rng: np.random.Generator, frames: int, texts: float, start_ns: int) -> FrameLog:
    """A paced stream with exponential lateness; a share of the rows are partials that grow word by word."""
    heard = rng.random(frames) < texts
    chunk = np.cumsum(~heard) - 1
    due = start_ns + (chunk + 1) * CHUNK_NS
    sent = due + rng.exponential(60_000, frames).astype(np.int64)
    flushed = sent + rng.integers(15_000, 60_000, frames)
    received = due + rng.normal(180_000_000, 40_000_000, frames).astype(np.int64)
    unset = np.full(frames, UNSET)
    text = [None] * frames
    for row in np.flatnonzero(heard):
        said = " ".join(WORDS[: row % len(WORDS) + 1])
        text[row] = (
            f'{{"transcript":{{"transcript":"{said}","words":[]}},"is_final":false,"transcript_id":"{row:012x}"}}'
        )
    size = np.array([4_300 if value is None else len(value) for value in text])
    columns = {
        "kind": np.where(heard, 2, 0),
        "chunk": np.where(heard, unset, chunk),
        "end_sample": np.where(heard, unset, (chunk + 1) * 1_600),
        "due_ns": np.where(heard, unset, due),
        "sent_ns": np.where(heard, unset, sent),
        "flushed_ns": np.where(heard, unset, flushed),
        "hold_ns": np.where(heard, unset, 0),
        "received_ns": np.where(heard, received, unset),
        "wire_bytes": size,
    }
    return FrameLog.of(
        {name: columns[name].astype(np.int64) for name in FrameLog.COLUMNS}, [said for said in text if said is not None]
    )


def record_of(rng: np.random.Generator, number: int, frames: int, texts: float) -> SessionRecord:
    start_ns = 10**12 + number * 37_000_000
    return SessionRecord(
        key=SessionKey(CELLS[number % len(CELLS)], f"utterance-{number:05d}"),
        product=Product.DICTATION,
        dialect=Dialect.LIVE,
        plan_hash=f"{number:064x}",
        sample_rate_hz=16_000,
        samples=frames * 1_600,
        chunk_samples=1_600,
        reference=Reference("a b", "a b"),
        outcome=Outcome.COMPLETED,
        start_ns=start_ns,
        frames=log_of(rng, frames, texts, start_ns),
    )


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sessions", type=int, default=1_000)
    parser.add_argument("--frames", type=int, default=9_000)
    parser.add_argument("--texts", type=float, default=0.1, help="share of rows that are received messages")
    asked = parser.parse_args()
    rng = np.random.default_rng(7)
    manifest = Manifest.begin(
        corpus=CorpusFacts(name="bench", hash="0"), cells=[CellFacts.of(name, {}) for name in CELLS], seed=7,
        concurrency=1, repeats=1, endpoint="none", dialect="live", product="dictation",
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder, RunWriter.create(Path(folder), manifest) as writer:
        added_s = 0.0
        for number in range(asked.sessions):
            record = record_of(rng, number, asked.frames, asked.texts)
            begun = time.perf_counter()
            writer.add(record)
            added_s += time.perf_counter() - begun
        before_mb = peak_mb()
        begun, begun_cpu = time.perf_counter(), time.process_time()
        path = writer.commit([])
        commit_s, commit_cpu_s = time.perf_counter() - begun, time.process_time() - begun_cpu
        size_mb = (path / "frames.parquet").stat().st_size / 1e6
        rows = asked.sessions * asked.frames
        print(f"{rows:,} rows, {asked.texts:.0%} with text")
        print(f"journal      {1e3 * added_s / asked.sessions:8.2f} ms a session of {asked.frames:,} frames")
        print(f"commit       {commit_s:8.2f} s, {commit_cpu_s:.2f} s of processor time in two threads")
        print(f"size         {size_mb:8.1f} MB")
        print(f"peak memory  {before_mb:8.0f} MB before the commit, {peak_mb():.0f} MB after it")
        begun = time.perf_counter()
        cells = lateness_by_cell([path])
        print(f"percentiles  {time.perf_counter() - begun:8.2f} s for {len(cells)} cells (first query of the process)")
        begun = time.perf_counter()
        lateness_by_cell([path])
        print(f"             {time.perf_counter() - begun:8.2f} s again")
        print(f"peak memory  {peak_mb():8.0f} MB in all")


if __name__ == "__main__":
    main()
