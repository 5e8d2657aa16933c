"""The figures that the store promises, each with its bound: listing, comparing, committing, querying, memory.

Usage: python benchmarks/store.py [--runs 1000] [--utterances 200] [--sessions 1000] [--frames 9000] [--json]
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from figures import Figure, command_s, show

from workbench.runs.result import normaliser_facts
from workbench.scoring.metrics.normalize import normaliser
from workbench.scoring.session import score_session
from workbench.store import CellFacts, CorpusFacts, Manifest, RunWriter
from workbench.store.manifest import new_run_id
from workbench.store.writer import write_manifest

HERE = Path(__file__).parent


def stored_runs(root: Path, runs: int, utterances: int) -> tuple[str, str]:
    """Two scored runs of two configurations, and as many manifests as make ``runs``; ids of the two."""
    import shutil

    import numpy as np
    from store_frames import record_of

    which, ids = normaliser("basic"), []
    for seed in (1, 2):
        rng = np.random.default_rng(seed)
        manifest = Manifest.begin(
            corpus=CorpusFacts(name="bench", hash="0"), cells=[CellFacts.of(n, {}) for n in ("cell-0", "cell-1")],
            seed=7, concurrency=1, repeats=1, endpoint="none", dialect="live", product="dictation",
            normaliser=normaliser_facts(which),
        )  # fmt: skip
        with RunWriter.create(root, manifest) as writer:
            for number in range(utterances * 2):
                record = record_of(rng, number // 2, 60, 0.3)
                record.key = type(record.key)(f"cell-{number % 2}", f"utterance-{number // 2:05d}")
                writer.add(record)
            writer.commit([score_session(record, which).to_row() for record in writer.iter_records()])
        ids.append(manifest.run_id)
    for number in range(runs - 2):
        manifest.run_id = new_run_id(1_700_000_000_000_000_000 + number * 10**9)
        shutil.copytree(root / ids[0], root / manifest.run_id)
        write_manifest(root / manifest.run_id, manifest)
    return ids[0], ids[1]


def best_s(*arguments: object, times: int = 3) -> float:
    """Best of some calls of the command line, in seconds from start to exit."""
    return min(command_s("-m", "workbench", *arguments, times=times))


def frame_figures(sessions: int, frames: int) -> list[Figure]:
    """What ``store_frames.py`` prints, in a process of its own: its peak memory is a figure."""
    said = subprocess.run(
        [sys.executable, str(HERE / "store_frames.py"), "--sessions", str(sessions), "--frames", str(frames)],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip

    def found(pattern: str) -> float:
        match = re.search(pattern, said)
        assert match, said
        return float(match[1])

    rows = f"{sessions * frames:,} frame rows"
    return [
        Figure(f"commit of {rows}", found(r"commit +([0-9.]+) s"), "s", 6.0),
        Figure(f"size of {rows}", found(r"size +([0-9.]+) MB"), "MB", 110.0),
        Figure("p50, p95 and p99 by cell", found(r"percentiles +([0-9.]+) s"), "s", 1.0),
        Figure("peak memory of all that", found(r"peak memory +([0-9.]+) MB in all"), "MB", 600.0),
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--utterances", type=int, default=200)
    parser.add_argument("--sessions", type=int, default=1_000)
    parser.add_argument("--frames", type=int, default=9_000)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        base, candidate = stored_runs(root, asked.runs, asked.utterances)
        best_s("runs", "list", "--store", root, times=1)  # makes the index
        shape = f"{asked.runs:,} runs x {asked.utterances} utterances"
        figures = [
            Figure(f"workbench runs list, {shape}, warm", best_s("runs", "list", "--store", root), "s", 1.0),
            Figure("workbench compare of two of them", best_s("compare", base, candidate, "--store", root), "s", 2.0),
        ]
    show("Store", figures + frame_figures(asked.sessions, asked.frames))


if __name__ == "__main__":
    main()
