"""Stores made by hand: small ones by playing nothing, large ones by copying."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from tests.stored import batch, failing, store_run
from workbench.store import new_run_id

__all__ = ["PAGES", "copies", "damaged_manifest", "damaged_tables", "texts", "two_cells"]

PAGES = ("start", "runs", "run", "compare", "latency", "accuracy", "trends", "sweep", "datasets", "data")
"""Pages over stored runs."""


def two_cells(root: Path, *, wrong: int = 12, failed: int = 0) -> str:
    """A run of two configurations; ``wrong`` of 24 utterances have a word wrong under the second."""
    records = batch(24) + batch(24, wrong=wrong, cell="noise", delay=80) + (failing(failed) if failed else [])
    return store_run(root, records)


def copies(root: Path, run_id: str, count: int) -> list[str]:
    """``count`` further runs with the files of one; each has its own id and its own time."""
    source = root / run_id
    manifest = msgspec.json.decode((source / "manifest.json").read_bytes())
    made = []
    for number in range(count):
        name = new_run_id(1_700_000_000_000_000_000 + number * 60_000_000_000)
        target = root / name
        target.mkdir(mode=0o700)
        for file in source.iterdir():
            if file.suffix == ".parquet":
                os.link(file, target / file.name)
        created = f"2023-11-{14 + number // 1440:02}T{number // 60 % 24:02}:{number % 60:02}:00.000Z"
        (target / "manifest.json").write_bytes(msgspec.json.encode({**manifest, "run_id": name, "created": created}))
        made.append(name)
    return made


def damaged_manifest(root: Path) -> str:
    """A run whose manifest is half a file."""
    name = new_run_id(1_900_000_000_000_000_000)
    (root / name).mkdir()
    (root / name / "manifest.json").write_text('{"schema_version": 2, "run_id')
    return name


def damaged_tables(root: Path) -> str:
    """A run that lists well and whose tables cannot be read."""
    name = two_cells(root)
    for file in (root / name).glob("*.parquet"):
        file.write_bytes(b"PAR1 not a table")
    return name


def texts(test: object) -> str:
    """Every word that a page shows outside of tables."""
    found = []
    for kind in ("title", "header", "markdown", "caption", "info", "warning", "error", "success"):
        found += [element.value for element in getattr(test, kind)]
    return "\n".join(str(value) for value in found)
