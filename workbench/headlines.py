"""The few numbers by which a run is told from another in a list, for every run of a store at once.

House rules: a headline is a copy of what the scores say and never the truth. It is kept beside the index with the size
and time of the scores it was made from, so that a thousand runs are listed without opening one; without the file
everything is read again. No interval stands here: intervals take a bootstrap and belong to an opened run.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from workbench.errors import StoreError
from workbench.metrics.stats import percentile
from workbench.store import RunSummary, index_runs
from workbench.store.files import write_atomic
from workbench.store.remote import local_folder
from workbench.store.tables import SCORES

__all__ = ["HEADLINES", "CellHeadline", "RunLine", "list_lines"]

HEADLINES = ".headlines.json"

_VERSION = 1
_SPARKS = 24
_COLUMNS = (
    "cell", "utterance", "repeat", "attempt", "failed", "normaliser", "unscorable", "words_hits",
    "words_substitutions", "words_deletions", "words_insertions", "latency_word_latency_ns", "instrument_pacing_valid",
)  # fmt: skip


class CellHeadline(msgspec.Struct, kw_only=True, frozen=True):
    """One configuration of a run.

    Attributes:
        name: of the configuration.
        n, failed: sessions, and those that did not complete.
        left_out: completed sessions whose latencies do not count, because their pacing is not certified.
        errors, words: summed over the completed sessions.
        p50_ns, p95_ns: word latency; None where no session has any that counts.
    """

    name: str
    n: int = 0
    failed: int = 0
    left_out: int = 0
    errors: int = 0
    words: int = 0
    p50_ns: int | None = None
    p95_ns: int | None = None

    @property
    def wer(self) -> float | None:
        """Pooled word error rate; None without reference words."""
        return self.errors / self.words if self.words else None


class _Head(msgspec.Struct, kw_only=True, frozen=True):
    cells: tuple[CellHeadline, ...] = ()
    normaliser: str | None = None
    course: tuple[float, ...] = ()


class _Line(msgspec.Struct, kw_only=True, frozen=True):
    head: _Head
    size: int
    modified_ns: int


class _File(msgspec.Struct, kw_only=True):
    version: int = _VERSION
    runs: dict[str, _Line] = {}


class RunLine(msgspec.Struct, kw_only=True, frozen=True):
    """One run of a list.

    Attributes:
        summary: what the index says of it.
        cells: its configurations; empty where it has no scores yet or they cannot be read.
        normaliser: of the scores.
        course: word error rate in the order of playing, in at most 24 parts.
    """

    summary: RunSummary
    cells: tuple[CellHeadline, ...] = ()
    normaliser: str | None = None
    course: tuple[float, ...] = ()

    @property
    def best(self) -> CellHeadline | None:
        """The configuration with the fewest errors; None where no words were scored."""
        scored = [cell for cell in self.cells if cell.wer is not None]
        return min(scored, key=lambda cell: cell.wer or 0.0, default=None)

    @property
    def left_out(self) -> int:
        """Sessions whose latencies do not count."""
        return sum(cell.left_out for cell in self.cells)

    @property
    def simulated(self) -> bool:
        """Whether a simulator answered instead of the service."""
        return self.summary.recogniser is not None


def list_lines(root: Path | str) -> list[RunLine]:
    """Every run under ``root``, newest first, damaged ones too; brings the kept headlines up to date.

    Raises:
        StoreError: the folder cannot be read.
    """
    summaries = index_runs(root)
    folder = local_folder(root)
    known = _load(folder / HEADLINES)
    current: dict[str, _Line] = {}
    for summary in summaries:
        line = _line(folder / summary.run_id / SCORES, known.get(summary.run_id))
        if line is not None:
            current[summary.run_id] = line
    if current != known:
        # A store on a read-only disk is listed all the same, only not as fast.
        with contextlib.suppress(StoreError):
            write_atomic(folder / HEADLINES, lambda file: file.write(msgspec.json.encode(_File(runs=current))))
    heads = {run_id: line.head for run_id, line in current.items()}
    return [_joined(summary, heads.get(summary.run_id, _Head())) for summary in reversed(summaries)]


def _joined(summary: RunSummary, head: _Head) -> RunLine:
    return RunLine(summary=summary, cells=head.cells, normaliser=head.normaliser, course=head.course)


def _load(path: Path) -> dict[str, _Line]:
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=_File)
    except (OSError, msgspec.DecodeError, UnicodeError):
        return {}
    return kept.runs if kept.version == _VERSION else {}


def _line(path: Path, known: _Line | None) -> _Line | None:
    """The headline of one run; None where it has no scores."""
    try:
        stamp = path.stat()
    except OSError:
        return None
    if known is not None and (known.size, known.modified_ns) == (stamp.st_size, stamp.st_mtime_ns):
        return known
    return _Line(head=_head(path), size=stamp.st_size, modified_ns=stamp.st_mtime_ns)


def _head(path: Path) -> _Head:
    """Read the columns that matter; a file that cannot be read gives nothing, and opening the run says why."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        there = set(pq.read_schema(path).names)
        rows = pq.read_table(path, columns=[name for name in _COLUMNS if name in there]).to_pylist()
    except (OSError, pa.ArrowException):
        return _Head()
    latest = _latest(rows)
    cells: dict[str, list[dict[str, Any]]] = {}
    for row in latest:
        cells.setdefault(row["cell"], []).append(row)
    return _Head(
        cells=tuple(_cell(name, members) for name, members in cells.items()),
        normaliser=latest[0].get("normaliser") if latest else None,
        course=_course(latest),
    )


def _latest(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each session its last attempt, in the order in which the sessions ended."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        place = (row.get("cell"), row.get("utterance"), row.get("repeat"))
        if place not in found or (row.get("attempt") or 0) >= (found[place].get("attempt") or 0):
            found[place] = row
    return list(found.values())


def _errors(row: dict[str, Any]) -> tuple[int, int]:
    hits, wrong, lost, added = (
        int(row.get(f"words_{kind}") or 0) for kind in ("hits", "substitutions", "deletions", "insertions")
    )
    return wrong + lost + added, hits + wrong + lost


def _cell(name: str, rows: Sequence[dict[str, Any]]) -> CellHeadline:
    done = [row for row in rows if not row.get("failed")]
    timed = [row for row in done if row.get("instrument_pacing_valid") is True]
    latencies = [v for row in timed for v in row.get("latency_word_latency_ns") or () if v is not None]
    counts = [_errors(row) for row in done]
    return CellHeadline(
        name=name,
        n=len(rows),
        failed=len(rows) - len(done),
        left_out=len(done) - len(timed),
        errors=sum(errors for errors, _ in counts),
        words=sum(words for _, words in counts),
        p50_ns=percentile(latencies, 50),
        p95_ns=percentile(latencies, 95),
    )


def _course(rows: Sequence[dict[str, Any]]) -> tuple[float, ...]:
    """Pooled error rate of neighbouring sessions; parts without words are left out."""
    counts = [_errors(row) for row in rows if not row.get("failed")]
    size = max(1, -(-len(counts) // _SPARKS))
    parts = [counts[start : start + size] for start in range(0, len(counts), size)]
    sums = [(sum(errors for errors, _ in part), sum(words for _, words in part)) for part in parts]
    return tuple(round(errors / words, 4) for errors, words in sums if words)
