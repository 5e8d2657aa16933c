"""Runs that take a second: utterances of half a second, and a simulator that says one sentence to everybody."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec
import numpy as np
import pytest
import soundfile

from workbench.corpus import Corpus, HeaderRow, ManifestRow, Utterance, load_corpus, write_manifest
from workbench.runs.resolve import resolve
from workbench.runs.resolved_run import ResolvedRun
from workbench.runs.spec_fields import make_spec
from workbench.runs.sweep import Cell, cell_from
from workbench.simulator.control_token import control_headers
from workbench.simulator.local import LocalSimulator

TEXT = "no chest pain"
SCRIPT = {
    "messages": [
        {"kind": "partial", "text": "no", "at_ms": 100, "delay_ms": 5},
        {"kind": "final", "text": TEXT, "at_ms": None, "delay_ms": 5},
    ],
    "end_delay_ms": 10,
}


def short_corpus(folder: Path, utterances: int, *, length_s: float = 0.5, name: str = "short") -> Path:
    """A corpus of equally long tones of two speakers; gives its folder."""
    folder.mkdir(parents=True)
    at = np.arange(round(16_000 * length_s)) / 16_000
    soundfile.write(folder / "tone.wav", (6_000 * np.sin(2 * np.pi * 440 * at)).astype(np.int16), 16_000)
    rows = [
        ManifestRow(id=f"{name}-{i:03d}", audio="tone.wav", reference=TEXT, speaker=("ann", "bob")[i % 2])
        for i in range(utterances)
    ]
    write_manifest(folder, rows, HeaderRow(name=name))
    return folder


def tell(url: str) -> None:
    """From now on the scripted simulator at ``url`` says its sentence to every session."""
    httpx.post(f"{url}/_sim/scripts/*", json=SCRIPT, headers=control_headers(url)).raise_for_status()


@contextmanager
def scripted(*arguments: str) -> Iterator[LocalSimulator]:
    """A scripted simulator that talks to everybody."""
    with LocalSimulator("--recogniser", "scripted", "--streams", "100", *arguments) as running:
        tell(running.url)
        yield running


def ask(corpus: Corpus | Path, *, cells: int = 2, **more: object) -> ResolvedRun:
    """A run of ``cells`` configurations that differ in noise, played as a burst."""
    loaded = corpus if isinstance(corpus, Corpus) else load_corpus(corpus)
    made = [cell_from({"pace": "inf", "snr_db": 10.0 + n, "name": f"cell {n}"}, item="test") for n in range(cells)]
    given = {"utterances": loaded.utterances, "cells": tuple(made), "seed": 3} | more
    return resolved(corpus=loaded, **given)  # type: ignore[arg-type]


def resolved(
    *, corpus: Corpus, utterances: tuple[Utterance, ...], cells: tuple[Cell, ...], **fields: object
) -> ResolvedRun:
    """A run of what is loaded already, its other settings by field."""
    if isinstance(fields.get("context"), msgspec.Struct):
        fields["context"] = msgspec.to_builtins(fields["context"])
    return resolve(make_spec(fields), corpus=corpus, utterances=utterances, cells=cells)


def environment(**more: str) -> dict[str, str]:
    """The environment of a child process, without settings of whoever runs the tests."""
    own = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("SUKI_", "WORKBENCH_")) or key == "WORKBENCH_MODEL"
    }
    return own | more


def command(*arguments: object, **more: object) -> subprocess.Popen[str]:
    """``workbench`` as a process, its output in pipes."""
    asked = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": environment()} | more
    return subprocess.Popen([sys.executable, "-m", "workbench", *map(str, arguments)], **asked)  # type: ignore[call-overload,no-any-return]


def call(*arguments: object, **more: object) -> tuple[int, str, str]:
    """``workbench`` to its end: status, stdout and stderr; never a traceback."""
    with command(*arguments, **more) as process:
        out, err = process.communicate(timeout=600)
    assert "Traceback" not in out + err, err
    return process.returncode, out, err


CLUSTER_ENDS = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
"""Marks of a file that has a cluster: its threads may see its sockets closed under them while it ends."""


@contextmanager
def two_workers() -> Iterator[object]:
    """A Dask cluster of two worker processes; one that is killed is replaced."""
    distributed = pytest.importorskip("distributed", reason="the extra cluster is not installed")
    dask = pytest.importorskip("dask")
    # Fifteen seconds after a worker is lost, a cluster dismisses for good whoever is not there *then*: its replacement,
    # where that was killed a moment before.
    with (
        dask.config.set({"distributed.deploy.lost-worker-timeout": "1 hour"}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
        ) as running,
    ):
        yield running
