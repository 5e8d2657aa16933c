"""Runs that somebody sends who means harm: one function each changes a sound run in place."""

from __future__ import annotations

import json
import os
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["HOSTILE"]


def _manifest(run: Path, change: Callable[[dict[str, Any]], object]) -> None:
    file = run / "manifest.json"
    facts = json.loads(file.read_text())
    change(facts)
    file.write_text(json.dumps(facts))


def _raw(run: Path, data: bytes) -> None:
    (run / "manifest.json").write_bytes(data)


def _column(run: Path, name: str, column: str, values: Any) -> None:
    """Another content of a column, with a hash that fits."""
    file = run / name
    table = pq.read_table(file)
    place = table.schema.get_field_index(column)
    made = pa.array(values, table.schema.field(place).type)
    pq.write_table(table.set_column(place, table.schema.field(place), made), file)
    _manifest(run, lambda facts: facts["files"].pop(name, None))


def _rows(run: Path) -> int:
    return int(pq.read_metadata(run / "sessions.parquet").num_rows)


def _linked(run: Path, name: str, target: str) -> None:
    path = run / name
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    path.symlink_to(run.parents[1] / target)


def _bomb_text(run: Path) -> None:
    table = pq.read_table(run / "sessions.parquet")
    place = table.schema.get_field_index("reference_written")
    long = pa.array(["x" * (200 << 20)] + [""] * (table.num_rows - 1))
    pq.write_table(table.set_column(place, table.schema.field(place), long), run / "sessions.parquet")
    _manifest(run, lambda facts: facts["files"].pop("sessions.parquet"))


def _bomb_scores(run: Path) -> None:
    zeros = pa.array(np.zeros(20_000_000, np.int64))
    lists = pa.ListArray.from_arrays(pa.array([0, len(zeros)], pa.int32()), zeros)
    pq.write_table(pa.table({"cell": ["clean"], "latency_word_latency_ns": lists}), run / "scores.parquet")


def _journal(run: Path, body: bytes, length: int | None = None) -> None:
    """A journal in place of the files of a commit."""
    for name in ("sessions.parquet", "frames.parquet", "scores.parquet"):
        (run / name).unlink()
    (run / "journal").mkdir()
    from workbench.store.segments import _HEAD, _MARK, _SUFFIX

    head = _HEAD.pack(_MARK, len(body) if length is None else length, zlib.crc32(body))
    (run / "journal" / f"00000{_SUFFIX}").write_bytes(head + body)
    _manifest(run, lambda facts: facts.update(status="interrupted", files={}))


def _sparse(run: Path) -> None:
    _journal(run, b"", (1 << 32) - 1)
    (file,) = (run / "journal").iterdir()
    os.truncate(file, 5 << 30)


def _nested(depth: int) -> bytes:
    return b"\x91" * depth + b"\xc0"


def _mib_of_lists(run: Path) -> None:
    _raw(run, b'{"schema_version":3,"settings":{"a":[' + b"[]," * 6_000_000 + b"[]]}}")


def _job(run: Path) -> None:
    folder = run.parent / ".jobs" / "1700000000000-abcdef"
    folder.mkdir(parents=True)
    job = {
        "job_id": "../../../precious",
        "title": "t",
        "arguments": [],
        "started": 0.0,
        "pid": 1,
        "run_id": "--store=/x",
    }
    (folder / "job.json").write_text(json.dumps(job))


