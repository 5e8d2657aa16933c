"""The few numbers by which a run is told from another in a list, for every run of a store at once.

They are kept beside the index, see :mod:`workbench.store.stamped`. No interval stands here: intervals take a bootstrap
and belong to an opened run. Numbers without the sessions whose reference is marked as wrong are kept in a file of their
own: a mark that is taken away costs nothing.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from workbench.errors import StoreError
from workbench.recording.record import SessionKey, newest
from workbench.scoring.metrics.stats import percentile
from workbench.store import RunSummary, index_runs
from workbench.store.labels import marked_references, reference_mark
from workbench.store.parquet import SCORES, SESSIONS, read_columns
from workbench.store.remote import local_folder
from workbench.store.stamped import stamped

__all__ = ["HEADLINES", "CellHeadline", "RunListing", "run_listings"]

HEADLINES = ".headlines.json"
_MARKED = ".headlines-marked.json"

_VERSION = 2
_SPARKS = 24
_COLUMNS = (
    "cell", "utterance", "repeat", "attempt", "failed", "normaliser", "unscorable", "words_hits",
    "words_substitutions", "words_deletions", "words_insertions", "latency_word_latency_ns", "instrument_pacing_valid",
)  # fmt: skip


class CellHeadline(msgspec.Struct, kw_only=True, frozen=True):
    """One configuration of a run.

    Attributes:
        name: name of the configuration.
        n, failed: sessions, and those that did not complete.
        left_out: completed sessions whose latencies do not count, because their pacing is not certified.
        errors, words: summed over the completed sessions.
        p50_ns, p95_ns: word latency; None if no session has any that counts.
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
    excluded: int = 0


class RunListing(msgspec.Struct, kw_only=True, frozen=True, dict=True):
    """One run of a list.

    Attributes:
        summary: what the index says of it.
        cells: its configurations; empty where it has no scores yet or they cannot be read.
        normaliser: name of the normaliser of the scores.
        course: word error rate in the order of playing, in at most 24 parts.
        excluded: sessions that no number counts, because their reference is marked as wrong.
    """

    summary: RunSummary
    cells: tuple[CellHeadline, ...] = ()
    normaliser: str | None = None
    course: tuple[float, ...] = ()
    excluded: int = 0

    @cached_property
    def best(self) -> CellHeadline | None:
        """The configuration with the fewest errors; None if no words were scored."""
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


def run_listings(root: Path | str, *, whole: bool = False) -> list[RunListing]:
    """Every run under ``root``, newest first, damaged ones too; brings the kept headlines up to date.

    Args:
        root: folder of the runs.
        whole: count sessions whose reference is marked as wrong, too: for a list that shows no rates. Without them,
            every run of a data set that has marks is read once more whenever its marks change.

    Raises:
        StoreError: the folder or the file of marks cannot be read.
    """
    summaries = index_runs(root)
    folder = local_folder(root)
    stamps = [(s.run_id, stamp) for s in summaries if (stamp := _stamp(f"{folder}/{s.run_id}/{SCORES}")) is not None]
    heads = stamped(folder / HEADLINES, _VERSION, _Head, stamps, lambda run_id: _head(folder / run_id / SCORES))
    if not whole:
        heads |= _without_marked(folder, summaries, stamps)
    return [_joined(summary, heads.get(summary.run_id, _Head())) for summary in reversed(summaries)]


def _without_marked(
    folder: Path, summaries: Sequence[RunSummary], stamps: Sequence[tuple[str, os.stat_result]]
) -> dict[str, _Head]:
    """Headlines of the runs of every data set that has references which are marked as wrong."""
    marked = marked_references(folder)
    marks = {s.run_id: marked[s.corpus] for s in summaries if s.corpus in marked}
    if not marks:
        return {}
    hashes = {corpus: hashlib.sha256(str(sorted(of.items())).encode()).hexdigest() for corpus, of in marked.items()}
    also = {s.run_id: hashes[s.corpus] for s in summaries if s.corpus in marked}
    files = [(run_id, stamp) for run_id, stamp in stamps if run_id in marks]
    return stamped(
        folder / _MARKED, _VERSION, _Head, files, lambda run_id: _head(folder / run_id / SCORES, marks[run_id]), also
    )


def _joined(summary: RunSummary, head: _Head) -> RunListing:
    return RunListing(
        summary=summary, cells=head.cells, normaliser=head.normaliser, course=head.course, excluded=head.excluded
    )


def _stamp(path: str) -> os.stat_result | None:
    """Size and time of the scores of a run; None if it has none."""
    try:
        return os.stat(path)  # noqa: PTH116  a thousand paths made of parts take longer than what is asked of them
    except OSError:
        return None


def _head(path: Path, marks: Mapping[str, str] | None = None) -> _Head:
    """Read the columns that matter; a file that cannot be read gives nothing, and opening the run says why.

    Args:
        path: of the scores.
        marks: references that are marked as wrong, by utterance.
    """
    try:
        rows = read_columns(path, _COLUMNS)
        wrong = _wrong(path.with_name(SESSIONS), {row.get("utterance") for row in rows} & set(marks or ()), marks or {})
    except StoreError:
        return _Head()
    try:
        return _head_of(rows, wrong)
    except (KeyError, TypeError, ValueError, AttributeError):  # columns of another kind than were written
        return _Head()


def _wrong(path: Path, played: Collection[str | None], marks: Mapping[str, str]) -> set[str]:
    """Those of the marked utterances whose reference is still the marked one."""
    if not played:
        return set()
    rows = read_columns(path, ("utterance", "reference_written"))
    return {
        row["utterance"]
        for row in rows
        if row["utterance"] in played and marks[row["utterance"]] == reference_mark(row["reference_written"] or "")
    }


def _head_of(rows: list[dict[str, Any]], wrong: Collection[str]) -> _Head:
    of = {_key(row): row for row in rows}
    every = [of[key] for key in newest(of).values()]
    latest = [row for row in every if row.get("utterance") not in wrong]
    cells: dict[str, list[dict[str, Any]]] = {}
    for row in latest:
        cells.setdefault(row["cell"], []).append(row)
    return _Head(
        cells=tuple(_cell(name, members) for name, members in cells.items()),
        normaliser=latest[0].get("normaliser") if latest else None,
        course=_course(latest),
        excluded=len(every) - len(latest),
    )


def _key(row: dict[str, Any]) -> SessionKey:
    return SessionKey(row["cell"], row.get("utterance") or "", row.get("repeat") or 0, row.get("attempt") or 0)


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
