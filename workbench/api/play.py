"""Play runs from Python: one configuration, many, the rest of an interrupted one; and measure the instrument."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

from workbench.api.keywords import as_given, signed, spec_of
from workbench.api.loops import STOP, alone, twin
from workbench.api.stored import run_store
from workbench.corpus import Corpus
from workbench.corpus.draft import drafts_sentence
from workbench.errors import InputError
from workbench.recording.record import SessionRecord
from workbench.reporting.judged import Calibrated
from workbench.reporting.notebook import Run
from workbench.runs.evaluate import evaluate
from workbench.runs.keywords import RunKeywords, SweepKeywords
from workbench.runs.resolve import resolve, service_settings
from workbench.runs.result import load_result
from workbench.runs.resume import resume as play_rest
from workbench.runs.resume import settings_for, unplayed
from workbench.runs.spec_fields import make_spec
from workbench.settings import Settings
from workbench.store import open_run

__all__ = ["calibrate", "resume", "resume_async", "run", "run_async", "sweep", "sweep_async"]

OnSession = Callable[[SessionRecord, int], object]


def run(
    corpus: str | Path | Corpus = "clinic",
    *,
    store: Path | str | None = None,
    settings: Settings | None = None,
    on_session: OnSession | None = None,
    **options: Unpack[RunKeywords],
) -> Run:
    """Play a corpus under one configuration, store what happened and score it.

    Args:
        corpus: built-in name, folder, manifest, or a loaded corpus.
        store: folder of the runs.
        settings: used instead of environment and ``workbench.toml``; keywords override them.
        on_session: called with each finished record and the number of finished sessions.
        options: settings of the run and of its audio.

    Warns:
        UserWarning: recordings are left out because their references are unconfirmed drafts.

    Raises:
        WorkbenchError: a mistake in the call, wrong credentials or no service; never for a session that failed.

    >>> played = wb.run("my-corpus", limit=2, noise="pink", snr_db=20)
    >>> len(played.scores), played.complete
    (2, True)
    >>> played = wb.run("my-corpus", limit=1, audio=wb.AudioConfig(sample_rate_hz=8000))
    >>> played.cells[0].cell
    'sample_rate_hz=8000'

    Settings of the run:

    """
    return _play(corpus, options, store, settings, on_session)


def sweep(
    corpus: str | Path | Corpus | None = None,
    *,
    store: Path | str | None = None,
    settings: Settings | None = None,
    on_session: OnSession | None = None,
    **options: Unpack[SweepKeywords],
) -> Run:
    """Play the same utterances under many configurations, interleaved.

    Args:
        corpus: as for :func:`run`; by default ``clinic``, or the corpus of the file.
        store: folder of the runs.
        settings: used instead of environment and ``workbench.toml``; keywords override them.
        on_session: called with each finished record and the number of finished sessions.
        options: as for :func:`run`; also ``vary``, ``cells`` and ``file``, a sweep file; keywords override it.

    Raises:
        WorkbenchError: as for :func:`run`.

    >>> played = wb.sweep("my-corpus", vary={"snr_db": [30, 10]}, limit=1)
    >>> [cell.cell for cell in played.cells]
    ['snr_db=30', 'snr_db=10']

    Settings of the run:

    """
    return _play(corpus, options, store, settings, on_session)


def _play(
    corpus: str | Path | Corpus | None,
    options: Mapping[str, Any],
    store: Path | str | None,
    settings: Settings | None,
    on_session: OnSession | None,
) -> Run:
    try:
        spec = spec_of(options)
        if isinstance(corpus, str | Path):
            spec = make_spec({"corpus": corpus}, over=spec)
        place = service_settings(spec, os.environ, store=None if store is None else Path(store), settings=settings)
        resolved = resolve(spec, corpus=corpus if isinstance(corpus, Corpus) else None)
    except InputError as error:
        raise as_given(error, options) from None
    if resolved.drafts:
        warnings.warn(drafts_sentence(resolved.drafts), stacklevel=3)
    stop = STOP.get()
    return Run(alone(lambda: evaluate(resolved, place, on_session=on_session, stop=stop)))


def resume(
    which: Run | str | Path = "last",
    *,
    retry_failed: bool = False,
    endpoint: str | Sequence[str] | None = None,
    ca_file: str | Path | None = None,
    store: Path | str | None = None,
    on_session: OnSession | None = None,
) -> Run:
    """Play the missing sessions of an interrupted run, with its seed and in its order.

    Stored sessions are kept. Sessions that were cut off are played again from their beginning, as a further attempt.

    Args:
        which: the run: loaded, by id, by folder, or the newest.
        retry_failed: also play failed sessions again.
        endpoint: service that the run was played on; needed unless the run started the simulator itself.
        ca_file: additional CA certificate (PEM).
        store: folder of the runs.
        on_session: called with each finished record and the number of finished sessions.

    Raises:
        StoreError: there is no such run, or it is being written.
        InputError: the run cannot be resumed, or ``endpoint`` is missing.
        WorkbenchError: as for :func:`run`.

    >>> played = wb.run("my-corpus", limit=1)
    >>> wb.resume(played.id).id == played.id  # complete: nothing to play
    True
    """
    root = run_store(store)
    stored = open_run(root, which.path if isinstance(which, Run) else which)
    rest = unplayed(stored, retry_failed=retry_failed)
    if stored.committed and not rest.missing:
        return Run(load_result(stored))
    authority = None if ca_file is None else Path(ca_file)
    endpoints = (endpoint,) if isinstance(endpoint, str) else tuple(endpoint or ())
    settings = settings_for(
        stored, os.environ, store=None if store is None else Path(store), endpoints=endpoints, ca_file=authority
    )
    stop = STOP.get()
    return Run(alone(lambda: play_rest(rest, settings, on_session=on_session, stop=stop)))


def calibrate(sessions: int = 10, *, seed: int = 0, store: Path | str | None = None) -> Calibrated:
    """Measure this machine's timing error and store it with the runs; takes about 15 s.

    Args:
        sessions: number of concurrent sessions.
        seed: random seed of the injected delays.
        store: folder of the runs.

    Raises:
        ServiceError: the simulator does not start.
        MeasurementError: no session completed.

    >>> wb.calibrate(sessions=1).counts_exact
    True
    """
    from workbench.instrument.calibration import save_calibration
    from workbench.instrument.calibration.calibrate import calibrate as measure
    from workbench.playing.pacer import run as run_loop

    calibration = alone(lambda: run_loop(measure(sessions, seed=seed)))
    save_calibration(run_store(store), calibration)
    return Calibrated(calibration)


signed(run, "vary", "cells")
signed(sweep)
run_async = twin(run, '>>> asyncio.run(wb.run_async("my-corpus", limit=1)).complete\nTrue')
sweep_async = twin(
    sweep,
    '>>> played = asyncio.run(wb.sweep_async("my-corpus", vary={"snr_db": [30, 10]}, limit=1))\n'
    ">>> len(played.cells)\n2",
)
resume_async = twin(
    resume,
    '>>> played = wb.run("my-corpus", limit=1)\n>>> asyncio.run(wb.resume_async(played.id)).complete\nTrue',
)
