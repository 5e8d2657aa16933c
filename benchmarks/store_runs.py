"""A thousand stored runs of 200 sessions: listing, opening the last one, percentiles over all of them.

Usage: python benchmarks/store_runs.py [--runs 1000] [--sessions 200]
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from store_frames import CELLS, record_of

from workbench.store import (
    CellFacts,
    CorpusFacts,
    Manifest,
    RunWriter,
    index_runs,
    lateness_by_cell,
    open_run,
    score_percentiles,
)
from workbench.store.manifest import new_run_id
from workbench.store.writer import write_manifest


def first_run(root: Path, sessions: int) -> Path:
    rng = np.random.default_rng(7)
    manifest = Manifest.begin(
        corpus=CorpusFacts(name="bench", hash="0"), cells=[CellFacts.of(name, {}) for name in CELLS], seed=7,
        concurrency=1, repeats=1, endpoint="none", dialect="live", product="dictation",
    )  # fmt: skip
    with RunWriter.create(root, manifest) as writer:
        for number in range(sessions):
            writer.add(record_of(rng, number, 150, 0.3))
        scores = [
            {
                "cell": key.cell,
                "utterance": key.utterance,
                "repeat": 0,
                "attempt": 0,
                "word_p50_ns": int(rng.integers(10**9)),
            }
            for key in writer.outcomes()
        ]
        return writer.commit(scores)


def timed(name: str, call: Callable[[], object]) -> None:
    begun = time.perf_counter()
    call()
    print(f"{name:44}{time.perf_counter() - begun:8.3f} s")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--sessions", type=int, default=200)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        template = first_run(root, asked.sessions)
        manifest = open_run(root, template).manifest
        for number in range(1, asked.runs):
            manifest.run_id = new_run_id(1_700_000_000_000_000_000 + number * 10**9)
            shutil.copytree(template, root / manifest.run_id)
            write_manifest(root / manifest.run_id, manifest)
        print(f"{asked.runs:,} runs of {asked.sessions} sessions and {asked.sessions * 150:,} frames")
        timed("list, no index", lambda: index_runs(root))
        timed("list, warm", lambda: index_runs(root))
        timed("open the last run, all records and scores", lambda: (open_run(root).records(), open_run(root).scores()))
        folders = [root / run.run_id for run in index_runs(root)]
        timed("score percentiles by cell over all runs", lambda: score_percentiles(folders, "word_p50_ns"))
        timed("lateness by cell over 100 runs", lambda: lateness_by_cell(folders[:100]))


if __name__ == "__main__":
    main()
