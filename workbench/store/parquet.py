"""Parquet files of a run: written in one pass, read back row group by row group."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import msgspec

from workbench.errors import StoreError
from workbench.recording.frame import UNSET, FrameKind
from workbench.recording.frame_log import FrameLog
from workbench.recording.record import Outcome, SessionKey, SessionRecord
from workbench.store.files import write_atomic
from workbench.store.manifest import NormaliserFacts
from workbench.store.parquet_sizes import MOST_TEXT, REFERENCES, check_sizes, reference_too_long
from workbench.store.schema import (
    FRAME_INTEGERS,
    FrameBatch,
    before,
    frame_schema,
    parquet_options,
    record_of,
    row_of,
    session_schema,
)

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_T = TypeVar("_T")

__all__ = [
    "FRAMES",
    "SCORES",
    "SESSIONS",
    "count_rows",
    "read_columns",
    "read_outcomes",
    "read_records",
    "read_scores",
    "write_records",
    "write_scores",
]

SESSIONS = "sessions.parquet"
FRAMES = "frames.parquet"
SCORES = "scores.parquet"

_GROUP_ROWS = 500_000
"""Frames of a row group: 40 MB of columns at a time while writing, enough groups for parallel queries."""

_COPY = "Restore it from a copy of the run"
_NORMALISER = b"workbench.normaliser"
_DIGEST = b"workbench.rows_sha256"


def write_records(folder: Path, records: Iterable[SessionRecord]) -> tuple[int, int]:
    """Write sessions and frames in one pass; records are consumed as they come.

    Returns:
        Sessions and frames written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows: list[dict[str, Any]] = []
    first_frame = 0

    def frames_into(file: BinaryIO) -> None:
        nonlocal first_frame
        batch = FrameBatch()
        # Encoding a row group leaves the interpreter lock alone, so the next one is read meanwhile: 6 s become 4.
        with (
            pq.ParquetWriter(file, frame_schema(), **parquet_options(frame_schema())) as writer,
            ThreadPoolExecutor(1) as encoder,
        ):
            encoding: Future[object] = encoder.submit(len, ())
            for session, record in enumerate(records):
                rows.append(row_of(record, session, first_frame))
                first_frame += len(record.frames)
                batch.add(session, record.key.cell, record.frames)
                if batch.rows >= _GROUP_ROWS:
                    group = batch.to_arrow()
                    encoding.result()
                    encoding = encoder.submit(writer.write_batch, group)
                    batch = FrameBatch()
            encoding.result()
            if batch.rows:
                writer.write_batch(batch.to_arrow())

    write_atomic(folder / FRAMES, frames_into)
    table = pa.Table.from_pylist(rows, session_schema())
    write_atomic(folder / SESSIONS, lambda file: pq.write_table(table, file, **parquet_options(session_schema())))
    return len(rows), first_frame


def read_records(folder: Path) -> Iterator[SessionRecord]:
    """Records in the order in which they were written.

    Raises:
        StoreError: a file is missing or damaged.
    """
    import pyarrow.compute as pc

    table = _whole(folder / SESSIONS, session_schema())
    if any((pc.max(pc.binary_length(table[name])).as_py() or 0) > MOST_TEXT for name in REFERENCES):
        raise reference_too_long(folder / SESSIONS)
    rows = table.to_pylist()
    logs = _logs(folder / FRAMES, [row["frame_count"] for row in rows])
    try:
        for row, log in zip(rows, logs, strict=True):
            yield record_of(row, log)
    except (ValueError, LookupError, TypeError, RecursionError, msgspec.DecodeError) as error:
        # Of the kind alone: the text of these errors may hold what was said.
        raise StoreError(
            "a session of the file cannot be read", item=str(folder / SESSIONS), got=type(error).__name__, action=_COPY
        ) from None


def read_outcomes(folder: Path) -> list[tuple[SessionKey, Outcome]]:
    """Which sessions a committed run holds and how they ended, in the order in which they were written."""
    columns = ["cell", "utterance", "repeat", "attempt", "outcome"]
    file = _opened(folder / SESSIONS, session_schema())
    table = _guarded(folder / SESSIONS, partial(file.read, columns))
    try:
        return [
            (SessionKey(*key), Outcome(outcome))
            for *key, outcome in zip(*table.select(columns).to_pydict().values(), strict=True)
        ]
    except ValueError:
        raise StoreError(
            "a session has an unknown outcome",
            item=str(folder / SESSIONS),
            expected=", ".join(outcome.value for outcome in Outcome),
            action=_COPY,
        ) from None


def count_rows(path: Path) -> int:
    """Rows of one of the files, from its footer."""
    return int(_opened(path).metadata.num_rows)