HOSTILE: dict[str, Callable[[Path], object]] = {
    # manifests
    "id climbs": lambda run: _manifest(run, lambda f: f.update(run_id="../../precious")),
    "id is absolute": lambda run: _manifest(run, lambda f: f.update(run_id="/etc")),
    "id is an option": lambda run: _manifest(run, lambda f: f.update(run_id="--store=/elsewhere")),
    "id is of another run": lambda run: _manifest(run, lambda f: f.update(run_id="20200101T000000000Z-abcdef")),
    "nested objects": lambda run: _raw(run, b'{"settings":' * 200_000),
    "nested lists": lambda run: _raw(run, b"[" * 2_000_000),
    "millions of lists": _mib_of_lists,
    "not UTF-8": lambda run: _raw(run, b'{"schema_version":3,"run_id":"\xff\xfe"}'),
    "schema of zero": lambda run: _manifest(run, lambda f: f.update(schema_version=0)),
    "schema of the future": lambda run: _manifest(run, lambda f: f.update(schema_version=99)),
    "old schema without content": lambda run: _raw(run, b'{"schema_version":1,"run_id":3,"cells":{}}'),
    "terminal escapes": lambda run: _manifest(
        run, lambda f: f.update(created="\x1b[2J\x1b]0;x\x07", endpoint="\x9b31m")
    ),
    "huge numbers": lambda run: _manifest(run, lambda f: f.update(seed=2**63 - 1, concurrency=2**40, repeats=-5)),
    "files that climb": lambda run: _manifest(
        run, lambda f: f["files"].update({"../../precious": {"sha256": "0" * 64, "rows": 1}})
    ),
    "corpus of somebody else": lambda run: _manifest(
        run, lambda f: f["corpus"].update(location=str(run.parents[1] / "precious"), name="../../precious")
    ),
    "normaliser that is none": lambda run: _manifest(
        run, lambda f: f.update(normaliser={"name": "../x", "version": "1", "hash": "0"})
    ),
    "endpoint of somebody else": lambda run: _manifest(run, lambda f: f.update(endpoint="http://198.51.100.7")),
    # links
    "manifest is a link": lambda run: _linked(run, "manifest.json", "precious"),
    "lock is a link": lambda run: _linked(run, ".writer.lock", "precious"),
    "journal is a link": lambda run: _linked(run, "journal", "outside"),
    "frames are a link": lambda run: _linked(run, "frames.parquet", "precious"),
    # Parquet
    "no Parquet at all": lambda run: (run / "sessions.parquet").write_bytes(b"PAR1" + b"\x00" * 64 + b"PAR1"),
    "footer that lies": lambda run: (run / "frames.parquet").write_bytes(
        b"PAR1\xff" + struct.pack("<I", 2**31) + b"PAR1"
    ),
    "text bomb": _bomb_text,
    "scores bomb": _bomb_scores,
    "negative frames": lambda run: _column(run, "sessions.parquet", "frame_count", [-1] * _rows(run)),
    "endless frames": lambda run: _column(run, "sessions.parquet", "frame_count", [2**62] * _rows(run)),
    "outcome that is none": lambda run: _column(run, "sessions.parquet", "outcome", ["owned"] * _rows(run)),
    "nested facts": lambda run: _column(run, "sessions.parquet", "facts", ['{"a":' * 100_000] * _rows(run)),
    "frames of a kind that is none": lambda run: pq.write_table(
        pa.table({"kind": ["owned"], "text": ["x"]}), run / "frames.parquet"
    ),
    "ids that climb": lambda run: _column(
        run, "sessions.parquet", "utterance", [f"../../{i}" for i in range(_rows(run))]
    ),
    "scores of other kinds": lambda run: pq.write_table(
        pa.table({"cell": [1.5], "utterance": [None], "words_hits": ["many"]}), run / "scores.parquet"
    ),
    # journals
    "journal of garbage": lambda run: _journal(run, os.urandom(1000)),
    "journal that nests": lambda run: _journal(run, _nested(200_000)),
    "journal of another thing": lambda run: _journal(
        run, msgspec.msgpack.encode({"key": ["a", "b", 0, 0], "outcome": "completed"})
    ),
    "journal of gigabytes": _sparse,
    # stores
    "note of a remote store": lambda run: (run.parent / ".store").write_text("memory://victim/runs"),
    "index of lies": lambda run: (run.parent / ".index.json").write_text("[" * 100_000),
    "headlines of lies": lambda run: (run.parent / ".headlines.json").write_text('{"version":' * 100_000),
    "job that climbs": _job,
}
"""What is done to a run, or to the store around it, by name."""
