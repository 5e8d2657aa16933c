"""Write manifests and word times: whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from workbench.corpus.rows import HEADER, MANIFEST, WORDS, HeaderRow, ManifestRow, WordsRow

__all__ = ["write_manifest", "write_words"]


def write_manifest(folder: Path, rows: Iterable[ManifestRow], header: HeaderRow | None = None) -> Path:
    """Write a corpus's manifest and, where given, its header; rows may be a generator of any length.

    Returns:
        The manifest's path.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if header is not None:
        _replace(folder / HEADER, [msgspec.json.format(msgspec.json.encode(header), indent=2)])
    return _replace(folder / MANIFEST, (msgspec.json.encode(row) for row in rows))


def write_words(folder: Path, rows: Iterable[WordsRow]) -> Path:
    """Write the word times of a corpus."""
    return _replace(folder / WORDS, (msgspec.json.encode(row) for row in rows))


def _replace(path: Path, lines: Iterable[bytes]) -> Path:
    # A rename is atomic: a reader, or a later run, never sees half a manifest.
    temporary = path.with_name(f".{path.name}.part")
    try:
        with temporary.open("wb") as file:
            for line in lines:
                file.write(line + b"\n")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path
