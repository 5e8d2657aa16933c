"""Where people wait: scoring, checking a corpus, the command line over 300 runs, reports, a page, a visit by replay.

Usage: python benchmarks/waiting.py [--only ROW …] [--json]

Every figure is the median of its repeats, with their span as its noise, and has the bound that it is meant to keep on
two idle cores. Time from start to exit is that of the wall, what one process computes is time of the processor.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from figures import Figure, command_s, repeated, show

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT))

RUNS, SESSIONS, SCORED = 300, 120, 200
RECORDINGS, RECORDING_S, RATE_HZ = 5_000, 2.5, 16_000
VISIT_S, PACE = 60, 10


def workbench(*arguments: object, times: int = 3, cache: Path | None = None) -> list[float]:
    """Seconds of some calls of the command line, from start to exit."""
    environment = os.environ | ({"XDG_CACHE_HOME": str(cache)} if cache else {})
    return command_s("-m", "workbench", *arguments, times=times, environment=environment)


def processor_s(call: Callable[[], object], times: int = 3) -> list[float]:
    taken = []
    for _ in range(times):
        begun = time.process_time()
        call()
        taken.append(time.process_time() - begun)
    return taken


# -- scoring ----------------------------------------------------------------------------------------------------------


def clinical_records(count: int):
    """Sessions of 20 clinical words with 40 partials, each as the one before with a little more, and a final."""
    from scoring_speed import clinical_pairs, corrupted

    from tests.scoring.metrics.records import session, spoken

    rng = random.Random(1)
    for number, (reference, final) in enumerate(clinical_pairs(rng, count)):
        words = reference.split()
        shown = [" ".join(corrupted(words[: i // 2 + 1], rng, 0.05 if i % 3 else 0, words)) for i in range(40)]
        messages = [(200 * i, "partial", text) for i, text in enumerate(shown)]
        yield session(
            spoken(reference), [*messages, (8100, "final", final), (8200, "end", "")], chunks=80, utterance=f"u{number}"
        )


@contextlib.contextmanager
def counted(owner: object, name: str) -> Iterator[list[int]]:
    """How often a function is called meanwhile."""
    calls, original = [0], getattr(owner, name)

    def counting(*arguments: object, **more: object) -> object:
        calls[0] += 1
        return original(*arguments, **more)

    setattr(owner, name, counting)
    try:
        yield calls
    finally:
        setattr(owner, name, original)


def scoring() -> list[Figure]:
    from workbench.recording.frame_log import FrameLog
    from workbench.scoring import view
    from workbench.scoring.metrics.normalize import NORMALISERS, _basic_chunk
    from workbench.scoring.reading.memory import forget
    from workbench.scoring.reading.reading import _settled, read
    from workbench.scoring.session import score_session

    records, clinical = list(clinical_records(SCORED)), NORMALISERS["clinical"]

    def score() -> None:
        read.cache_clear()
        _settled.cache_clear()
        forget()
        _basic_chunk.cache_clear()
        for record in records:
            score_session(record, clinical)

    with counted(FrameLog, "frames") as frames, counted(view, "decoded") as decoded:
        score_session(records[0], clinical)
    per_session = [1000 * taken / SCORED for taken in processor_s(score)]
    return [
        Figure("frames of a session built, times", frames[0], "x", 1, noise=0),
        Figure("messages of a session decoded, times", decoded[0], "x", 1, noise=0),
        repeated("scoring a session of 20 words and 40 partials, processor", per_session, "ms", 6.3),
    ]


# -- datasets check ---------------------------------------------------------------------------------------------------


def recordings(folder: Path, count: int) -> None:
    """Stretches of the built-in speech, no two the same."""
    import soundfile as sf

    speech = np.concatenate(
        [sf.read(path, dtype="int16")[0] for path in sorted(ROOT.glob("datasets/clinic/audio/*"))[:20]]
    )
    samples, rng, rows = int(RECORDING_S * RATE_HZ), np.random.default_rng(1), []
    (folder / "audio").mkdir(parents=True)
    for number in range(count):
        start = int(rng.integers(0, speech.size - samples))
        sf.write(folder / f"audio/{number:05}.wav", speech[start : start + samples], RATE_HZ)
        row = {"id": f"r{number:05}", "audio": f"audio/{number:05}.wav", "reference": "the patient has a cough"}
        rows.append(json.dumps(row) + "\n")
    (folder / "manifest.jsonl").write_text("".join(rows))


def check() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        corpus, cache = Path(folder) / "corpus", Path(folder) / "cache"
        recordings(corpus, RECORDINGS)
        first = workbench("datasets", "check", corpus, times=1, cache=cache)
        again = workbench("datasets", "check", corpus, cache=cache)
    what = f"datasets check, {RECORDINGS:,} recordings, {RECORDINGS * RECORDING_S / 3600:.1f} h"
    return [Figure(f"{what}, first", first[0], "s", 40.0), repeated(f"{what}, again", again, "s", 2.0)]


# -- stored runs ------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def store() -> Iterator[tuple[Path, str, str]]:
    """A folder of 300 runs of three configurations, and two of its runs."""
    from tests.app.stores import copies
    from tests.stored import batch, store_run

    with tempfile.TemporaryDirectory() as folder:
        root, ids = Path(folder), []
        for wrong in (4, 8):
            cells = ("clean", "noise", "telephone")
            ids.append(store_run(root, [r for cell in cells for r in batch(SESSIONS // 3, wrong=wrong, cell=cell)]))
        copies(root, ids[0], RUNS - 2)
        workbench("runs", "list", "--store", root, times=1)  # makes the index
        yield root, *ids


def stored() -> list[Figure]:
    with store() as (root, base, candidate):
        page = root / "report.html"
        report = workbench("report", base, "--output", page, "--store", root)
        return [
            repeated(f"show, {RUNS} runs", workbench("show", base, "--store", root), "s", 0.6),
            repeated(f"compare, {RUNS} runs", workbench("compare", base, candidate, "--store", root), "s", 1.0),
            repeated(f"runs list, {RUNS} runs", workbench("runs", "list", "--store", root), "s", 0.5),
            repeated(f"report, {SESSIONS} sessions", report, "s", 2.0),
            Figure(f"report, {SESSIONS} sessions, size", page.stat().st_size / 1e6, "MB", 2.0, noise=0),
        ]


# -- the Compare page -------------------------------------------------------------------------------------------------

_PAGE = """
import importlib, sys, time
from streamlit.delta_generator import DeltaGenerator
from streamlit.testing.v1 import AppTest
from workbench.app import server
for name in (*server._HEAVY, *(f"workbench.app.pages.{facts.name}" for facts in server.PAGES)):
    importlib.import_module(name)  # as the server does before it says that it is ready
