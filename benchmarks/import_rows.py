"""Time and memory of importing many short recordings: ``python benchmarks/import_rows.py [--json] [--rows N]``.

Writes files of a hundred quarters of a second, and a CSV with a row for each of these and seven columns, into a
temporary folder; imports it through the command line in a process of its own and reads its peak memory from the
kernel. Exit 1 where the peak is 500 MB or more.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from audio_import import run

RATE_HZ = 8_000
SAMPLES = 2_000
LIMIT_MB = 500.0
PER_FILE = 100


def write_table(folder, rows):
    """Noise that differs from file to file."""
    import numpy as np
    import soundfile as sf

    rng = np.random.default_rng(1)
    lines = ["file,transcript,start,end,doctor,ward,device"]
    for first in range(0, rows, PER_FILE):
        name = f"{first // PER_FILE:05}.wav"
        sf.write(folder / name, rng.integers(-2_000, 2_000, SAMPLES * PER_FILE, np.int16), RATE_HZ)
        for place in range(min(PER_FILE, rows - first)):
            start, number = place * SAMPLES / RATE_HZ, first + place
            cells = (f"blood pressure is {number}", start, start + SAMPLES / RATE_HZ, f"doctor{number % 50}")
            lines.append(",".join(map(str, (name, *cells, f"ward{number % 9}", "phone"))))
    (folder / "list.csv").write_text("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--write", type=Path, help="only write the files, here")
    options = parser.parse_args()
    if options.write:
        write_table(options.write, options.rows)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "files", Path(folder) / "corpus"
        source.mkdir()
        run(__file__, "--write", str(source), "--rows", str(options.rows))
        arguments = ("-m", "workbench", "datasets", "import", "table", str(source / "list.csv"), str(target))
        seconds, peak_mb = run(*arguments)
        rows = sum(1 for _ in (target / "manifest.jsonl").open())
    result = {"rows": rows, "import_s": round(seconds, 1), "import_peak_mb": round(peak_mb, 1), "limit_mb": LIMIT_MB}
    if options.json:
        print(json.dumps(result))
    else:
        for key, value in result.items():
            print(f"{key:<16} {value}")
    return 0 if rows == options.rows and peak_mb < LIMIT_MB else 1


if __name__ == "__main__":
    sys.exit(main())
