"""Cached loaders: what pages draw, keyed by strings and bounded in number.

House rules: a cached function takes strings only — the run, a hash of what is stored of it, and the view — never a
frame or a record: Streamlit hashes large frames by a sample and may return another run's numbers. What is returned is
shared by all sessions and never changed. A test checks every cached function of the app.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import streamlit as st

from workbench.app.lab import Heard, hear
from workbench.app.live.asking import Clip
from workbench.comparisons import RunComparison, compare_runs
from workbench.confusions import Confusion, confusions, ladder
from workbench.corpus import Corpus, builtin_corpora, find_corpus, load_corpus
from workbench.errors import WorkbenchError
from workbench.headlines import RunLine, list_lines
from workbench.metrics.accuracy import ErrorCounts
from workbench.metrics.normalize import NORMALISERS, normaliser
from workbench.recording import SessionKey
from workbench.scored import RunResult, load_result
from workbench.settings import Settings, load_settings
from workbench.slices import SLICINGS, Slice, slices
from workbench.sound_plots import spectrogram_figure, waveform_figure
from workbench.stages import begun
from workbench.store import StoredRun, open_run

__all__ = [
    "Chosen",
    "chosen",
    "comparison",
    "corpora",
    "corpus",
    "lines",
    "lines_key",
    "opened",
    "parts",
    "resolution_ms",
    "result",
    "rungs",
    "settings",
    "sides",
    "starts",
    "store_root",
    "store_size",
    "swaps",
]


def settings() -> Settings:
    """Of this process: environment and ``workbench.toml``."""
    return load_settings(os.environ)


def store_root() -> Path:
    """Folder of the runs."""
    return settings().store


def lines() -> Sequence[RunLine]:
    """Every run, newest first: what comes and goes is seen at once, what changes inside of a run within two seconds.

    Raises:
        StoreError: the folder cannot be read.
    """
    root = store_root()
    try:
        stamp = str(root.stat().st_mtime_ns)
    except OSError:
        stamp = ""
    return _lines(str(root.resolve()), stamp)


@st.cache_resource(max_entries=2, ttl=2.0, show_spinner=False)
def _lines(root: str, content: str, view: str = "lines") -> Sequence[RunLine]:
    return list_lines(Path(root))


def lines_key(found: Sequence[RunLine]) -> str:
    """A hash of what a list of runs says, as the key of what is drawn from it."""
    digest = hashlib.sha256(str(store_root().resolve()).encode())
    for line in found:
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
    try:
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda e: e.name):
                stamp = entry.stat()
                digest.update(f"{entry.name} {stamp.st_size} {stamp.st_mtime_ns}".encode())
    except OSError as error:
        digest.update(str(error.errno).encode())
    return Chosen(run_id, digest.hexdigest())


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


@st.cache_resource(max_entries=32, show_spinner=False)
def parts(run_id: str, content: str, view: str) -> list[Slice]:
    """Parts of a run with intervals; ``view`` is ``slicing metric``, for instance ``tag wer``."""
    cut, metric = view.split()
    slicing = next(known for known in SLICINGS if known == cut)
    found = result(run_id, content)
    return slices(found.scores, slicing, metric, found.run.manifest.seed)


@st.cache_resource(max_entries=16, show_spinner="Aligning words …")
def swaps(run_id: str, content: str, view: str) -> list[Confusion]:
    """Confused words; ``view`` is ``normaliser configuration``, the configuration may be empty for all."""
    name, _, cell = view.partition(" ")
    return confusions(opened(run_id).iter_records(), normaliser(name), cell or None)


@st.cache_resource(max_entries=16, show_spinner="Scoring with every normaliser …")
def rungs(run_id: str, content: str, view: str = "ladder") -> dict[tuple[str, str], ErrorCounts]:
    """Word errors of every configuration under every normaliser, the least forgiving first."""
    return ladder(opened(run_id).iter_records(), NORMALISERS.values())


@st.cache_resource(max_entries=16, show_spinner=False)
def starts(run_id: str, content: str, view: str = "starts") -> dict[SessionKey, int]:
    """When each session began, monotonic ns; empty where that is not stored."""
    return begun(opened(run_id))


@st.cache_resource(max_entries=8, show_spinner="Reading the corpus …")
def corpus(location: str, content: str, view: str = "corpus") -> Corpus:
    """A corpus by built-in name, folder or manifest.

    Raises:
        WorkbenchError: it cannot be read.
    """
    return load_corpus(find_corpus(location))


@st.cache_data(max_entries=4, show_spinner="Measuring the store …")
def store_size(root: str, content: str, view: str = "size") -> tuple[int, int]:
    """Bytes and files below the folder of the runs."""
    sizes = [path.stat().st_size for path in Path(root).rglob("*") if path.is_file()]
    return sum(sizes), len(sizes)


@st.cache_resource(max_entries=8, show_spinner="Preparing the sound …")
def sides(clip: str, content: str, view: str = "sides") -> list[tuple[Heard, Any, Any]]:
    """Every lane of a clip as a service would hear it, with the figures of its waveform and its spectrogram.

    Args:
        clip: a :class:`workbench.app.live.Clip` as JSON.
        content: hash of the sound where the clip is a file; the name of its corpus otherwise.
        view: always ``sides``.

    Raises:
        WorkbenchError: a setting that is not allowed, or audio that cannot be used.
    """
    found = hear(msgspec.json.decode(clip, type=Clip))
    seconds = max(side.seconds for side in found)
    return [
        (
            side,
            waveform_figure(side.pcm, side.rate_hz, seconds),
            spectrogram_figure(side.pcm, side.rate_hz, seconds),
        )
        for side in found
    ]


def corpora() -> list[str]:
    """Names of the built-in corpora; others are named by their path."""
    return list(builtin_corpora())


def resolution_ms() -> float | None:
    """What measured times may be printed to on this machine; None where it was not calibrated."""
    from workbench.calibration import load_calibration

    try:
        found = load_calibration(store_root())
    except WorkbenchError:
        return None
    return found.resolution_ms if found is not None else None
