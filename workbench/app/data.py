"""Cached loaders: what pages draw, keyed by strings and bounded in number.

A cached function takes strings only — the run, a hash of what is stored of it, and the view — never a
frame or a record: Streamlit hashes large frames by a sample and may return another run's numbers. What is returned is
shared by all sessions and never changed. A test checks every cached function of the app.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import streamlit as st

from workbench.app.corpora import corpus_named
from workbench.app.inspector_data import Inspected, inspected
from workbench.app.recordings_data import Filter, Recording, ranked, selected, shown
from workbench.comparing.plan import plan_json
from workbench.comparing.runs import RunComparison, compare_runs
from workbench.errors import WorkbenchError
from workbench.recording.record import SessionKey
from workbench.reporting.changed import ChangedText, changed_texts
from workbench.reporting.session import find_session
from workbench.reporting.setting_axis import only_shared
from workbench.runs.listing import RunListing, run_listings
from workbench.runs.resolve import resolve
from workbench.runs.result import RunResult, begun, load_result, references
from workbench.runs.spec_fields import make_spec
from workbench.scoring.breakdown import Group, breakdown
from workbench.scoring.cells import latest_attempts
from workbench.scoring.confusions import Alike, Confusion, alike, confusions, ladder
from workbench.scoring.curves import Curves
from workbench.scoring.curves import curves as run_curves
from workbench.scoring.measured import Measured, measure
from workbench.scoring.measures import METRICS
from workbench.scoring.metrics.accuracy import ErrorCounts
from workbench.scoring.metrics.normalize import NORMALISERS, normaliser
from workbench.settings import Settings, load_settings
from workbench.store import StoredRun, open_run
from workbench.store.labels import LABELS, RunLabel, run_labels

__all__ = [
    "Chosen",
    "changed",
    "chosen",
    "comparison",
    "curves",
    "inspect_session",
    "labels",
    "lines",
    "lines_key",
    "opened",
    "parts",
    "plan",
    "plan_key",
    "rated",
    "rates",
    "recordings",
    "recordings_view",
    "resolution_ms",
    "result",
    "rungs",
    "said",
    "same",
    "settings",
    "shared",
    "starts",
    "store_root",
    "store_size",
    "streaming",
    "swaps",
]


def settings() -> Settings:
    """Of this process: environment and ``workbench.toml``."""
    return load_settings(os.environ)


def store_root() -> Path:
    """Folder of the runs."""
    return settings().store


def lines() -> Sequence[RunListing]:
    """Every run, newest first: what comes and goes is seen at once, what changes inside of a run within two seconds.

    Its rates count what is marked as wrong, too: a page that shows them takes :func:`rated`.

    Raises:
        StoreError: the folder cannot be read.
    """
    return _lines(str(store_root().resolve()), _store_stamp())


def rated() -> Sequence[RunListing]:
    """As :func:`lines`, with the numbers that the page of a run shows: without what is marked as wrong.

    Raises:
        StoreError: the folder or the file of labels cannot be read.
    """
    return _rated(str(store_root().resolve()), _store_stamp())


def _store_stamp() -> str:
    try:
        return str(store_root().stat().st_mtime_ns)
    except OSError:
        return ""


@st.cache_resource(max_entries=2, ttl=2.0, show_spinner=False)
def _lines(root: str, content: str, view: str = "lines") -> Sequence[RunListing]:
    return run_listings(Path(root), whole=True)


@st.cache_resource(max_entries=2, ttl=2.0, show_spinner="Excluding recordings whose reference is marked as wrong …")
def _rated(root: str, content: str, view: str = "rated") -> Sequence[RunListing]:
    return run_listings(Path(root))


def labels() -> dict[str, RunLabel]:
    """Names, notes and tags of runs by id.

    Raises:
        StoreError: the file of labels is damaged.
    """
    path = store_root() / LABELS
    stamp = str(path.stat().st_mtime_ns) if path.exists() else ""
    return _labels(str(path.parent.resolve()), stamp)


@st.cache_resource(max_entries=2, show_spinner=False)
def _labels(root: str, content: str, view: str = "labels") -> dict[str, RunLabel]:
    return run_labels(root)


def lines_key(listings: Sequence[RunListing]) -> str:
    """A hash of what a list of runs says, as the key of what is drawn from it."""
    digest = hashlib.sha256(str(store_root().resolve()).encode())
    for line in listings:
        digest.update(f"{line.summary.run_id} {line.summary.status} {line.summary.counts} {line.normaliser}".encode())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Chosen:
    """A run that a page shows.

    Attributes:
        run_id: its id.
        content: hash of what is stored of it; another one where anything was written since.
    """

    run_id: str
    content: str


def chosen(run_id: str) -> Chosen:
    """A run and the hash of its files' names, sizes and times."""
    folder = store_root() / run_id
    digest = hashlib.sha256(str(folder.resolve()).encode())
    with contextlib.suppress(OSError):  # what is marked as wrong is in no result
        digest.update(str((store_root() / LABELS).stat().st_mtime_ns).encode())
    try:
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda e: e.name):
                stamp = entry.stat()
                digest.update(f"{entry.name} {stamp.st_size} {stamp.st_mtime_ns}".encode())
    except OSError as error:
        digest.update(str(error.errno).encode())
    digest.update(str(_ended(run_id)).encode())
    return Chosen(run_id, digest.hexdigest())


