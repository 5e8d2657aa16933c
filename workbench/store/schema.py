"""Records as table rows, and back without loss.

One row a session in ``sessions.parquet``, one row a wire event in ``frames.parquet``, in the order of recording, the
rows of a session one after the other. Integers stay integers, unknown is null. Integer columns are delta-encoded:
neighbouring stamps differ by little, which halves the file.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.protocol.messages import Dialect, Product
from workbench.recording.frame import UNSET, FrameKind
from workbench.recording.frame_log import FrameLog
from workbench.recording.record import Connect, Outcome, SessionKey, SessionRecord
from workbench.reference import Fact, Reference, Term, Word

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "FRAME_INTEGERS",
    "FrameBatch",
    "before",
    "frame_schema",
    "parquet_options",
    "record_of",
    "row_of",
    "session_schema",
    "storable",
]

FRAME_INTEGERS = tuple(name for name in FrameLog.COLUMNS if name != "kind")
"""Integer columns of a frame, in order; ``kind`` is stored by name."""

_AUDIO = list(FrameKind).index(FrameKind.AUDIO)
"""The one kind of frame without text: its bytes are in the plan."""

_KIND_NAMES = [kind.value for kind in FrameKind]
_CONNECT = ("dns_ns", "tcp_ns", "tls_ns", "upgrade_ns", "total_ns")
_PLAIN = (
    "plan_hash", "sample_rate_hz", "samples", "chunk_samples", "speaker", "error", "remote_id", "start_ns",
    "mono_start_ns", "wall_start_ns", "mono_end_ns", "wall_end_ns", "create_ns", "end_ns", "final_transcript",
)  # fmt: skip
_TEXT_COLUMNS = frozenset({"plan_hash", "speaker", "error", "remote_id", "final_transcript"})


@cache
def session_schema() -> pa.Schema:
    """Columns of ``sessions.parquet``."""
    import pyarrow as pa

    words = pa.list_(
        pa.struct(
            [("text", pa.string()), ("start_sample", pa.int64()), ("end_sample", pa.int64()), ("speaker", pa.string())]
        )
    )
    terms = pa.list_(pa.struct([("text", pa.string()), ("kind", pa.string())]))
    facts = pa.list_(
        pa.struct([("kind", pa.string()), ("name", pa.string()), ("value", pa.string()), ("required", pa.bool_())])
    )
    return pa.schema(
        [
            pa.field("session", pa.int64(), nullable=False),
            pa.field("cell", pa.string(), nullable=False),
            pa.field("utterance", pa.string(), nullable=False),
            pa.field("repeat", pa.int64(), nullable=False),
            pa.field("attempt", pa.int64(), nullable=False),
            pa.field("product", pa.string(), nullable=False),
            pa.field("dialect", pa.string(), nullable=False),
            pa.field("outcome", pa.string(), nullable=False),
            *(pa.field(name, pa.string() if name in _TEXT_COLUMNS else pa.int64()) for name in _PLAIN),
            *(pa.field(f"connect_{name}", pa.int64()) for name in _CONNECT),
            pa.field("reference_written", pa.string(), nullable=False),
            pa.field("reference_spoken", pa.string(), nullable=False),
            pa.field("reference_words", words, nullable=False),
            pa.field("reference_terms", terms, nullable=False),
            pa.field("reference_words_origin", pa.string()),
            pa.field("reference_facts", facts),
            pa.field("tags", pa.list_(pa.string()), nullable=False),
            pa.field("violations", pa.list_(pa.string()), nullable=False),
            pa.field("facts", pa.string(), nullable=False),
            pa.field("first_frame", pa.int64(), nullable=False),
            pa.field("frame_count", pa.int64(), nullable=False),
        ]
    )


@cache
def frame_schema() -> pa.Schema:
    """Columns of ``frames.parquet``; ``session`` points into ``sessions.parquet``."""
    import pyarrow as pa

    label = pa.dictionary(pa.int32(), pa.string())
    return pa.schema(
        [
            pa.field("session", pa.int64(), nullable=False),
            pa.field("cell", label, nullable=False),
            pa.field("kind", label, nullable=False),
            *(pa.field(name, pa.int64()) for name in FRAME_INTEGERS),
            pa.field("text", pa.string()),
        ]
    )


_LATER = frozenset({"reference_facts"})
"""Columns that runs of before lack: they had nothing to write there."""


def before(schema: pa.Schema) -> pa.Schema:
    """The same table as it was written when some of its columns did not exist yet."""
    import pyarrow as pa

    return pa.schema([field for field in schema if field.name not in _LATER])


def parquet_options(schema: pa.Schema) -> dict[str, Any]:
    """How a table is written: zstd, integers delta-encoded, labels as dictionaries, a checksum on every page."""
    import pyarrow as pa

    integers = [field.name for field in schema if pa.types.is_integer(field.type)]
    labels = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    return {
        "compression": "zstd",
        "use_dictionary": labels,
        "column_encoding": dict.fromkeys(integers, "DELTA_BINARY_PACKED"),
        "write_page_checksum": True,
    }


def storable(text: str) -> str:
    """Text that UTF-8 can hold: a lone surrogate, which no valid frame contains, becomes U+FFFD."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace") if _has_surrogate(text) else text