numbers, enqueue = [], DeltaGenerator._enqueue
def noting(self, kind, *arguments, **more):
    if kind == "metric":
        numbers.append(time.perf_counter())
    return enqueue(self, kind, *arguments, **more)
DeltaGenerator._enqueue = noting
test = AppTest.from_string("from workbench.app.pages.compare import page\\npage()", default_timeout=60)
test.query_params["compare_run"], test.query_params["compare_pins"] = sys.argv[1:]
begun = time.perf_counter()
test.run()
done = time.perf_counter()
assert not test.exception, test.exception
print(numbers[0] - begun, done - begun)
"""


def compare_page() -> list[Figure]:
    with store() as (root, base, candidate):
        told = [
            subprocess.run(
                [sys.executable, "-c", _PAGE, base, candidate], check=True, capture_output=True, text=True,
                env=os.environ | {"WORKBENCH_STORE": str(root)},
            ).stdout.split()
            for _ in range(3)
        ]  # fmt: skip
    first, whole = ([float(line[place]) for line in told] for place in (0, 1))
    what = f"Compare page never opened before, {RUNS} runs"
    return [repeated(f"{what}, first number", first, "s", 2.0), repeated(f"{what}, all of it", whole, "s", 2.5)]


# -- a visit by replay ------------------------------------------------------------------------------------------------


def visit() -> list[Figure]:
    """A minute of a visit, decoded beforehand and played at pace 10, and played again, with both kinds of recogniser.

    45 minutes are to be decoded on both cores, at a third of their length, and played in 5 minutes, 30 s of which are
    for everything but playing.
    """
    import soundfile as sf

    figures = []
    with tempfile.TemporaryDirectory() as folder:
        corpus, cache = Path(folder) / "visit", Path(folder) / "cache"
        corpus.mkdir()
        (source,) = ROOT.glob("datasets/visits/audio/visit-01-*")
        pcm, rate_hz = sf.read(source, dtype="int16")
        sf.write(corpus / "visit.flac", pcm[: VISIT_S * rate_hz], rate_hz)
        (corpus / "manifest.jsonl").write_text(
            json.dumps({"id": "visit", "audio": "visit.flac", "reference": "good morning"}) + "\n"
        )
        for model in ("whisper", "general"):
            play = ("run", "--corpus", corpus, "--recogniser", "replay", "--model", model, "--set", f"pace={PACE}")
            first, again = (workbench(*play, "--store", folder, times=1, cache=cache)[0] for _ in range(2))
            figures += [
                Figure(f"decoding {VISIT_S} s of a visit with {model} before", first - again, "s", VISIT_S / 3),
                Figure(f"replaying {VISIT_S} s of a visit at pace {PACE}, {model}", again, "s", VISIT_S / PACE + 6),
            ]
    return figures


ROWS = {"scoring": scoring, "check": check, "stored": stored, "page": compare_page, "visit": visit}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--json", action="store_true", help="one JSON object")
    asked = parser.parse_args()
    show(f"Where people wait: {', '.join(asked.only)}", [figure for row in asked.only for figure in ROWS[row]()])


if __name__ == "__main__":
    main()
