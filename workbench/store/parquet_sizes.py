"""How much a Parquet file becomes in memory, told from its footer before any of its data is read.

Compression, run lengths and dictionaries make twenty kilobytes of a file into gigabytes of a table. What this package
writes is never so dense: what would grow over :data:`FREE_BYTES` and to more than :data:`RATIO` times its size is
refused.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from workbench.errors import StoreError
from workbench.store.parquet_footer import read_footer

__all__ = ["FREE_BYTES", "MOST_TEXT", "RATIO", "REFERENCES", "check_sizes", "reference_too_long"]

FREE_BYTES = 128 * 1024 * 1024
"""In memory, whatever the size of the file."""

RATIO = 100
"""Bytes in memory for a byte of the file, beyond that; frames of a run take ten to thirty."""

MOST_TEXT = 1 << 20
"""Bytes of a reference; a day of speech has less, and to score more takes gigabytes."""

REFERENCES = ("reference_written", "reference_spoken")

_VALUE_BYTES = 8
_PREFIXED = 7
"""``DELTA_BYTE_ARRAY``: texts that no workbench writes so, and whose size nothing tells."""

_RESTORE = "Restore it from a copy of the run"


def check_sizes(path: Path, labels: Collection[str] = ()) -> None:
    """Refuse a file that would grow beyond all measure.

    Args:
        path: the file.
        labels: columns of texts that stay references into a dictionary when they are read.

    Raises:
        StoreError: with what it would take; or the file is damaged.
    """
    allowed = max(FREE_BYTES, RATIO * path.stat().st_size)
    try:
        chunks = read_footer(path)
    except ValueError as error:
        raise StoreError("the file is damaged", item=str(path), got=str(error), action=_RESTORE) from None
    dictionaries: set[str] = set()
    expanded = 0
    for chunk in chunks:
        if chunk.path in REFERENCES and chunk.uncompressed > (max(0, chunk.values) + 1) * MOST_TEXT:
            raise reference_too_long(path)  # told before it is read: reading takes several times its length
        if chunk.is_text and chunk.path not in labels:
            if _PREFIXED in chunk.encodings:
                raise _bomb(path, "texts that refer to each other")
            if chunk.has_dictionary:
                dictionaries.add(chunk.path)
        expanded += max(0, chunk.values) * _VALUE_BYTES + max(0, chunk.uncompressed)
    if expanded > allowed:
        raise _bomb(path, f"{expanded // 1_000_000} MB of values")
    for name in sorted(dictionaries):
        expanded += _texts_bytes(path, name)
        if expanded > allowed:
            raise _bomb(path, f"{expanded // 1_000_000} MB of values")


def _texts_bytes(path: Path, name: str) -> int:
    """Bytes of a column of texts whose values are references into a dictionary, without making them."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    total = 0
    with pq.ParquetFile(path, read_dictionary=[name]) as file:
        for group in range(file.num_row_groups):
            for chunk in file.read_row_group(group, columns=[name]).columns[0].chunks:
                texts = chunk
                while pa.types.is_list(texts.type) or pa.types.is_struct(texts.type):
                    texts = texts.flatten() if pa.types.is_list(texts.type) else texts.field(0)
                if not pa.types.is_dictionary(texts.type):
                    total += texts.nbytes
                    continue
                lengths = pc.cast(pc.binary_length(texts.dictionary), pa.int64())
                total += pc.sum(lengths.take(texts.indices)).as_py() or 0
    return total


def reference_too_long(path: Path) -> StoreError:
    """The error for a reference of more than :data:`MOST_TEXT`."""
    return StoreError("a reference is too long", item=str(path), expected=f"up to {MOST_TEXT} bytes", action=_RESTORE)


def _bomb(path: Path, got: str) -> StoreError:
    return StoreError(
        "the file would take too much memory",
        item=str(path),
        got=f"{got} in {path.stat().st_size} bytes",
        expected=f"up to {FREE_BYTES // 1_000_000} MB, or {RATIO} times the size of the file",
        action="Check where it comes from",
    )
