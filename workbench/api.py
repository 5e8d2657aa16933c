"""The Python face: play, load and compare runs in one call each, with results that notebooks can show.

House rules: nothing is computed here that the command line does not compute; every function works in a plain script, in
a notebook (where an event loop is running already) and, under its name with ``_async``, in asynchronous code.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from workbench.comparisons import compare_runs
from workbench.corpus import Corpus, Problem, find_corpus
from workbench.corpus import check_corpus as _check_corpus
from workbench.corpus import load_corpus as _load_corpus
from workbench.corpus.aligning import AlignmentReport
from workbench.corpus.aligning import align_corpus as _align_corpus
from workbench.errors import WorkbenchError
from workbench.importers import ImportReport
from workbench.importers import import_corpus as _import_corpus
from workbench.metrics.normalize import normaliser as _normaliser
from workbench.pipeline import evaluate
from workbench.question import Question, select
from workbench.recording import SessionRecord
from workbench.results import Calibrated, Compared, Run
from workbench.scored import load_result
from workbench.settings import Settings, load_settings
from workbench.stopping import Stop
from workbench.store import open_run
from workbench.sweep import Cell, Sweep, cell_from, grid, load_sweep, unique

__all__ = [
    "align_corpus",
    "calibrate",
    "check_corpus",
    "compare",
    "compare_async",
    "import_corpus",
    "load",
    "load_async",
    "load_corpus",
    "run",
    "run_async",
    "sweep",
    "sweep_async",
]

P = ParamSpec("P")
T = TypeVar("T")

OnSession = Callable[[SessionRecord, int], object]


def run(
    corpus: str | Path | Corpus = "clinic",
    *,
    endpoint: str | None = None,
    limit: int | None = None,
    repeats: int = 1,
    seed: int = 0,
    concurrency: int = 4,
    normaliser: str = "basic",
    store: Path | str | None = None,
    settings: Settings | None = None,
    on_session: OnSession | None = None,
    **audio: Any,  # noqa: ANN401  settings of one configuration; checked and named by cell_from
) -> Run:
    """Play a corpus under one configuration, store what happened and score it.

    Args:
        corpus: built-in name, folder, manifest, or a loaded corpus.
        endpoint: ``simulator`` (started for the run), ``staging``, ``production`` or a base URL.
        limit: play only so many utterances, drawn by seed.
        repeats: play each session so often.
        seed: of noise, order and bootstrap.
        concurrency: sessions at a time.
        normaliser: of the scores.
        store: folder of the runs.
        settings: instead of environment, ``workbench.toml``, ``endpoint`` and ``store``.
        on_session: called with each finished record and how many have finished.
        audio: such as ``sample_rate_hz=8000`` or ``noise="pink", snr_db=20``; ``network`` and ``pace`` too.

    Raises:
        WorkbenchError: for a user's mistake, wrong credentials or no service; never for a session that failed.
    """
    asked = Sweep((cell_from(audio, item="run"),), "", concurrency, repeats, seed, limit, normaliser)
    return _play(corpus, asked, endpoint, store, settings, on_session)


def sweep(  # noqa: D417  what is as for run() is described there
    corpus: str | Path | Corpus | None = None,
    *,
    vary: Mapping[str, Sequence[object]] | None = None,
    base: Mapping[str, object] | None = None,
    cells: Sequence[Cell | Mapping[str, object]] | None = None,
    file: Path | str | None = None,
    endpoint: str | None = None,
    limit: int | None = None,
    repeats: int = 1,
    seed: int = 0,
    concurrency: int = 4,
    normaliser: str = "basic",
    store: Path | str | None = None,
    settings: Settings | None = None,
    on_session: OnSession | None = None,
) -> Run:
    """Play the same utterances under many configurations, interleaved.

    Args:
        corpus: as for :func:`run`; by default ``clinic``, or what the file says.
        vary: settings and their values; several make a grid.
        base: settings of every configuration.
        cells: configurations one by one, instead of ``vary``.
        file: a sweep file, instead of ``vary``, ``cells`` and the settings of the run.
        repeats: play each session so often; 2 give the noise floor.

    Every other argument is that of :func:`run`.

    Raises:
        WorkbenchError: as for :func:`run`.
    """
    if file is not None:
        asked = load_sweep(Path(file))
    else:
        shared = dict(base or {})
        made = grid(vary, shared, item="vary", from_text=False) if vary else []
        for number, cell in enumerate(cells or ()):
            made.append(cell if isinstance(cell, Cell) else cell_from({**shared, **cell}, item=f"cells[{number}]"))
        asked = Sweep(
            unique(made or [cell_from(shared, item="base")]), "clinic", concurrency, repeats, seed, limit, normaliser
        )
    return _play(asked.corpus if corpus is None else corpus, asked, endpoint, store, settings, on_session)


def load(which: str | Path = "last", *, store: Path | str | None = None) -> Run:
    """A stored run: by id, by folder, or the newest.

    Raises:
        StoreError: there is no such run, or it is damaged.
    """
    return Run(load_result(open_run(_store(store), which)))


def compare(
    base: Run | str | Path = "last", *candidates: Run | str | Path, store: Path | str | None = None
) -> Compared:
    """Compare runs with the first of them, or the configurations of one run with its first, paired on the utterance.

    Raises:
        InputError: there is nothing to compare.
    """
    root = _store(store)
    runs = [which if isinstance(which, Run) else load(which, store=root) for which in (base, *candidates)]
    return Compared(compare_runs([one.result for one in runs], root))


def load_corpus(name_or_path: str | Path) -> Corpus:
    """A built-in corpus by name, or one from a folder or manifest.

    Raises:
        CorpusError: naming the file, the line and what is wrong.
    """
    return _load_corpus(find_corpus(str(name_or_path)))


def import_corpus(format_name: str, source: Path | str, target: Path | str, *, copy: bool = False) -> ImportReport:
    """Make a corpus out of one in another format: see :func:`workbench.importers.import_corpus`.

    Returns:
        What was found; where rows are bad they are listed, and nothing was written.

    Raises:
        CorpusError: no such format, nothing to import, or the target is taken.
    """
    return _import_corpus(format_name, Path(source), Path(target), copy=copy)


def check_corpus(name_or_path: str | Path) -> list[Problem]:
    """Everything wrong with a corpus, each with its file and line; an empty list is a good one.

    Raises:
        CorpusError: there is no such corpus.
    """
    return _check_corpus(find_corpus(str(name_or_path)))


def align_corpus(name_or_path: str | Path, *, replace: bool = False) -> AlignmentReport:
    """Find word times by forced alignment and store them beside the manifest; known ones are kept unless ``replace``.

    Raises:
        CorpusError: there is no such corpus, or its folder cannot be written.
        AudioError: audio that cannot be read.
    """
    return _align_corpus(load_corpus(name_or_path), replace=replace)


def calibrate(sessions: int = 10, *, seed: int = 0, store: Path | str | None = None) -> Calibrated:
    """Measure the error of the measurement itself and keep it beside the runs; about 15 s.

    Raises:
        ServiceError: the simulator does not start.
        MeasurementError: no session came through.
    """
    from workbench.calibration import calibrate as measure
    from workbench.calibration import save_calibration
    from workbench.pacing import run as run_loop

    found = _alone(lambda: run_loop(measure(sessions, seed=seed)))
    save_calibration(_store(store), found)
    return Calibrated(found)


def _store(store: Path | str | None) -> Path:
    return load_settings(os.environ, store=None if store is None else Path(store)).store


def _play(
    corpus: str | Path | Corpus,
    asked: Sweep,
    endpoint: str | None,
    store: Path | str | None,
    settings: Settings | None,
    on_session: OnSession | None,
) -> Run:
    chosen = settings or load_settings(os.environ, endpoint=endpoint, store=None if store is None else Path(store))
    loaded = corpus if isinstance(corpus, Corpus) else load_corpus(corpus)
    question = Question(
        corpus=loaded,
        utterances=select(loaded, asked.limit, asked.seed),
        cells=asked.cells,
        repeats=asked.repeats,
        seed=asked.seed,
        concurrency=asked.concurrency,
        normaliser=_normaliser(asked.normaliser),
    )
    stop = _STOP.get()
    return Run(_alone(lambda: evaluate(question, chosen, on_session=on_session, stop=stop)))


def _alone(work: Callable[[], T]) -> T:
    """Run what needs an event loop of its own: in a thread where this one has a loop already, as in notebooks."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work()
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


_STOP: ContextVar[Stop | None] = ContextVar("stop", default=None)
"""Of the asynchronous call that this thread works for."""


def _twin(function: Callable[P, T]) -> Callable[P, Awaitable[T]]:
    """The same for asynchronous code: in a thread, so that the caller's loop goes on and cannot delay the pacer.

    Cancelling the await ends a run that is being played, now: what was recorded is stored, and ``workbench resume``
    plays the rest.
    """

    @functools.wraps(function)
    async def twin(*args: P.args, **kwargs: P.kwargs) -> T:
        stop = Stop()
        context = copy_context()
        context.run(_STOP.set, stop)
        working = asyncio.get_running_loop().create_task(asyncio.to_thread(function, *args, **kwargs), context=context)
        try:
            return await asyncio.shield(working)
        except asyncio.CancelledError:
            stop.request(now=True)
            await asyncio.wait([working])
            with contextlib.suppress(WorkbenchError):  # the caller has stopped waiting for it
                working.result()
            raise

    twin.__name__ = twin.__qualname__ = f"{function.__name__}_async"
    return twin


run_async = _twin(run)
sweep_async = _twin(sweep)
load_async = _twin(load)
compare_async = _twin(compare)