def _has_surrogate(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def row_of(record: SessionRecord, session: int, first_frame: int) -> dict[str, Any]:
    """A record without its frames as a row of ``sessions.parquet``."""
    key, reference = record.key, record.reference
    row: dict[str, Any] = {
        "session": session,
        "cell": key.cell,
        "utterance": key.utterance,
        "repeat": key.repeat,
        "attempt": key.attempt,
        "product": record.product.value,
        "dialect": record.dialect.value,
        "outcome": record.outcome.value,
        "reference_written": reference.written,
        "reference_spoken": reference.spoken,
        "reference_words": [
            {"text": w.text, "start_sample": w.start_sample, "end_sample": w.end_sample, "speaker": w.speaker}
            for w in reference.words
        ],
        "reference_terms": [{"text": term.text, "kind": term.kind} for term in reference.terms],
        "reference_words_origin": reference.words_origin,
        "reference_facts": [asdict(fact) for fact in reference.facts] or None,
        "tags": list(record.tags),
        "violations": list(record.violations),
        "facts": json.dumps(record.facts, ensure_ascii=False),
        "first_frame": first_frame,
        "frame_count": len(record.frames),
    }
    row |= {name: getattr(record, name) for name in _PLAIN}
    row |= {f"connect_{name}": getattr(record.connect, name) for name in _CONNECT}
    return row


def record_of(row: dict[str, Any], frames: FrameLog) -> SessionRecord:
    """The record that :func:`row_of` was given."""
    return SessionRecord(
        key=SessionKey(row["cell"], row["utterance"], row["repeat"], row["attempt"]),
        product=Product(row["product"]),
        dialect=Dialect(row["dialect"]),
        outcome=Outcome(row["outcome"]),
        reference=Reference(
            written=row["reference_written"],
            spoken=row["reference_spoken"],
            words=tuple(Word(**word) for word in row["reference_words"]),
            terms=tuple(Term(**term) for term in row["reference_terms"]),
            words_origin=row["reference_words_origin"],
            facts=tuple(
                Fact(**fact) for fact in row.get("reference_facts") or ()
            ),  # runs of before have no such column
        ),
        tags=tuple(row["tags"]),
        violations=tuple(row["violations"]),
        facts=json.loads(row["facts"]),
        connect=Connect(**{name: row[f"connect_{name}"] for name in _CONNECT}),
        frames=frames,
        **{name: row[name] for name in _PLAIN},
    )


class FrameBatch:
    """Frames of several sessions on their way into one row group.

    Attributes:
        rows: how many there are.
    """

    def __init__(self) -> None:
        self.rows = 0
        self._columns = {name: bytearray() for name in FrameLog.COLUMNS}
        self._text: list[str] = []
        self._spans: list[tuple[int, str, int]] = []

    def add(self, session: int, cell: str, log: FrameLog) -> None:
        """Append the frames of one session; its bytes are copied."""
        columns = log.columns()
        for name, target in self._columns.items():
            target += columns[name].tobytes()
        self._text.extend(log.texts())
        self._spans.append((session, cell, len(log)))
        self.rows += len(log)

    def to_arrow(self) -> pa.RecordBatch:
        """The batch as :func:`frame_schema` says; ``UNSET`` becomes null."""
        import pyarrow as pa

        lengths = [length for _, _, length in self._spans]
        cells = sorted({cell for _, cell, _ in self._spans})
        cell_codes = np.array([cells.index(cell) for _, cell, _ in self._spans], np.int32)
        columns = {
            "session": np.repeat(np.array([session for session, _, _ in self._spans], np.int64), lengths),
            "cell": pa.DictionaryArray.from_arrays(np.repeat(cell_codes, lengths), pa.array(cells, pa.string())),
            "kind": pa.DictionaryArray.from_arrays(
                np.frombuffer(self._columns["kind"], np.int64).astype(np.int32), pa.array(_KIND_NAMES)
            ),
            "text": self._text_column(),
        }
        for name in FRAME_INTEGERS:
            values = np.frombuffer(self._columns[name], np.int64)
            columns[name] = pa.array(values, pa.int64(), mask=values == UNSET)
        return pa.record_batch([columns[name] for name in frame_schema().names], schema=frame_schema())

    def _text_column(self) -> pa.StringArray:
        """Texts at the rows that have one; built from these alone, because a None a row costs 1.2 s of 9 million."""
        import pyarrow as pa

        present = np.frombuffer(self._columns["kind"], np.int64) != _AUDIO
        compact = pa.array(self._text, pa.string())
        ends = np.frombuffer(compact.buffers()[1] or b"\0\0\0\0", np.int32, len(compact) + 1)
        offsets = np.zeros(self.rows + 1, np.int32)
        offsets[1:] = ends[np.cumsum(present)]
        valid = np.packbits(present, bitorder="little")
        buffers = [pa.py_buffer(valid), pa.py_buffer(offsets), compact.buffers()[2]]
        return pa.StringArray.from_buffers(self.rows, buffers[1], buffers[2], buffers[0])
