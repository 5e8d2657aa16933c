"""Memory and time of importing and checking a ten-hour corpus: ``python benchmarks/audio_import.py [--json]``.

Writes 60 recordings of ten minutes, cut into 3,600 segments of ten seconds (Kaldi), into a temporary folder; imports
and checks them through the command line in processes of their own; reads their peak memory from the kernel. Exit 1
where a peak is 300 MB or more.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RATE_HZ = 16_000
RECORDING_S = 600
SEGMENT_S = 10
LIMIT_MB = 300.0


def write_corpus(folder, hours):
    """A tone in soft noise: FLAC holds it small, decoding costs as much as for speech."""
    import numpy as np
    import soundfile as sf

    folder.mkdir()
    tables = {name: [] for name in ("wav.scp", "segments", "text", "utt2spk")}
    time_axis = np.arange(RECORDING_S * RATE_HZ) / RATE_HZ
    rng = np.random.default_rng(1)
    for number in range(round(hours * 3600 / RECORDING_S)):
        tone = 3_000 * np.sin(2 * np.pi * (200 + number) * time_axis) + rng.integers(-8, 9, time_axis.size)
        sf.write(folder / f"rec{number:03}.flac", tone.astype(np.int16), RATE_HZ)
        tables["wav.scp"].append(f"rec{number:03} rec{number:03}.flac")
        for start in range(0, RECORDING_S, SEGMENT_S):
            name = f"rec{number:03}-{start:04}"
            tables["segments"].append(f"{name} rec{number:03} {start} {start + SEGMENT_S}")
            tables["text"].append(f"{name} the patient is a sixty four year old woman with a cough and a fever {start}")
            tables["utt2spk"].append(f"{name} speaker{number % 7}")
    for name, lines in tables.items():
        (folder / name).write_text("\n".join(lines) + "\n")


def run(*command):
    """Wall seconds and peak resident memory (MB) of one command.

    This process stays small: a child begins with the memory of its parent, and the kernel counts that too.
    """
    begin = time.perf_counter()
    child = subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {child.returncode}")
    return time.perf_counter() - begin, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--hours", type=float, default=10.0)
    parser.add_argument("--write", type=Path, help="only write the foreign corpus, here")
    options = parser.parse_args()
    if options.write:
        write_corpus(options.write, options.hours)
        return 0
    verb = ("-m", "workbench", "datasets")
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "kaldi", Path(folder) / "corpus"
        run(__file__, "--write", str(source), "--hours", str(options.hours))
        import_s, import_mb = run(*verb, "import", "kaldi", str(source), str(target))
        check_s, check_mb = run(*verb, "check", str(target))
        rows = sum(1 for _ in (target / "manifest.jsonl").open())
    result = {
        "hours": options.hours,
        "utterances": rows,
        "import_s": round(import_s, 1),
        "import_peak_mb": round(import_mb, 1),
        "check_s": round(check_s, 1),
        "check_peak_mb": round(check_mb, 1),
        "limit_mb": LIMIT_MB,
    }
    print(json.dumps(result) if options.json else "\n".join(f"{key:<16} {value}" for key, value in result.items()))
    return 1 if max(import_mb, check_mb) >= LIMIT_MB else 0


if __name__ == "__main__":
    sys.exit(main())