def _logs(path: Path, counts: list[int]) -> Iterator[FrameLog]:
    """Frames cut into sessions of ``counts`` rows; holds one row group and the session that crosses its edge."""
    import pyarrow as pa

    file = _opened(path, frame_schema())
    if any(count < 0 for count in counts):
        raise StoreError("a session has a negative number of frames", item=str(path), action=_COPY)
    missing = StoreError(
        "frames are missing",
        item=str(path),
        got=f"{file.metadata.num_rows} rows",
        expected=f"{sum(counts)}",
        action="Run `workbench runs verify`",
    )
    if sum(counts) > file.metadata.num_rows:
        raise missing
    columns = ["kind", *FRAME_INTEGERS, "text"]
    groups = iter(range(file.num_row_groups))
    table = file.schema_arrow.empty_table().select(columns)
    for count in counts:
        while table.num_rows < count:
            group = next(groups, None)
            if group is None:  # the groups hold less than the footer says
                raise missing
            table = pa.concat_tables([table, _guarded(path, partial(file.read_row_group, group, columns))])
        yield _log(table.slice(0, count))
        table = table.slice(count)


def _log(table: pa.Table) -> FrameLog:
    import numpy as np

    codes = {kind.value: code for code, kind in enumerate(FrameKind)}
    # The labels once, not once a row.
    kinds = np.concatenate(
        [np.zeros(0, np.int64)]
        + [
            np.array([codes[name] for name in chunk.dictionary.to_pylist()], np.int64)[chunk.indices.to_numpy()]
            for chunk in table["kind"].chunks
        ]
    )
    integers = {
        name: table[name].fill_null(UNSET).combine_chunks().to_numpy(zero_copy_only=False) for name in FRAME_INTEGERS
    }
    return FrameLog.of({"kind": kinds, **integers}, table["text"].drop_null().to_pylist())


def write_scores(folder: Path, rows: list[dict[str, Any]], normaliser: NormaliserFacts | None) -> None:
    """Replace the scores of a run; the file carries its normaliser and a hash of its rows.

    Raises:
        StoreError: a column mixes kinds of values, or the file cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    # A file needs a column; that of the cell is there in every row of a scored run.
    names = list(dict.fromkeys(name for row in rows for name in row)) or ["cell"]
    try:
        table = pa.table({name: pa.array([row.get(name) for row in rows]) for name in names})
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise StoreError(
            "scores cannot be stored as a table", item=str(folder), got=error, action="Please report it"
        ) from None
    facts = msgspec.json.encode(normaliser) if normaliser is not None else b""
    digest = _digest(table.column_names, table.to_pylist(), facts)
    table = table.replace_schema_metadata({_DIGEST: digest, _NORMALISER: facts})
    options = parquet_options(table.schema)
    write_atomic(folder / SCORES, lambda file: pq.write_table(table, file, **options))


def _digest(names: list[str], rows: list[dict[str, Any]], normaliser: bytes) -> bytes:
    return hashlib.sha256(msgspec.msgpack.encode([names, rows]) + normaliser).hexdigest().encode()


def read_scores(folder: Path) -> tuple[list[dict[str, Any]], NormaliserFacts | None]:
    """Rows of scores and the normaliser they were made with.

    Raises:
        StoreError: the file is missing, damaged or not what was written.
    """
    path = folder / SCORES
    table = _whole(path)
    notes = table.schema.metadata or {}
    normaliser, rows = notes.get(_NORMALISER, b""), table.to_pylist()
    if notes.get(_DIGEST) != _digest(table.column_names, rows, normaliser):
        raise StoreError(
            "the scores have changed since they were written", item=str(path), action="Run `workbench score` on the run"
        )
    try:
        return rows, msgspec.json.decode(normaliser, type=NormaliserFacts) if normaliser else None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise StoreError("the file is damaged", item=str(path), got=str(error), action=_COPY) from None


def read_columns(path: Path, names: Collection[str]) -> list[dict[str, Any]]:
    """Rows of a file in those of the columns ``names`` that it has.

    Raises:
        StoreError: the file is missing or damaged.
    """
    file = _opened(path)
    there = [name for name in file.schema_arrow.names if name in names]
    rows: list[dict[str, Any]] = _guarded(path, partial(file.read, there)).to_pylist()
    return rows


def _whole(path: Path, schema: pa.Schema | None = None) -> pa.Table:
    return _guarded(path, _opened(path, schema).read)


def _opened(path: Path, schema: pa.Schema | None = None) -> pq.ParquetFile:
    """An open file whose columns are those of ``schema``; any columns where that is None."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    labels = [field.name for field in schema or () if pa.types.is_dictionary(field.type)]
    _guarded(path, partial(check_sizes, path, labels))
    file = _guarded(path, lambda: pq.ParquetFile(path, page_checksum_verification=True))
    if schema is not None and not any(file.schema_arrow.equals(known) for known in (schema, before(schema))):
        odd = sorted(set(file.schema_arrow.names) ^ set(schema.names))
        raise StoreError(
            "the file has unexpected columns",
            item=str(path),
            got=", ".join(odd) or "other types",
            action="Make it again: workbench score",
        )
    return file


def _guarded(path: Path, read: Callable[[], _T]) -> _T:
    import pyarrow as pa

    try:
        return read()
    except (OSError, pa.ArrowException) as error:
        missing = isinstance(error, FileNotFoundError)
        raise StoreError(
            "the file is missing" if missing else "the file is damaged",
            item=str(path),
            got=None if missing else str(error),
            action=_COPY,
        ) from None