_STEPS = 20
"""A run that is played is scored again whenever it has grown by a twentieth: often at first, and never without end."""


def _ended(run_id: str) -> int:
    """How many sessions of a run that is played have ended, in steps; its journal grows within files that stay."""
    try:
        run = opened(run_id)
        count = 0 if run.committed else len(run.keys())
    except WorkbenchError:  # said where the run is read
        return 0
    return count - count % max(1, count // _STEPS)


def opened(run_id: str) -> StoredRun:
    """The run on disk."""
    return open_run(store_root(), run_id)


@st.cache_resource(max_entries=12, show_spinner="Reading the run …")
def result(run_id: str, content: str, view: str = "scores") -> RunResult:
    """A run with its scores and intervals.

    Raises:
        WorkbenchError: it is damaged, or there is no such run.
    """
    return load_result(opened(run_id))


@st.cache_resource(max_entries=12, show_spinner="Reading the run …")
def shared(run_id: str, content: str, view: str = "shared") -> tuple[RunResult, int]:
    """A run with those recordings alone that every configuration has, and how many these are."""
    return only_shared(result(run_id, content))


@st.cache_resource(max_entries=12, show_spinner="Comparing, with intervals …")
def comparison(runs: str, contents: str, view: str = "pairs") -> RunComparison:
    """Runs against the first of them, or the configurations of one run.

    Args:
        runs: run ids, joined by spaces, baseline first.
        contents: their hashes, likewise.
        view: always ``pairs``.
    """
    loaded = [result(run, content) for run, content in zip(runs.split(), contents.split(), strict=True)]
    return compare_runs(loaded, store_root())


@st.cache_resource(max_entries=32, show_spinner="Reading the recordings …")
def changed(runs: str, contents: str, view: str) -> list[ChangedText]:
    """The recordings that changed most in one pair of a comparison.

    Args:
        runs: as for :func:`comparison`.
        contents: likewise.
        view: number of the pair.
    """
    loaded = [result(run, content) for run, content in zip(runs.split(), contents.split(), strict=True)]
    return changed_texts(comparison(runs, contents).pairs[int(view)], loaded)


@st.cache_resource(max_entries=32, show_spinner=False)
def parts(run_id: str, content: str, view: str) -> list[Group]:
    """Groups of a run with intervals.

    Args:
        run_id: run.
        content: its hash.
        view: grouping and metric, as JSON: the key of a tag may hold any character.
    """
    grouping, metric = json.loads(view)
    scored = result(run_id, content)
    cells = [cell.cell for cell in scored.cells]
    return breakdown(scored.scores, grouping, metric, scored.run.manifest.seed, cells)


@st.cache_resource(max_entries=32, show_spinner=False)
def rates(run_id: str, content: str, view: str) -> dict[tuple[str, str], Measured]:
    """Metrics of every configuration with their intervals, in the unit of tables, by (configuration, key).

    Args:
        run_id: run.
        content: its hash.
        view: keys of the metrics, joined by spaces.
    """
    whole = result(run_id, content)
    rows = [METRICS[key] for key in view.split()]
    by_cell = {cell.cell: [s for s in latest_attempts(whole.scores) if s.cell == cell.cell] for cell in whole.cells}
    seed = whole.run.manifest.seed
    return {(name, row.key): measure(of, row, seed).shown(row) for name, of in by_cell.items() for row in rows}


@st.cache_resource(max_entries=16, show_spinner="Aligning words …")
def swaps(run_id: str, content: str, view: str) -> list[Confusion]:
    """Confused words; ``view`` is ``normaliser configuration``, the configuration may be empty for all."""
    name, _, cell = view.partition(" ")
    return confusions(result(run_id, content).iter_records(), normaliser(name), cell or None)


@st.cache_resource(max_entries=16, show_spinner="Scoring with every normaliser …")
def rungs(run_id: str, content: str, view: str = "ladder") -> dict[tuple[str, str], ErrorCounts]:
    """Word errors of every configuration under every normaliser, the least forgiving first."""
    whole = result(run_id, content)
    return ladder(whole.iter_records(), NORMALISERS.values(), [cell.cell for cell in whole.cells])


@st.cache_resource(max_entries=16, show_spinner="Comparing spellings …")
def same(run_id: str, content: str, view: str = "same") -> list[Alike]:
    """What is written otherwise and counted as the same, by the strictest normaliser that does."""
    return alike(result(run_id, content).iter_records(), list(NORMALISERS.values()))


@st.cache_resource(max_entries=12, show_spinner=False)
def streaming(run_id: str, content: str, view: str = "streaming") -> list[str]:
    """What streaming costs in each configuration, in a sentence; none for a run without an offline baseline."""
    # Reading results needs no recogniser; this does.
    from workbench.comparing.streaming import known_streaming_costs

    return [str(cost) for cost in known_streaming_costs(result(run_id, content))]


@st.cache_resource(max_entries=12, show_spinner="Reading what stood on the screen …")
def curves(run_id: str, content: str, view: str = "curves") -> Curves:
    """Accuracy of a run against the time that a reader waits and against that of the session."""
    whole = result(run_id, content)
    return run_curves(whole.iter_records(), whole.scores, whole.run.manifest.seed)


@st.cache_resource(max_entries=16, show_spinner="Reading the recordings …")
def recordings(run_id: str, content: str, view: str) -> list[Recording]:
    """Recordings of a configuration with their differences.

    Args:
        run_id: run.
        content: its hash.
        view: order, how many and the filter, as :func:`recordings_view` writes them.
    """
    order, count, by = msgspec.json.decode(view, type=tuple[str, int, Filter])
    whole = result(run_id, content)
    scores = selected(whole.scores, by, said(run_id, content) if by.words else {})
    return shown(whole, ranked(scores, order)[:count])


def recordings_view(order: str, count: int, by: Filter) -> str:
    """The view of :func:`recordings`, as JSON: a tag may hold any character."""
    return msgspec.json.encode((order, count, by)).decode()


@st.cache_resource(max_entries=12, show_spinner=False)
def said(run_id: str, content: str, view: str = "said") -> dict[str, str]:
    """Reference of every recording of a run."""
    return references(opened(run_id))


@st.cache_resource(max_entries=16, show_spinner="Reading the recording …")
def inspect_session(run_id: str, content: str, view: str) -> Inspected:
    """A session with its sound and its word times.

    Args:
        run_id: run.
        content: its hash.
        view: recording, configuration, repeat and a stamp of the data set, as JSON.

    Raises:
        WorkbenchError: there is no such session, or the run is damaged.
    """
    utterance, cell, repeat, _ = json.loads(view)
    whole = result(run_id, content)
    return inspected(find_session(whole.run, whole.scores, utterance, cell, repeat))


@st.cache_resource(max_entries=16, show_spinner=False)
def starts(run_id: str, content: str, view: str = "starts") -> dict[SessionKey, int]:
    """When each session began, monotonic ns; empty where that is not stored."""
    return begun(opened(run_id))


@st.cache_data(max_entries=4, show_spinner="Measuring the store …")
def store_size(root: str, content: str, view: str = "size") -> tuple[int, int]:
    """Bytes and files below the folder of the runs."""
    sizes = [path.stat().st_size for path in Path(root).rglob("*") if path.is_file()]
    return sum(sizes), len(sizes)


def plan_key(name: str) -> str:
    """A hash of what a plan rests on beside its specification: the data set and the stored runs.

    Raises:
        WorkbenchError: there is no such data set.
    """
    corpus = corpus_named(name)
    return hashlib.sha256(f"{corpus.sha256} {lines_key(lines())}".encode()).hexdigest()


@st.cache_data(max_entries=32, show_spinner="Estimating …")
def plan(spec: str, content: str, view: str = "plan") -> dict[str, Any]:
    """What a specification would play and could find, as ``workbench sweep --dry-run`` says it.

    Args:
        spec: sweep file, TOML.
        content: :func:`plan_key` of its data set.
        view: always ``plan``.

    Raises:
        WorkbenchError: a value that is not allowed, or no such recording.
    """
    return plan_json(resolve(make_spec(msgspec.toml.decode(spec))), store_root(), None, settings().price_per_minute)


def resolution_ms() -> float | None:
    """What measured times may be printed to on this machine; None if it was not calibrated."""
    from workbench.instrument.calibration import load_calibration

    try:
        calibration = load_calibration(store_root())
    except WorkbenchError:
        return None
    return calibration.applied_ms if calibration is not None else None
